"""Who lives in the sandbox: four people, one group, one bot. Named by role; nobody else can be invented."""

from dataclasses import dataclass
from typing import Final

from aiogram.types import Chat, User

GROUP_ID: Final = -1002000000001
GROUP_TITLE: Final = "Team"
DEFAULT_BOT_ID: Final = 7000000001


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a Telegram account; the private chat with the bot has the person's own id."""

    id: int
    first_name: str
    language_code: str = "es"

    def user(self) -> User:
        """The person as the Bot API shows a sender."""
        return User(id=self.id, is_bot=False, first_name=self.first_name, language_code=self.language_code)

    def chat(self) -> Chat:
        """The private chat with the bot."""
        return Chat(id=self.id, type="private", first_name=self.first_name)


PEOPLE: Final = (Person(1001, "Owner"), Person(1002, "Operator"), Person(1003, "Viewer"), Person(1004, "Stranger"))
BY_ID: Final = {person.id: person for person in PEOPLE}


def group_chat() -> Chat:
    """The one group, in which everybody is."""
    return Chat(id=GROUP_ID, type="supergroup", title=GROUP_TITLE)


def bot_user(bot_id: int, *, name: str = "Pregón") -> User:
    """The bot as a sender; its id is the number in its token."""
    return User(id=bot_id, is_bot=True, first_name=name, username="pregon_demo_bot")
