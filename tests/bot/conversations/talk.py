"""A person in a private chat, without Telegram: taps and types, and sees screens. The database is real."""

import dataclasses
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import bot.conversations  # noqa: F401 - declares every action
from bot.chat import Chat, Workplace
from bot.layout import LABEL_LIMIT, units
from bot.screen import Action, Button, Screen, handler_of, unpack
from domain.errors import NotAllowed
from domain.models import Account
from domain.rules.permission import allows
from domain.rules.role import Role
from locales import Texts
from tests.conftest import OWNER

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)  #: 12:00 in Lima, a Tuesday


@dataclass(slots=True)
class Talk:
    """What one person sees. ``asked``: the question that is open; ``said``: progress that was shown on the way."""

    chat: Chat
    screen: Screen = field(default_factory=lambda: Screen(""))
    asked: Action | None = None
    said: list[Screen] = field(default_factory=list)

    async def do(self, action: Action, *, text: str | None = None) -> Screen:
        """As the router does it: permission, handler, and the question that is open from now on."""
        packed = unpack(action.pack())
        if not allows(self.chat.role, packed.permission):
            raise NotAllowed(permission=packed.permission)
        chat = dataclasses.replace(self.chat, text=text, say=self._say)
        self.screen = await handler_of(type(packed))(packed, chat)
        self.asked = self.screen.expects
        check(self.screen)
        return self.screen

    async def tap(self, label: str) -> Screen:
        """Press the button whose label holds ``label``."""
        action = self.button(label).action
        assert action is not None
        return await self.do(action)

    async def type(self, text: str) -> Screen:
        """Answer the open question; a refusal keeps it open."""
        assert self.asked is not None, f"nothing is asked on {self.screen.text!r}"
        return await self.do(self.asked, text=text)

    def button(self, label: str) -> Button:
        """The first button whose label holds ``label``."""
        for row in self.screen.rows:
            for button in row:
                if label in button.label:
                    return button
        raise AssertionError(f"no button {label!r} among {self.labels}")

    @property
    def labels(self) -> list[str]:
        """Of all buttons."""
        return [button.label for row in self.screen.rows for button in row]

    def has(self, label: str) -> bool:
        """Whether a button's label holds it."""
        return any(label in one for one in self.labels)

    async def _say(self, screen: Screen) -> None:
        self.said.append(screen)


def check(screen: Screen) -> None:
    """What holds for every screen: it fits Telegram and a phone, and there is a way home."""
    assert units(re.sub(r"<[^>]+>", "", screen.text)) <= (1_024 if screen.photo else 4_096)
    buttons = [button for row in screen.rows for button in row]
    assert [button.label for button in buttons if units(button.label) > LABEL_LIMIT] == []
    assert all(len(row) <= 8 for row in screen.rows)
    assert all(len(button.action.pack().encode()) <= 64 for button in buttons if button.action)
    home = {"h", "hb", "hg", "gl"}
    assert any(button.url or (button.action and button.action.code in home) for button in buttons)
    assert screen.toast is None or units(screen.toast) <= 200


def talk_of(
    account: Account, t: Texts, *, person_id: int = OWNER, role: Role = Role.OWNER, now: datetime = NOON
) -> Talk:
    """A person in their private chat."""

    async def say(_: Screen) -> None:
        raise AssertionError("said outside of a handler")

    place = Workplace(account.id, account.name, account.region, ZoneInfo(account.time_zone), account.sender_id)
    return Talk(
        Chat(
            chat_id=person_id,
            person_id=person_id,
            person_name=role.value.title(),
            role=role,
            account=place,
            t=t,
            now=now,
            bot_username="pregon_demo_bot",
            say=say,
        )
    )
