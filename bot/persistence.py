"""
How python-telegram-bot's conversation states reach the database. Only states: the question itself is written by the
router before it is shown, in the same row (``domain.usecases.conversations``); wizards keep their contents in drafts.
"""

from typing import Any

from telegram.ext import BasePersistence, PersistenceInput

from domain.usecases import conversations

Data = dict[Any, Any]
CONVERSATION = "talk"  #: the name of the one conversation handler


class SqlPersistence(BasePersistence[Data, Data, Data]):
    """Reads the open questions at start. The rows are the truth, and what the library would write is there already."""

    def __init__(self) -> None:
        nothing = PersistenceInput(bot_data=False, chat_data=False, user_data=False, callback_data=False)
        super().__init__(store_data=nothing)

    async def get_conversations(self, name: str) -> dict[tuple[int | str, ...], object]:
        """The state of each conversation, by chat and person."""
        if name != CONVERSATION:
            return {}
        return {
            (chat_id, person_id): state for (chat_id, person_id), state in (await conversations.open_states()).items()
        }

    async def update_conversation(self, name: str, key: tuple[int | str, ...], new_state: object | None) -> None:
        """The router wrote it, with its question, before the person saw it."""

    async def get_user_data(self) -> dict[int, Data]:
        """Nothing is kept."""
        return {}

    async def get_chat_data(self) -> dict[int, Data]:
        """Nothing is kept."""
        return {}

    async def get_bot_data(self) -> Data:
        """Nothing is kept."""
        return {}

    async def get_callback_data(self) -> None:
        """Nothing is kept."""

    async def update_user_data(self, user_id: int, data: Data) -> None:
        """Nothing is kept."""

    async def update_chat_data(self, chat_id: int, data: Data) -> None:
        """Nothing is kept."""

    async def update_bot_data(self, data: Data) -> None:
        """Nothing is kept."""

    async def update_callback_data(self, data: Any) -> None:
        """Nothing is kept."""

    async def drop_chat_data(self, chat_id: int) -> None:
        """Nothing is kept."""

    async def drop_user_data(self, user_id: int) -> None:
        """Nothing is kept."""

    async def refresh_user_data(self, user_id: int, user_data: Data) -> None:
        """Nothing is kept."""

    async def refresh_chat_data(self, chat_id: int, chat_data: Data) -> None:
        """Nothing is kept."""

    async def refresh_bot_data(self, bot_data: Data) -> None:
        """Nothing is kept."""

    async def flush(self) -> None:
        """Every write is committed already."""
