"""What a dispatch is measured on: a simulated SMSC in a process of its own, and a campaign whose messages wait."""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator

from domain import store
from domain.models import Account, Campaign, ContactGroup, ImportJob, ImportState
from domain.rules.campaign_state import CampaignState
from domain.store import ImportedRow

_SLICE = 10_000


@contextlib.asynccontextmanager
async def smsc(*, receipts: bool = False, answer_delay_s: float = 0.0) -> AsyncIterator[int]:
    """A simulated SMSC as a process, its ledger off. Yields its port."""
    behaviour = {
        "builtin": False,
        "default": {"outcome": "delivered" if receipts else "accepted", "answer_delay_s": answer_delay_s},
        "receipt_delay_s": 0,
        "receipt_jitter_s": 0,
    }
    command = (sys.executable, "-m", "sandbox.smsc", "--port", "0", "--behaviour", json.dumps(behaviour))
    program = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert program.stdout is not None
    try:
        yield json.loads(await program.stdout.readline())["smsc_port"]
    finally:
        program.terminate()
        await program.wait()


class Lag:
    """How late an event loop is: what waits for it meanwhile comes all at once."""

    def __init__(self) -> None:
        self.most_s = 0.0

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.005)
            self.most_s = max(self.most_s, time.monotonic() - before - 0.005)


async def fill(messages: int) -> Campaign:
    """Contacts, a group, and a running campaign whose messages are pending."""
    account = await Account.create(name="bench", region="PE", time_zone="America/Lima", sender_id="BENCH")
    group = await ContactGroup.create(account=account, title="bench")
    now_ms = time.time_ns() // 1_000_000
    job = await ImportJob.create(
        account=account, group=group, person_id=1, chat_id=1, file_name="bench", sha256="", state=ImportState.RUNNING
    )
    for first in range(0, messages, _SLICE):
        rows = [
            ImportedRow(51900000000 + n, f"Nombre{n}", "", "", "", "", "", "")
            for n in range(first, min(first + _SLICE, messages))
        ]
        await store.current().import_slice(account.id, group.id, rows, now_ms=now_ms, job_id=job.id)
    campaign = await Campaign.create(
        account=account,
        name="bench",
        state=CampaignState.RUNNING,
        text="Hola {{ nombre }}, su pago vence hoy. Evite intereses pagando en linea.",
        sender_id="BENCH",
        created_by=1,
        chat_id=1,
    )
    await campaign.groups.add(group)
    after: int | None = 0
    while after is not None:
        after = await store.current().expand(campaign.id, after=after, limit=_SLICE)
    return campaign
