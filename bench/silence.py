"""
How soon a campaign does what it is told: from *Parar* to silence, in time and in messages, and from a contact that
joins the group of a permanent campaign to its message at the operator. Read from the simulated SMSC's ledger.

    python -m bench.silence [--window N] [--delay S] [--rounds N]

Goals: silent within a second and within one window; the first message within three seconds.
"""

import argparse
import asyncio
import contextlib
import logging
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import structlog

from domain import store
from domain.database import migrate_database, open_database
from domain.models import Account, Campaign, CampaignMode, Contact, ContactGroup
from domain.rules.campaign_state import CampaignState
from domain.rules.route import parse_route
from domain.usecases import campaigns
from sandbox.smsc import Behaviour, Script, Smsc, SubmitLine, read_ledger
from sender.worker import Worker

_FIRST = 51987000000
_PERSON = 1
_SILENT_S = 2.0  # watched after the tap
_SILENCE_GOAL_S, _JOIN_GOAL_S = 1.0, 3.0


@contextlib.asynccontextmanager
async def _sending(smsc: Smsc, window: int) -> AsyncIterator[None]:
    worker = Worker([parse_route("default", f"smpp://pregon:test@127.0.0.1:{smsc.port}?window={window}")])
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    try:
        yield
    finally:
        stop.set()
        await running


async def _group(account: Account, title: str, first: int, count: int) -> ContactGroup:
    group = await ContactGroup.create(account=account, title=title)
    await Contact.bulk_create(
        Contact(account=account, msisdn=first + number, first_name="Ana", created_ms=1, updated_ms=1)
        for number in range(count)
    )
    found = await Contact.filter(account=account, msisdn__gte=first, msisdn__lt=first + count).values_list(
        "id", flat=True
    )
    await store.current().add_members(group.id, [int(str(one)) for one in found])
    return group


async def _launch(account: Account, group: ContactGroup, mode: CampaignMode) -> Campaign:
    now = datetime.now(UTC)
    campaign = await Campaign.create(
        account=account, name=mode.value, mode=mode, state=CampaignState.STARTING, text="Hola {{ nombre }}",
        sender_id="BENCH", created_by=_PERSON, chat_id=_PERSON, started_at=now,
    )  # fmt: skip
    await campaign.groups.add(group)
    return campaign


def _submits(ledger: Path) -> list[SubmitLine]:
    return [line for line in read_ledger(ledger) if isinstance(line, SubmitLine)]


async def _silence(account: Account, smsc: Smsc, ledger: Path, number: int, window: int) -> bool:
    group = await _group(account, f"s{number}", _FIRST + number * 100_000, 20_000)
    campaign = await _launch(account, group, CampaignMode.NORMAL)
    before = smsc.summary().received
    await smsc.wait_for(lambda seen: seen.received > before + 5 * window, timeout_s=60)
    tapped = time.time()
    await campaigns.pause(account.id, campaign.id, by=_PERSON, now=datetime.now(UTC))
    committed = time.time()
    await asyncio.sleep(_SILENT_S)
    late = [line.time for line in _submits(ledger) if line.time > tapped]
    after = [moment for moment in late if moment > committed]
    last_s = max(late, default=tapped) - tapped
    well = last_s < _SILENCE_GOAL_S and len(after) <= window
    print(
        f"  Parar {number + 1}: last submit {last_s * 1000:6.1f} ms after the tap, {len(late):3} after the tap,"
        f" {len(after):3} after its commit (window {window}){'' if well else '  MISSED'}",
        flush=True,
    )
    return well


async def _join(account: Account, ledger: Path, group: ContactGroup, number: int) -> bool:
    msisdn = _FIRST + 9_000_000 + number
    contact = await Contact.create(account=account, msisdn=msisdn, first_name="Ana", created_ms=1, updated_ms=1)
    await asyncio.sleep(0.137 * number % 0.5)  # anywhere between two looks
    joined = time.time()
    await store.current().add_members(group.id, [contact.id])
    while True:
        found = [line.time for line in _submits(ledger) if line.destination == str(msisdn)]
        if found or time.time() > joined + 10 * _JOIN_GOAL_S:
            break
        await asyncio.sleep(0.05)
    took_s = found[0] - joined if found else float("inf")
    well = took_s < _JOIN_GOAL_S and len(found) == 1
    print(f"  joined {number + 1}: at the operator after {took_s:5.2f} s{'' if well else '  MISSED'}", flush=True)
    return well


async def measure(*, window: int, delay_s: float, rounds: int) -> bool:
    """All of it, printed; whether every goal was met."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = Path(folder) / "ledger.jsonl"
        url = f"sqlite:///{folder}/pregon.db"
        await migrate_database(url)
        default = Behaviour(answer_delay_s=delay_s)
        smsc = Smsc(ledger=ledger, script=Script(builtin=False, default=default, receipt_delay_s=0.0))
        await smsc.start()
        async with open_database(url):
            account = await Account.create(name="b", region="PE", time_zone="America/Lima", sender_id="BENCH")
            async with _sending(smsc, window):
                met = [await _silence(account, smsc, ledger, number, window) for number in range(rounds)]
                group = await ContactGroup.create(account=account, title="permanente")
                await _launch(account, group, CampaignMode.PERMANENT)
                await asyncio.sleep(2)
                met += [await _join(account, ledger, group, number) for number in range(rounds)]
        await smsc.stop()
    return all(met)


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--window", type=int, default=20)
    parser.add_argument("--delay", type=float, default=0.05, help="seconds until the SMSC answers")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    if not asyncio.run(measure(window=options.window, delay_s=options.delay, rounds=options.rounds)):
        sys.exit(1)


if __name__ == "__main__":
    main()
