"""Whole programs as processes, and people at the sandbox's chat: what the acceptance tests drive."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

DEADLINE_S = 30.0
OWNER, OPERATOR, VIEWER, STRANGER = 1001, 1002, 1003, 1004
TOKEN = "42:acceptance"


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(slots=True)
class Program:
    """A ``pregon`` command as a process of its own; ``module``: what runs it."""

    arguments: list[str]
    environment: dict[str, str]
    log: Path
    process: asyncio.subprocess.Process | None = None
    module: str = "pregon"

    async def start(self) -> None:
        """Start it, its output at the end of the log."""
        with self.log.open("ab") as out:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                self.module,
                *self.arguments,
                env={**os.environ, **self.environment},
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    async def kill(self) -> None:
        """``kill -9``: it writes nothing more."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        """SIGTERM, and its exit code."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(DEADLINE_S):
            return await self.process.wait()


async def until(what: Callable[[], Any], *, deadline_s: float = DEADLINE_S, saying: str = "") -> Any:
    """Ask again until it answers something true; other programs tell us nothing by themselves."""
    end = time.monotonic() + deadline_s
    while True:
        found = await what()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline_s} s: {saying}")
        await asyncio.sleep(0.05)


@dataclass(slots=True)
class Sandbox:
    """The emulated Telegram and the simulated operator, over HTTP."""

    url: str
    smsc_port: int
    http: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx.AsyncClient(base_url=self.url, timeout=30)

    async def get(self, path: str, **params: Any) -> Any:
        """A JSON answer."""
        answer = await self.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, **body: Any) -> Any:
        """A JSON answer to a JSON body."""
        answer = await self.http.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def polling(self) -> bool:
        """Whether a bot asks for updates."""
        try:
            return bool((await self.get("/sim/state"))["polling"])
        except httpx.TransportError:
            return False

    async def submitted(self) -> list[dict[str, Any]]:
        """What the operator received, in order."""
        found: list[dict[str, Any]] = []
        since = 0
        while True:
            page = await self.get("/sim/smsc/messages", since=since)
            found += page["messages"]
            if page["next"] == since or not page["messages"]:
                return found
            since = page["next"]

    def person(self, user_id: int, chat_id: int | None = None) -> "Person":
        """Somebody at a chat."""
        return Person(self, user_id, chat_id or user_id)


@dataclass(slots=True)
class Person:
    """Types, taps and uploads; reads what the bot shows."""

    sandbox: Sandbox
    user_id: int
    chat_id: int

    @property
    def _who(self) -> dict[str, int]:
        return {"chat_id": self.chat_id, "user_id": self.user_id}

    async def messages(self) -> list[dict[str, Any]]:
        """The chat as it stands, the oldest first."""
        found: list[dict[str, Any]] = (await self.sandbox.get(f"/sim/chat/{self.chat_id}", format="json"))["messages"]
        return found

    async def shown(self) -> list[dict[str, Any]]:
        """What the bot wrote, the newest first."""
        return [message for message in reversed(await self.messages()) if message["sim"]["outgoing"]]

    async def say(self, text: str) -> None:
        """Type something."""
        await self.sandbox.post("/sim/message", **self._who, text=text)

    async def upload(self, name: str, content: bytes) -> None:
        """Send a file."""
        answer = await self.sandbox.http.post(
            "/sim/document", data={k: str(v) for k, v in self._who.items()}, files={"file": (name, content)}
        )
        assert answer.status_code == 200, answer.text

    async def sees(self, *words: str, deadline_s: float = DEADLINE_S) -> dict[str, Any]:
        """The newest message of the bot that holds all the words (in its text, caption or buttons)."""

        async def look() -> dict[str, Any] | None:
            for message in await self.shown():
                if all(word in _visible(message) for word in words):
                    return message
            return None

        try:
            found: dict[str, Any] = await until(look, deadline_s=deadline_s, saying=f"{self.user_id} sees {words}")
        except AssertionError as error:
            raise AssertionError(f"{error}; the chat shows:\n{await self._transcript()}") from None
        return found

    async def _transcript(self) -> str:
        answer = await self.sandbox.http.get(f"/sim/chat/{self.chat_id}", params={"format": "text"})
        return answer.text[-1500:]

    async def tap(self, label: str, *, deadline_s: float = DEADLINE_S) -> dict[str, Any]:
        """Press the newest button whose label holds ``label``. Returns the bot's answer to it, once it came."""

        async def look() -> tuple[int, str] | None:
            for message in await self.shown():
                for button in _buttons(message):
                    if label in button["text"] and "callback_data" in button:
                        return message["message_id"], button["callback_data"]
            return None

        try:
            message_id, data = await until(look, deadline_s=deadline_s, saying=f"the button {label!r}")
        except AssertionError as error:
            raise AssertionError(f"{error}; the chat shows:\n{await self._transcript()}") from None
        answer = await self.sandbox.post("/sim/callback", **self._who, message_id=message_id, data=data, wait=10)
        found: dict[str, Any] = answer
        return found

    async def buttons(self) -> list[str]:
        """The labels of the newest message with a keyboard."""
        for message in await self.shown():
            if found := [button["text"] for button in _buttons(message)]:
                return found
        return []


def _buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [button for row in message.get("reply_markup", {}).get("inline_keyboard", []) for button in row]


def _visible(message: dict[str, Any]) -> str:
    document = message.get("document", {}).get("file_name", "")
    labels = " ".join(button["text"] for button in _buttons(message))
    return " ".join((message.get("text", ""), message.get("caption", ""), document, labels))
