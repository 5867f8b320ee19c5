"""Actions that exist for the tests of the framework only; their codes begin with ``z``, which no conversation uses."""

import asyncio
import base64
from dataclasses import dataclass, field
from typing import Final

from bot.chat import Chat
from bot.screen import Action, Button, Document, Follow, Place, Rows, Screen, Takes, on
from domain.errors import NotFound, TitleMissing, WrongState
from domain.rules.permission import Permission

PIXEL: Final = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@dataclass(slots=True)
class Backstage:
    """What tests set and read beside the chat."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    heard: list[str] = field(default_factory=list)


backstage = Backstage()


class Menu(Action, code="zm"):
    """Buttons to everything here."""


class Question(Action, code="zq"):
    """Ask for a title."""


class Answered(Action, code="za"):
    """The title was typed."""

    step: int


class Count(Action, code="zc"):
    """Goes up by one at each tap, in its own text."""

    number: int


class Picture(Action, code="zp"):
    """A picture."""


class Broken(Action, code="zb"):
    """Its handler has a fault."""


class Slow(Action, code="zs"):
    """Waits until it is let go."""


class Stop(Action, code="zx", ahead=True):
    """Goes before queued work."""


class Refused(Action, code="zr"):
    """What it is about has moved on, or is gone."""

    gone: bool


class Govern(Action, code="zg", permission=Permission.GOVERN):
    """For owners only."""


class Long(Action, code="zl"):
    """More text than Telegram takes."""


class File(Action, code="zf"):
    """Ask for a file."""


class FileCame(Action, code="zy", takes=Takes.FILE):
    """The file was sent."""


class Files(Action, code="zd"):
    """Gives a document."""


class Watch(Action, code="zw"):
    """A screen that follows campaign 7."""


class Progress(Action, code="zz"):
    """Says how it goes, then what came of it."""


def menu_rows() -> Rows:
    """A button for each."""
    return (
        (Button("Ask", Question()), Button("Count", Count(1)), Button("Picture", Picture())),
        (Button("Broken", Broken()), Button("Slow", Slow()), Button("Stop", Stop())),
        (Button("Moved", Refused(gone=False)), Button("Gone", Refused(gone=True)), Button("Govern", Govern())),
        (Button("Long", Long()), Button("File", File()), Button("Documents", Files())),
        (Button("Watch", Watch()), Button("Progress", Progress())),
    )


@on(Menu)
async def _menu(_: Menu, __: Chat) -> Screen:
    return Screen("<b>Menu</b>", menu_rows())


@on(Question)
async def _question(_: Question, __: Chat) -> Screen:
    return Screen("Title?", ((Button("Menu", Menu()),),), expects=Answered(1))


@on(Answered)
async def _answered(action: Answered, chat: Chat) -> Screen:
    if not chat.text:
        raise TitleMissing
    if chat.text == "empty":
        raise TitleMissing
    backstage.heard.append(chat.text)
    rows = ((Button("Menu", Menu()),),)
    if action.step == 2:
        return Screen(f"Both: {' and '.join(backstage.heard[-2:])}", rows)
    return Screen(f"Noted {chat.text}. Subtitle?", rows, expects=Answered(2))


@on(Count)
async def _count(action: Count, _: Chat) -> Screen:
    return Screen(f"Count {action.number}", ((Button("More", Count(action.number + 1)),),), toast="counted")


@on(Picture)
async def _picture(_: Picture, __: Chat) -> Screen:
    return Screen("A picture", ((Button("Menu", Menu()),),), photo=PIXEL)


@on(Broken)
async def _broken(_: Broken, __: Chat) -> Screen:
    raise ZeroDivisionError


@on(Slow)
async def _slow(_: Slow, __: Chat) -> Screen:
    backstage.heard.append("slow begins")
    await backstage.gate.wait()
    return Screen("Slow is done", menu_rows())


@on(Stop)
async def _stop(_: Stop, __: Chat) -> Screen:
    backstage.heard.append("stopped")
    backstage.gate.set()
    return Screen("Stopped", menu_rows(), place=Place.NEW)


@on(Refused)
async def _refused(action: Refused, _: Chat) -> Screen:
    raise NotFound(noun="group") if action.gone else WrongState(now="running", wanted="paused")


@on(Govern)
async def _govern(_: Govern, __: Chat) -> Screen:
    return Screen("Governed")


@on(Long)
async def _long(_: Long, __: Chat) -> Screen:
    return Screen(f"<b>{'🙂 &amp; ' * 2_000}</b>", menu_rows())


@on(File)
async def _file(_: File, __: Chat) -> Screen:
    return Screen("File?", expects=FileCame())


@on(FileCame)
async def _file_came(_: FileCame, chat: Chat) -> Screen:
    assert chat.upload is not None
    return Screen(f"Read {len(await chat.upload.read())} bytes of {chat.upload.name}", menu_rows())


@on(Files)
async def _files(_: Files, __: Chat) -> Screen:
    return Screen("Below the file", menu_rows(), documents=(Document("rows.csv", b"1,2\n", "<i>rows</i>"),))


@on(Watch)
async def _watch(_: Watch, __: Chat) -> Screen:
    return Screen("Watching: 0", ((Button("Menu", Menu()),),), follow=Follow("campaign", 7, "Goes on below"))


@on(Progress)
async def _progress(_: Progress, chat: Chat) -> Screen:
    await chat.say(Screen("Half done"))
    return Screen("All done", menu_rows())
