"""The outbox: news is written once by whoever finds it, bot or sender, and delivered by the bot."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from tortoise.expressions import F

from domain.models import LiveView, Notice, NoticeKind, NoticeState

_TRIES_ACROSS_CRASHES: Final = 2  # sent again once where the program died between request and answer


async def post(
    key: str,
    *,
    chat_id: int,
    person_id: int,
    kind: NoticeKind,
    subject_id: int,
    detail: Mapping[str, object] | None = None,
    next_at: datetime | None = None,
) -> None:
    """
    Write news for a chat; a second call with the same key changes nothing.

    Args:
        key: At most 96 characters: what happened to what, as in ``summary:42``.
        person_id: In whose language and with whose rights it is shown.
        subject_id: The campaign or import that it is about.
        detail: JSON for its screen.
        next_at: Not before this moment, aware UTC; None: now.
    """
    now = datetime.now(UTC)
    notice = Notice(
        key=key,
        chat_id=chat_id,
        person_id=person_id,
        kind=kind,
        subject_id=subject_id,
        detail=dict(detail or {}),
        next_at=next_at or now,
        created_at=now,
    )
    await Notice.bulk_create([notice], ignore_conflicts=True)


async def due(now: datetime, *, limit: int) -> Sequence[Notice]:
    """What should be delivered now, the oldest first."""
    return await Notice.filter(state=NoticeState.PENDING, next_at__lte=now).order_by("id").limit(limit)


async def claim(notice_id: int) -> bool:
    """Take a notice for delivery, committed before the request leaves. False: somebody else has it."""
    changed = await Notice.filter(id=notice_id, state=NoticeState.PENDING).update(
        state=NoticeState.SENDING, tries=F("tries") + 1
    )
    return changed == 1


async def delivered(notice_id: int, message_id: int) -> None:
    """It is in the chat."""
    await _leave_sending(notice_id, NoticeState.SENT, message_id=message_id)


async def in_doubt(notice_id: int) -> None:
    """The answer never came: it may be in the chat, and is not sent again."""
    await _leave_sending(notice_id, NoticeState.UNKNOWN)


async def undeliverable(notice_id: int) -> None:
    """Refused for good."""
    await _leave_sending(notice_id, NoticeState.DEAD)


async def postpone(notice_id: int, next_at: datetime) -> None:
    """It was refused for now, and is certainly not in the chat."""
    await _leave_sending(notice_id, NoticeState.PENDING, next_at=next_at)


async def move_chat(old: int, new: int) -> None:
    """A group became a supergroup: it has another id now."""
    await Notice.filter(chat_id=old).update(chat_id=new)
    await LiveView.filter(chat_id=old).delete()  # its messages have other ids there


async def recover() -> Sequence[int]:
    """
    At start, or after the database had failed: what was left between request and answer is sent once more, then never
    again. Only while nothing is on its way.

    Returns:
        Ids of what will be sent again.
    """
    stuck = await Notice.filter(state=NoticeState.SENDING).order_by("id")
    again = [notice.id for notice in stuck if notice.tries < _TRIES_ACROSS_CRASHES]
    if again:
        await Notice.filter(id__in=again, state=NoticeState.SENDING).update(state=NoticeState.PENDING)
    await Notice.filter(state=NoticeState.SENDING).update(state=NoticeState.UNKNOWN)
    return again


async def _leave_sending(notice_id: int, state: NoticeState, **columns: object) -> None:
    await Notice.filter(id=notice_id, state=NoticeState.SENDING).update(state=state, **columns)
