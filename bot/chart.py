"""
The picture of a campaign's results: a ring with its legend, as SVG and from it as PNG. It knows shares, words and
colours, and nothing of campaigns. The font is our own, so that the picture is the same on every machine.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import resvg_py

from bot import views

WIDTH: Final = 1200  # pixels
_HEIGHT: Final = 850
_CX, _CY = 284, 492  # the ring's centre
_RADIUS: Final = 186  # of the middle of the ring
_RING: Final = 76  # its thickness
_GAP: Final = 0.016  # radians left open between two arcs
_LEAST: Final = 0.03  # radians: what is not nothing can be seen
_LEGEND_X: Final = 556
_LEGEND_WIDTH: Final = 588
_ROW: Final = 78
_INK, _FAINT, _PALE = "#0f2a37", "#6b7f8a", "#b4c1c9"
_FONT: Final = Path(__file__).parent / "views" / "fonts" / "Lato-Semibold.ttf"


class Colour(StrEnum):
    """What a slice means, in the brand's colours."""

    GOOD = "#12a07a"
    UNDER_WAY = "#1c8aa8"
    LATE = "#ffc25c"
    BAD = "#e8703a"
    DOUBT = "#8d6bc9"
    REFUSED = "#c23b46"
    SKIPPED = "#93a5b1"
    WAITING = "#d5dfe5"


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the whole. ``count`` and ``share`` are written already; ``value`` is what the arc is drawn from."""

    label: str
    value: int
    colour: Colour
    count: str
    share: str


@dataclass(frozen=True, slots=True)
class _Arc:
    colour: str
    path: str
    whole: bool


@dataclass(frozen=True, slots=True)
class _Row:
    y: int
    colour: str
    label: str
    count: str
    share: str
    ink: str
    faint: str


def donut_svg(slices: Sequence[Slice], *, title: str, subtitle: str, centre: str, centre_label: str) -> str:
    """
    The ring as SVG. Slices of nothing stay in the legend, pale; with nothing at all the ring is empty.

    Args:
        slices: In the order of the legend, clockwise from the top.
        title: Above, beside the mark.
        subtitle: Below the title.
        centre: The one figure that matters.
        centre_label: What it counts.
    """
    top = _CY - (len(slices) - 1) * _ROW // 2
    rows = [
        _Row(
            y=top + i * _ROW,
            colour=part.colour,
            label=part.label,
            count=part.count,
            share=part.share,
            ink=_INK if part.value else _PALE,
            faint=_FAINT if part.value else _PALE,
        )
        for i, part in enumerate(slices)
    ]
    return views.render(
        "chart.svg",
        width=WIDTH,
        height=_HEIGHT,
        cx=_CX,
        cy=_CY,
        radius=_RADIUS,
        ring=_RING,
        legend_x=_LEGEND_X,
        legend_width=_LEGEND_WIDTH,
        title=title,
        subtitle=subtitle,
        centre=centre,
        centre_label=centre_label,
        arcs=_arcs(slices),
        rows=rows,
    )


def to_png(svg: str) -> bytes:
    """The picture of an SVG of ours, 1,200 pixels wide. Takes some 50 ms: run it in a thread."""
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg, width=WIDTH, font_files=[str(_FONT)], font_family="Lato", skip_system_fonts=True
        )
    )


def _arcs(slices: Sequence[Slice]) -> list[_Arc]:
    shown = [part for part in slices if part.value > 0]
    if len(shown) == 1:
        return [_Arc(shown[0].colour, "", whole=True)]
    arcs = []
    start = -math.pi / 2
    for part, sweep in zip(shown, _sweeps([part.value for part in shown]), strict=True):
        end = start + sweep
        arcs.append(_Arc(part.colour, _path(start + _GAP / 2, end - _GAP / 2), whole=False))
        start = end
    return arcs


def _sweeps(values: Sequence[int]) -> list[float]:
    """The angle of each value, in radians: those too thin to be seen are widened, the others give way."""
    total = sum(values)
    turn = 2 * math.pi
    thin = [value / total * turn < _LEAST + _GAP for value in values]
    left = turn - sum(thin) * (_LEAST + _GAP)
    thick_total = sum(value for value, is_thin in zip(values, thin, strict=True) if not is_thin)
    return [
        _LEAST + _GAP if is_thin else value / thick_total * left for value, is_thin in zip(values, thin, strict=True)
    ]


def _path(start: float, end: float) -> str:
    large = 1 if end - start > math.pi else 0
    x1, y1 = _CX + _RADIUS * math.cos(start), _CY + _RADIUS * math.sin(start)
    x2, y2 = _CX + _RADIUS * math.cos(end), _CY + _RADIUS * math.sin(end)
    return f"M{x1:.2f} {y1:.2f}A{_RADIUS} {_RADIUS} 0 {large} 1 {x2:.2f} {y2:.2f}"
