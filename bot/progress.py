"""How far something is, in lines: the bar and the percent, the rate and the time left."""

from typing import Final

from domain.usecases.import_progress import Progress
from locales import Texts

_BAR: Final = 12  # characters


def bar(fraction: float) -> str:
    """Twelve characters, filled from the left: all of them only when all is done. HTML."""
    filled = max(0, min(_BAR, int(fraction * _BAR)))
    return f"<code>{'█' * filled}{'░' * (_BAR - filled)}</code>"


def bar_line(fraction: float, t: Texts) -> str:
    """The bar with its percent, which is 100 only when all is done. HTML."""
    return f"{bar(fraction)} {t.percent(int(fraction * 1000) / 1000)}"


def rate_lines(progress: Progress | None, *, left: int, t: Texts) -> list[str]:
    """How fast it goes and how long it will take; nothing while that cannot be told. ``left``: what is not done."""
    if progress is None or not progress.rate:
        return []
    seconds = round(left / progress.rate)
    time_left = t.label("imports.seconds", count=seconds)
    if seconds >= 90:
        time_left = t.label("imports.minutes", count=seconds // 60)
    return [t("imports.running.rate", rate=t.number(round(progress.rate)), left=time_left)]
