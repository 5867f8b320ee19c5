"""The open question of each person in each chat, and the messages that the bot keeps up to date."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from domain.models import Conversation, LiveView, LiveViewKind

_STRANGER: Final = "stranger"


@dataclass(frozen=True, slots=True)
class Talk:
    """
    Where a conversation stands.

    Attributes:
        question: The packed action that the next message answers; None: nothing is asked.
        live_message_id: The message whose keyboard is alive; None: there is none.
    """

    question: str | None = None
    live_message_id: int | None = None


async def open_states() -> Mapping[tuple[int, int], str]:
    """By chat and person: the code of each open question."""
    rows = await Conversation.filter(question__not_isnull=True).values_list("chat_id", "user_id", "state")
    return {(chat_id, user_id): state for chat_id, user_id, state in rows if state}


async def talk_of(chat_id: int, person_id: int) -> Talk:
    """Where the person's conversation in this chat stands."""
    row = await Conversation.get_or_none(chat_id=chat_id, user_id=person_id)
    return Talk(row.question, row.live_message_id) if row else Talk()


async def ask(chat_id: int, person_id: int, *, state: str | None, question: str | None) -> None:
    """Note the open question before it is shown, so that what a person sees survives a crash."""
    await _put(chat_id, person_id, {"state": state, "question": question})


async def set_live_message(chat_id: int, person_id: int, message_id: int | None) -> None:
    """Note which message's keyboard is alive."""
    await _put(chat_id, person_id, {"live_message_id": message_id})


async def drop_conversations(person_id: int) -> None:
    """Forget every open question of a person, and what follows campaigns for them."""
    await Conversation.filter(user_id=person_id).delete()
    await LiveView.filter(person_id=person_id).delete()


async def greet_stranger(chat_id: int, person_id: int) -> bool:
    """True the first time only: afterwards a stranger gets no answer."""
    row, created = await Conversation.get_or_create(chat_id=chat_id, user_id=person_id, defaults={"state": _STRANGER})
    if created:
        return True
    changed = await Conversation.filter(id=row.id).exclude(state=_STRANGER).update(state=_STRANGER, question=None)
    # SQL: null <> 'stranger' is unknown, so a row without a state is not in the update above.
    return bool(changed) or bool(await Conversation.filter(id=row.id, state=None).update(state=_STRANGER))


async def welcome(person_id: int) -> None:
    """The person is let in: they are a stranger nowhere now."""
    await Conversation.filter(user_id=person_id, state=_STRANGER).delete()


async def follow(
    chat_id: int, message_id: int, *, person_id: int, kind: str, subject_id: int, digest: str
) -> list[int]:
    """
    Keep a message up to date; in its chat it takes over from an older one that shows the same.

    Returns:
        The messages that it took over from.
    """
    view = LiveViewKind(kind)
    older = LiveView.filter(chat_id=chat_id, kind=view, subject_id=subject_id).exclude(message_id=message_id)
    replaced = [one.message_id for one in await older]
    await older.delete()
    row = LiveView(
        chat_id=chat_id, message_id=message_id, person_id=person_id, kind=view, subject_id=subject_id, digest=digest
    )
    await LiveView.bulk_create(
        [row], on_conflict=["chat_id", "message_id"], update_fields=["person_id", "kind", "subject_id", "digest"]
    )
    return replaced


async def unfollow(chat_id: int, message_id: int) -> None:
    """The message shows something else now, or is gone."""
    await LiveView.filter(chat_id=chat_id, message_id=message_id).delete()


async def is_followed(chat_id: int, message_id: int) -> bool:
    """Whether the message is kept up to date."""
    return await LiveView.filter(chat_id=chat_id, message_id=message_id).exists()


async def live_views() -> Sequence[LiveView]:
    """Every message that is kept up to date."""
    return await LiveView.all().order_by("id")


async def set_digest(view_id: int, digest: str) -> None:
    """Note what the message shows now."""
    await LiveView.filter(id=view_id).update(digest=digest)


async def _put(chat_id: int, person_id: int, columns: Mapping[str, object]) -> None:
    row = Conversation(chat_id=chat_id, user_id=person_id, updated_at=datetime.now(UTC), **columns)
    await Conversation.bulk_create([row], on_conflict=["chat_id", "user_id"], update_fields=[*columns, "updated_at"])
