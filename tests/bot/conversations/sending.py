"""A person who also sends files and contact cards, and whose every screen is checked on the way."""

import dataclasses
from dataclasses import dataclass

from bot.chat import Card, Upload
from bot.conversations.contact_add import ReceiveCard
from bot.conversations.contacts_import import ReceiveFile
from bot.conversations.home import Home
from bot.layout import LABEL_LIMIT, units
from bot.screen import Action, Screen, Takes
from domain.models import Account
from domain.rules.role import Role
from locales import Texts
from tests.bot.conversations.talk import NOON, Talk, talk_of


@dataclass(slots=True)
class Sender(Talk):
    """``Talk``, and uploads, and cards."""

    async def do(self, action: Action, *, text: str | None = None) -> Screen:
        """As ``Talk`` does; then the screen is looked at as Telegram would."""
        screen = await Talk.do(self, action, text=text)
        check(screen)
        return screen

    async def send(self, content: bytes, name: str = "contactos.csv", *, size: int | None = None) -> Screen:
        """Upload a file; the open question takes it if it takes files, else it is an import."""

        async def read() -> bytes:
            return content

        upload = Upload(name, len(content) if size is None else size, read)
        return await self._with(upload=upload, unasked=ReceiveFile(), takes=Takes.FILE)

    async def send_card(self, number: str, first_name: str = "Ana", last_name: str = "") -> Screen:
        """Send a contact card; the open question takes it if it takes cards."""
        return await self._with(card=Card(number, first_name, last_name), unasked=ReceiveCard(), takes=Takes.CARD)

    async def _with(
        self, *, unasked: Action, takes: Takes, upload: Upload | None = None, card: Card | None = None
    ) -> Screen:
        action = self.asked if self.asked is not None and takes in self.asked.takes else unasked
        plain = self.chat
        self.chat = dataclasses.replace(plain, upload=upload, card=card)
        try:
            return await self.do(action)
        finally:
            self.chat = plain


def sender_of(account: Account, t: Texts, *, role: Role = Role.OWNER) -> Sender:
    """A person in their private chat."""
    return Sender(talk_of(account, t, role=role, now=NOON).chat)


def check(screen: Screen) -> None:
    """Telegram takes it, it fits a phone, and there is a way home."""
    buttons = [button for row in screen.rows for button in row]
    assert 0 < units(screen.text) <= 4_096
    assert all(button.action is None or button.action.pack() for button in buttons)
    assert not [button.label for button in buttons if units(button.label) > LABEL_LIMIT]
    assert all(len(row) <= 3 for row in screen.rows)
    assert len(screen.rows) <= 20
    assert any(isinstance(button.action, Home) for button in screen.rows[-1])
    assert screen.toast is None or units(screen.toast) <= 200
