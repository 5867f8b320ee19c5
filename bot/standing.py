"""Where a campaign stands, in words: why it does not move, and how long it still takes."""

from datetime import datetime, timedelta

from markupsafe import Markup

from bot.chat import Chat
from domain.rules.holiday import holiday_name
from domain.rules.standstill import Cause, Standstill
from locales import Texts


def why_not(found: Standstill | None, chat: Chat) -> str | None:
    """*¿Por qué no avanza?*: the one cause, since when, and what unlocks it; None: it goes on, or it has ended."""
    if found is None:
        return None
    t, about = chat.t, found.about
    since = _moment(found.since, chat)
    until = _moment(found.until, chat)
    values: dict[str, object] = {"since": since, "until": until, "count": _count(about.get("messages"))}
    key = f"standing.{found.cause.value}"
    match found.cause:
        case Cause.STOPPED_BY:
            values["who"] = about.get("who") or t.label("campaigns.somebody")
        case Cause.STOPPED_ITSELF:
            reason = str(about.get("reason"))
            values["reason"] = t.markup(reason) if reason in t else reason
        case Cause.MANY_REFUSED:
            values |= {"failed": _count(about.get("failed")), "of": _count(about.get("of")), "word": _word(found, t)}
        case Cause.LINK_DOWN:
            key = "standing.link_refused" if about.get("final") else key
            values["word"] = about.get("word")
            reason = f"link.reason.{about.get('reason') or 'connecting'}"
            values["reason"] = t.markup(reason if reason in t else "link.reason.internal")
        case Cause.NO_SENDER if found.since is None:
            key = "standing.no_sender_ever"
        case Cause.HOLIDAY:
            values["name"] = holiday_words(chat.now, chat)
        case Cause.PRIORITY:
            values["name"] = about.get("name")
        case Cause.PACE:
            values["pace"] = t.number(float(str(about.get("pace"))))
        case Cause.CLOCK:
            values["off"] = _off(_count(about.get("seconds")), t)
        case _ if found.until is None and f"{key}_open" in t:
            key = f"{key}_open"
    return t(key, **values)


def holiday_words(moment: datetime, chat: Chat) -> str:
    """What is celebrated then; what began the day before is not held after midnight either."""
    today = moment.astimezone(chat.account.zone).date()
    days = (today, today - timedelta(days=1))
    names = (holiday_name(day, chat.account.region, language=chat.t.language) for day in days)
    return next(filter(None, names), "—")


def duration(seconds: float, t: Texts) -> str:
    """Roughly, in the largest unit that says enough."""
    if seconds < 90:
        return t.label("campaigns.seconds", count=max(1, round(seconds)))
    if seconds < 90 * 60:
        return t.label("campaigns.minutes", count=round(seconds / 60))
    return t.label("campaigns.hours", count=round(seconds / 3600))


def _word(found: Standstill, t: Texts) -> Markup:
    """The operator's own: the status by name, and what it means where we know."""
    name = str(found.about.get("name") or "")
    key = f"smpp.{name.lower()}"
    return t.markup("standing.status", name=name, meaning=t.markup(key if key in t else "smpp.other"))


def _off(seconds: int, t: Texts) -> str:
    return t.label("standing.clock_ahead" if seconds > 0 else "standing.clock_behind", left=duration(abs(seconds), t))


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0


def _moment(moment: datetime | None, chat: Chat) -> str:
    return "—" if moment is None else chat.t.moment(moment, chat.account.zone)
