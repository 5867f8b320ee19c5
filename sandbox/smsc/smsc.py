"""The simulated SMSC as a whole: listens, admits binds, hands submits to the intake and receipts to the mailboxes."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import structlog

from sandbox.smsc import pdu
from sandbox.smsc.alphabet import DefaultAlphabet
from sandbox.smsc.behaviour import Behaviour, Rule, Script
from sandbox.smsc.handsets import Handsets
from sandbox.smsc.incoming import incoming_parcels
from sandbox.smsc.intake import Intake
from sandbox.smsc.journal import Journal
from sandbox.smsc.ledger import RESET_LINE, Ledger
from sandbox.smsc.link import Link
from sandbox.smsc.mailbox import Parcel
from sandbox.smsc.outbound import Outbound
from sandbox.smsc.replay import replay
from sandbox.smsc.rulebook import Rulebook
from sandbox.smsc.summary import BindView, Summary

_log: Final = structlog.get_logger(__name__)
_STOP_GRACE_S: Final = 1.0


class Smsc:
    """
    An SMPP 3.4 message centre.

    Args:
        ledger: The file of the ledger, created or continued; None keeps everything in memory only.
        script: What it does with messages.
        credentials: system_id to password; None admits anybody.
        max_binds: Sessions at once per system_id, one more gets ESME_RALYBND; None: any number.
        window: deliver_sm that may wait for their answer on one link.
        enquire_link_s: Silence in seconds before the SMSC asks; None: never.
        keep: Messages, and arrivals at handsets, that stay in memory.
        strict_length: Refuse (ESME_RINVMSGLEN) text in short_message that does not fit one SMS.
        seed: Makes the jitter of receipts repeatable.
    """

    def __init__(
        self,
        *,
        ledger: Path | None = None,
        script: Script | None = None,
        credentials: Mapping[str, str] | None = None,
        max_binds: int | None = None,
        window: int = 200,
        enquire_link_s: float | None = 30.0,
        keep: int = 200_000,
        default_alphabet: DefaultAlphabet = DefaultAlphabet.GSM,
        strict_length: bool = True,
        seed: int | None = None,
    ) -> None:
        self.port = 0
        self.refuse_binds = False
        self._path = ledger
        self._ledger: Ledger | None = None
        self._script = self._first_script = script or Script()
        self._credentials = credentials
        self._max_binds = max_binds
        self._window = window
        self._enquire_link_s = enquire_link_s
        self._strict_length = strict_length
        self.journal = Journal(keep=keep, default_alphabet=default_alphabet)
        self.handsets = Handsets(keep=keep, default_alphabet=default_alphabet)
        self._outbound = Outbound(self.journal, self.handsets, changed=self._changed, seed=seed)
        self._links: dict[Link, None] = {}
        self._connections = 0
        self._reference = 0
        self._server: asyncio.Server | None = None
        self._intake: Intake
        self._watchers: list[Callable[[], None]] = []

    # -- running

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """
        Read the ledger, then listen; ``port`` 0 takes a free one, see ``self.port``.

        Raises:
            OSError: The address is taken, or the ledger cannot be opened.
            LedgerError: The ledger cannot be read.
        """
        if self._path is not None:
            self._ledger = Ledger(self._path)
        try:
            self._continue()
            self._server = await asyncio.get_running_loop().create_server(self._link, host, port)
        except BaseException:
            await self._close_ledger()
            raise
        self.port = self._server.sockets[0].getsockname()[1]
        _log.info("smsc.listening", host=host, port=self.port)

    async def stop(self) -> None:
        """Unbind every session, wait a second for the answers, close. The ledger knows which receipts are owed."""
        if self._server is None:
            return
        self._server.close()
        for link in list(self._links):
            if link.mode:
                link.unbind()
            else:
                link.close()
        try:
            await self.wait_for(lambda _: not self._links, timeout_s=_STOP_GRACE_S)
        except TimeoutError:
            for link in list(self._links):
                link.abort()
            await self.wait_for(lambda _: not self._links, timeout_s=_STOP_GRACE_S)
        self._outbound.clear()
        await self._server.wait_closed()
        self._server = None
        await self._close_ledger()

    # -- what the operator does

    @property
    def script(self) -> Script:
        """The behaviour in force."""
        return self._script

    def set_behaviour(
        self,
        default: Behaviour | None = None,
        *,
        numbers: Mapping[str, Behaviour] | None = None,
        rules: Sequence[Rule] | None = None,
        builtin: bool | None = None,
        script: Script | None = None,
    ) -> None:
        """Change the behaviour for submits from now on; None keeps what was. ``script`` replaces the whole first."""
        now = script or self._script
        self._script = replace(
            now,
            default=now.default if default is None else default,
            numbers=now.numbers if numbers is None else numbers,
            rules=now.rules if rules is None else tuple(rules),
            builtin=now.builtin if builtin is None else builtin,
        )
        if self._server is not None:
            self._intake.rulebook = Rulebook(self._script)

    def incoming(self, sender: str, to: str, text: str, *, system_id: str | None = None) -> None:
        """
        A phone writes: deliver_sm to a bind of ``system_id`` (None: whoever can receive), kept until acknowledged.

        Raises:
            ValueError: The text needs more than 255 parts, or an address is none.
        """
        self._reference = (self._reference + 1) % 256
        parcels = incoming_parcels(sender, to, text, reference=self._reference)
        self.journal.counters.incoming += 1
        if system_id is None:
            system_id = next((link.system_id for link in self._links if link.receives), None)
        self._outbound.put(system_id, parcels)
        self._changed()

    def drop_links(self, count: int | None = None) -> int:
        """Cut ``count`` connections (None: all), oldest first; returns how many were there to cut."""
        doomed = list(self._links)[:count]
        for link in doomed:
            link.abort()
        return len(doomed)

    def unbind_links(self) -> None:
        """Ask every bound ESME to part."""
        for link in list(self._links):
            if link.mode:
                link.unbind()

    def reset(self) -> None:
        """Forget messages, phones, counters, receipts due, behaviour set since the start; links and numbers stay."""
        self.journal.clear()
        self.handsets.clear()
        self._outbound.clear()
        for link in self._links:
            link.forget()
        self.set_behaviour(script=self._first_script)
        if self._ledger is not None:
            self._ledger.append(RESET_LINE)
        self._changed()

    # -- what can be seen

    @property
    def binds(self) -> tuple[BindView, ...]:
        """The bound sessions, oldest first."""
        return tuple(BindView(link.system_id, link.mode, link.since) for link in self._links if link.mode)

    def summary(self) -> Summary:
        """The counters now."""
        counters = self.journal.counters
        return Summary(
            received=counters.received,
            accepted=counters.accepted,
            refused=counters.refused,
            throttled=counters.throttled,
            silent=counters.silent,
            receipts=counters.receipts,
            acknowledged=counters.acknowledged,
            waiting=self._outbound.waiting + sum(link.outstanding for link in self._links),
            incoming=counters.incoming,
            duplicates=self.journal.duplicates,
            binds=self.binds,
            rate=self.journal.rate,
        )

    def watch(self, watcher: Callable[[], None]) -> Callable[[], None]:
        """Call ``watcher`` after each change, at most once a batch; returns what ends it. It must be quick."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    async def wait_for(self, condition: Callable[[Summary], bool], *, timeout_s: float = 10.0) -> Summary:
        """
        Wait until ``condition`` holds for the summary; no polling.

        Raises:
            TimeoutError: It did not within ``timeout_s`` seconds.
        """
        changed = asyncio.Event()
        unwatch = self.watch(changed.set)
        try:
            async with asyncio.timeout(timeout_s):
                while not condition(summary := self.summary()):
                    changed.clear()
                    await changed.wait()
            return summary
        finally:
            unwatch()

    # -- what the links call (link.Centre)

    def opened(self, link: Link) -> str:
        """Register a connection; returns its name."""
        self._connections += 1
        self._links[link] = None
        return f"#{self._connections}"

    def closed(self, link: Link, unacknowledged: list[Parcel]) -> None:
        """A connection is gone: its receipts go to the next bind."""
        self._links.pop(link, None)
        if link.mode:
            self._outbound.leave(link.system_id, link, unacknowledged)
        self._changed()

    def admit(self, link: Link, bind: pdu.Bind) -> int:
        """The command_status for a bind."""
        if self.refuse_binds or self._server is None or not self._server.is_serving():
            return pdu.ESME_RBINDFAIL
        if self._credentials is not None:
            password = self._credentials.get(bind.system_id)
            if password is None:
                return pdu.ESME_RBINDFAIL
            if password != bind.password:
                return pdu.ESME_RINVPASWD
        same = sum(1 for other in self._links if other.mode and other.system_id == bind.system_id)
        return pdu.ESME_RALYBND if self._max_binds is not None and same >= self._max_binds else pdu.ESME_ROK

    def bound(self, link: Link) -> None:
        """A session begins."""
        link.name = f"{link.system_id}{link.name}"
        if link.receives:
            self._outbound.join(link.system_id, link)
        self._changed()

    def take(self, link: Link, submits: list[tuple[int, bytes]]) -> None:
        """submit_sm PDUs of one read."""
        self._intake.take(link, submits)
        self._changed()

    def when_answered(self, link: Link, octets: bytes, *, then_close: bool) -> None:
        """Write behind the answers that wait for the ledger."""
        self._intake.when_answered(link, octets, then_close=then_close)

    def acknowledged(self, link: Link, answers: list[tuple[Parcel, int]]) -> None:
        """deliver_sm_resp of one read; a temporary error brings it again after a second, another one ends it."""
        self._outbound.acknowledged(link.system_id, answers, ledger=self._ledger)
        self._changed()

    def ready(self, link: Link) -> None:
        """A link takes octets again."""
        self._outbound.pump(link.system_id)

    # -- inside

    def _continue(self) -> None:
        self._intake = Intake(
            self.journal,
            self._ledger,
            rulebook=Rulebook(self._script),
            answered=self._outbound.answered,
            strict_length=self._strict_length,
        )
        if self._path is not None:
            self._intake.last_number, owed = replay(self._path, self.journal, self.handsets)
            self._outbound.emit(owed)
        self._intake.start_ids()

    async def _close_ledger(self) -> None:
        if self._ledger is not None:
            await self._ledger.close()
            self._ledger = None

    def _link(self) -> Link:
        return Link(self, window=self._window, enquire_link_s=self._enquire_link_s)

    def _changed(self) -> None:
        for watcher in self._watchers:
            watcher()
