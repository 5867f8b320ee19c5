"""A text with what is wrong in it shown in place, and the words that go with it. Plain text in, HTML out."""

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from domain.rules.wording import Found
from locales import Texts


def marked(text: str, spans: Iterable[tuple[int, int]]) -> Markup:
    """The text with these places underlined and bold; places may touch or overlap."""
    out = Markup("")
    last = 0
    for start, end in _joined(spans):
        out += escape(text[last:start]) + Markup("<u><b>{}</b></u>").format(text[start:end])
        last = end
    return out + escape(text[last:])


def word_lines(source: str, found: Sequence[Found], t: Texts) -> list[str]:
    """What restricted words a template has, and where; nothing where it has none."""
    if not found:
        return []
    lines = [f"<blockquote>{marked(source, ((one.start, one.end) for one in found))}</blockquote>"]
    for refuse, key in ((True, "wording.found_refused"), (False, "wording.found_warned")):
        words = dict.fromkeys(one.restriction.word for one in found if one.restriction.refuse is refuse)
        if words:
            lines.append(t(key, count=len(words), words=", ".join(words)))
    return lines


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
