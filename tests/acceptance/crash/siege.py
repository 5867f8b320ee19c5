"""Campaigns in flight on a ground, what is done to the programs that send them, and the reckoning."""

import os
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from tests.acceptance.crash.ground import BINDS, DEADLINE_S, PEOPLE, WINDOW, Actor, Ground, until
from tests.acceptance.crash.invariants import Checker, Findings
from tests.acceptance.crash.kill_at import Arms
from tests.acceptance.crash.ledger_view import LedgerView
from tests.acceptance.crash.stage import numbers_of

_UNFINISHED: Final = """
select (select count(*) from campaign where state not in ('completed', 'cancelled') or results is null)
     + (select count(*) from notice where state in ('pending', 'sending'))
     + (select count(*) from import_job where state = 'running')
"""


@dataclass(frozen=True, slots=True)
class Group:
    """``number``: its place among all groups, which says its name and its contacts' numbers."""

    number: int
    contacts: int


@dataclass(slots=True)
class Siege:
    """
    Attributes:
        allowed: Messages that may be in doubt for all that was done so far.
        in_doubt: Those that the kills left in flight, each counted when it happened.
        kills: Processes killed, by name.
    """

    ground: Ground
    checker: Checker = field(init=False)
    groups: list[Group] = field(default_factory=list)
    allowed: int = 0
    in_doubt: int = 0
    kills: dict[str, int] = field(default_factory=dict)
    _numbers: int = 0
    _scenes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.checker = Checker(self.ground.database, LedgerView(self.ground.ledger))

    # -- before

    def add_group(self, contacts: int, *, blacklisted: int) -> Group:
        """A group, every so-manieth of it on the blacklist; it is there with the next launch."""
        self._numbers += 1
        barred = numbers_of(self._numbers, contacts)[:: max(1, contacts // blacklisted)] if blacklisted else []
        self.checker.bar(barred)
        props = {"account": self.ground.account, "number": self._numbers, "contacts": contacts, "blacklisted": barred}
        self._scenes.append(("group", props))
        group = Group(self._numbers, contacts)
        self.groups.append(group)
        return group

    async def launch(self, *wanted: tuple[Group, bool, bool], upload: int = 0) -> list[int]:
        """
        Campaigns: to which group, whether long, whether at an hour; and a file of so many contacts. Their ids. Only
        while nothing runs on SQLite.
        """
        account = self.ground.account
        scenes, self._scenes = self._scenes, []
        for place, (group, long, scheduled) in enumerate(wanted, start=len(self.checker.audience)):
            person = PEOPLE[place % len(PEOPLE)]  # a chat takes a message a second
            props = {"account": account, "group": group.number, "long": long, "person": person, "scheduled": scheduled}
            scenes.append(("campaign", props))
        if upload:
            self._numbers += 1
            props = {"account": account, "number": self._numbers, "contacts": upload, "person": PEOPLE[0]}
            scenes.append(("upload", props))
        told = await self.ground.play(*scenes)
        ids = [one["campaign"] for one in told if "campaign" in one]
        for campaign, (group, _, _) in zip(ids, wanted, strict=True):
            self.checker.audience[campaign] = group.contacts
        for one in told:
            if "job" in one:
                self.checker.imports[one["job"]] = upload
        return ids

    # -- during

    def start(self, name: str, arms: Arms | None = None) -> Actor:
        """One of our programs."""
        return self.ground.start(name, arms)

    async def fell(self, name: str) -> None:
        """A program has just died: what it had in flight is in doubt, and may be one window for each bind at most."""
        self.kills[name] = self.kills.get(name, 0) + 1
        self.allowed += WINDOW * BINDS
        if name in self.ground.sending:
            in_flight = await self.in_flight(self.ground.actors[name].pid)
            self.in_doubt += in_flight
            assert in_flight <= WINDOW * BINDS, f"{name} died with {in_flight} in flight, more than its windows hold"
        await self.look()

    async def kill(self, name: str) -> None:
        """``kill -9`` now, and look."""
        self.ground.kill(name)
        await self.fell(name)

    async def in_flight(self, pid: int) -> int:
        """Messages that a sender, by its process, has submitted and not settled."""
        count: int = await self.ground.database.value(
            "select count(*) from message m where m.state = 'submitted' and (exists ("
            f"select 1 from chunk k join sender s on s.id = k.sender where s.pid = {pid}"
            " and m.id between k.lo and k.hi and m.campaign_id = k.campaign_id"
            " and not exists (select 1 from retry r where r.message_id = m.id))"
            f" or exists (select 1 from retry r join sender s on s.id = r.sender where s.pid = {pid}"
            " and r.message_id = m.id))"
        )
        return count

    async def look(self) -> Findings:
        """What must hold at any moment."""
        findings = await self.checker.at_any_moment()
        assert not findings.faults, findings.faults
        return findings

    async def sent(self, count: int, *, deadline_s: float = DEADLINE_S) -> None:
        """Wait until the SMSC took so many parts more."""
        self.checker.ledger.read()
        until_ = sum(self.checker.ledger.taken.values()) + count

        def enough() -> bool:
            self.checker.ledger.read()
            return sum(self.checker.ledger.taken.values()) >= until_

        await until(enough, deadline_s=deadline_s, saying=f"{count} parts more are at the SMSC")

    # -- after

    async def finish(self, *, deadline_s: float = DEADLINE_S) -> Findings:
        """Let everything run to its end, and reckon."""
        findings = await self.reckon(deadline_s=deadline_s)
        assert not findings.faults, findings.faults
        assert findings.doubt <= self.allowed, f"{findings.doubt} in doubt, of {self.allowed} at the most"
        return findings

    async def reckon(self, *, deadline_s: float = DEADLINE_S) -> Findings:
        """As ``finish``, and the findings are the caller's to judge. A siege that does not end is a fault in itself."""
        for name in ("smsc", *self.ground.parts):
            if not self.ground.lives(name):
                await self.ground.smsc() if name == "smsc" else self.start(name)

        async def over() -> bool:
            if await self.ground.database.value(_UNFINISHED):
                return False
            return bool((await self.ground.operator("summary"))["waiting"] == 0)

        try:
            await until(over, deadline_s=deadline_s, saying="all campaigns have ended")
        except (AssertionError, httpx.HTTPError) as error:
            findings = await self.checker.at_the_end()
            findings.faults.insert(0, str(error))
            return findings
        return await self.checker.at_the_end()

    def end(self) -> None:
        """Kill what runs; no test leaves anything to the next."""
        self.ground.end()

    @property
    def logs(self) -> str:
        """Where to look when it went wrong."""
        return os.fspath(self.ground.folder)
