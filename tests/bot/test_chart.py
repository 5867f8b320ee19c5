"""The picture: PNG bytes of the promised width, arcs that add up, and nothing of the person's that could break it."""

import math
import re
import struct

import pytest

from bot.chart import WIDTH, Colour, Slice, donut_svg, to_png


def svg(*values: int, label: str = "Entregado") -> str:
    """A chart of these values."""
    slices = [Slice(label, value, colour, str(value), "1%") for value, colour in zip(values, Colour, strict=False)]
    return donut_svg(slices, title="Resumen", subtitle="3", centre="100%", centre_label="entregado")


@pytest.mark.parametrize(
    "values",
    [
        pytest.param((0, 0, 0), id="nothing"),
        pytest.param((5, 0, 0), id="one kind"),
        pytest.param((1_000_000, 1, 1, 1, 1, 1, 1, 1), id="thin ones"),
        pytest.param((1, 1), id="halves"),
    ],
)
def test_any_results_become_a_png_of_1200_pixels(values: tuple[int, ...]) -> None:
    """The signature, and the width in the header. Source: PNG §5.2, §11.2.2."""
    png = to_png(svg(*values))
    width, height = struct.unpack(">II", png[16:24])

    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert width == WIDTH
    assert width + height < 10_000
    assert len(png) < 200_000


def test_what_is_not_nothing_can_be_seen_and_no_arc_runs_over_another() -> None:
    """One in a million still has an arc; together they make one turn."""
    drawn = svg(1_000_000, 1, 0, 3)
    arcs = re.findall(r'd="M([\d.]+) ([\d.]+)A[\d. ]+ (\d) 1 ([\d.]+) ([\d.]+)"', drawn)
    cx, cy = (
        float(one) for one in re.findall(r'<text x="(\d+)" y="(\d+)" font-size="30" text-anchor="middle"', drawn)[0]
    )
    cy -= 62
    angles = []
    for x1, y1, _, x2, y2 in arcs:
        start = math.atan2(float(y1) - cy, float(x1) - cx)
        end = math.atan2(float(y2) - cy, float(x2) - cx)
        angles.append((end - start) % (2 * math.pi))

    assert len(arcs) == 3
    assert min(angles) > 0.02
    assert sum(angles) < 2 * math.pi


def test_labels_are_escaped() -> None:
    """A translation with an ampersand is no broken picture."""
    drawn = svg(1, label="<b>&")

    assert "&lt;b&gt;&amp;" in drawn
    assert to_png(drawn)


def test_a_slice_of_nothing_stays_in_the_legend() -> None:
    """The legend reads the same for every campaign."""
    assert svg(1, 0, 0).count("<rect x=") == 3
