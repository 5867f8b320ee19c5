"""
What a test puts into the database, done by the product's own use cases in a process of its own: on SQLite only while
none of our programs runs.
"""

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

FIRST: Final = 51_900_000_000  #: groups have a hundred thousand numbers each, from here on
GROUP_NUMBERS: Final = 100_000
SHORT: Final = "Hola {{ nombre }}, su pago vence hoy."
LONG: Final = SHORT + " Puede pagar en linea, por telefono o en cualquiera de nuestras agencias" * 3 + "."


def numbers_of(group: int, count: int) -> list[int]:
    """The numbers of the ``group``-th group."""
    return [FIRST + group * GROUP_NUMBERS + n for n in range(count)]


async def people() -> dict[str, Any]:
    """The first account and its owner, as the settings say."""
    from domain.settings import load_settings
    from domain.usecases import accounts

    settings = load_settings()
    await accounts.ensure_first_account(settings)
    return {"account": (await accounts.by_name(settings.account)).id}


async def group(*, account: int, number: int, contacts: int, blacklisted: list[int]) -> dict[str, Any]:
    """A group full of contacts, some of them on the blacklist."""
    from domain import store
    from domain.models import ContactGroup, ImportJob, ImportState
    from domain.store import ImportedRow

    made = await ContactGroup.create(account_id=account, title=f"g{number}")
    job = await ImportJob.create(
        account_id=account, group=made, person_id=1, chat_id=1, file_name="g", sha256="", state=ImportState.RUNNING
    )
    rows = [ImportedRow(n, f"Nombre{n % 1000}", "", "", "", "", "", "") for n in numbers_of(number, contacts)]
    for first in range(0, len(rows), 2_000):
        part = rows[first : first + 2_000]
        await store.current().import_slice(account, made.id, part, now_ms=_now_ms(), job_id=job.id)
    await job.delete()
    if blacklisted:
        await store.current().blacklist(account, blacklisted, source="test", by=None, now_ms=_now_ms())
    return {}


async def campaign(*, account: int, group: int, long: bool, person: int, scheduled: bool) -> dict[str, Any]:
    """
    One to the ``group``-th group that starts at once, or whose hour comes at once. Its sender ID says which it is:
    ``K`` and its id.
    """
    from domain.models import Campaign, ContactGroup, StartKind
    from domain.rules.campaign_state import CampaignState

    now = datetime.now(UTC)
    made = await Campaign.create(
        account_id=account,
        state=CampaignState.DRAFT,
        text=LONG if long else SHORT,
        created_by=person,
        chat_id=person,
    )
    await made.groups.add(await ContactGroup.get(account_id=account, title=f"g{group}"))
    await Campaign.filter(id=made.id).update(
        name=f"K{made.id}",
        sender_id=f"K{made.id}",
        state=CampaignState.SCHEDULED if scheduled else CampaignState.STARTING,
        start_kind=StartKind.AT if scheduled else StartKind.NOW,
        start_at=now + timedelta(milliseconds=300) if scheduled else None,
        started_at=None if scheduled else now,
    )
    return {"campaign": made.id}


async def upload(*, account: int, number: int, contacts: int, person: int) -> dict[str, Any]:
    """A confirmed import of a file, into a group of its own."""
    from domain.models import ContactGroup
    from domain.usecases import imports

    made = await ContactGroup.create(account_id=account, title=f"i{number}")
    lines = [f"{n},Nombre{n % 1000},,,,x,1,2" for n in numbers_of(number, contacts)]
    job = await imports.receive(
        account, f"i{number}.csv", "\r\n".join(lines).encode(), person_id=person, chat_id=person, group_id=made.id
    )
    await imports.review(account, job)
    await imports.confirm(account, job)
    return {"job": job}


async def blacklist(*, account: int, numbers: list[int]) -> dict[str, Any]:
    """Nothing that is not submitted yet may reach these."""
    from domain import store

    await store.current().blacklist(account, numbers, source="test", by=None, now_ms=_now_ms())
    return {}


_SCENES: Final[dict[str, Callable[..., Awaitable[dict[str, Any]]]]] = {
    scene.__name__: scene for scene in (people, group, campaign, upload, blacklist)
}


def play(scenes: str, answer: str) -> None:
    """
    Args:
        scenes: JSON: a list of names and keyword arguments.
        answer: File that takes the list of what they returned, as JSON.
    """
    asyncio.run(_play(json.loads(scenes), Path(answer)))


async def _play(scenes: list[tuple[str, dict[str, Any]]], answer: Path) -> None:
    from domain import monitoring
    from domain.database import open_database

    monitoring.set_up_logging("WARNING")
    async with open_database(os.environ["PREGON_DATABASE_URL"]):
        told = [await _SCENES[name](**props) for name, props in scenes]
    answer.write_text(json.dumps(told))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
