"""Several senders on PostgreSQL write what they learn of the same messages at the same time."""

import asyncio
import random
from collections.abc import Coroutine, Sequence
from typing import Any, NamedTuple

from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.connection import get_connection

from domain.database import open_database
from domain.models import Campaign, Message, PendingReceipt
from domain.rules.message_state import MessageEvent, MessageState
from domain.store import LatePart, PartAnswer, Receipt, Result, Submission, Word
from domain.store.postgres import PostgresStore
from tests.conftest import create_account
from tests.dispatching import NOW, SENDER, running_campaign, submitted

_ROUNDS = 3
_SIZE = 80  # messages in one of them


def _receipt(smsc_id: str, number: int) -> Receipt:
    told = "default", (smsc_id,), MessageEvent.RECEIPT_DELIVERED, None, SENDER, str(number), NOW + 5_000
    return Receipt(*told, sent_ms=NOW + 1_000, zoned=True)


class Told(NamedTuple):
    """What may be told of a message: it went as one part, or as two of which the second's answer came late."""

    message_id: int
    number: int

    @property
    def long(self) -> bool:
        """Of two parts."""
        return self.message_id % 2 == 0

    @property
    def smsc_ids(self) -> list[str]:
        """Of the message, or of its parts."""
        return [f"{self.message_id}-1", f"{self.message_id}-2"] if self.long else [f"{self.message_id}"]

    @property
    def result(self) -> Result:
        """Of its submit."""
        if not self.long:
            return Result(self.message_id, MessageEvent.SUBMIT_OK, "default", *self.smsc_ids)
        parts = (
            PartAnswer(1, MessageState.ACCEPTED, self.smsc_ids[0], None),
            PartAnswer(2, MessageState.NO_RESPONSE, None, None),
        )
        return Result(self.message_id, MessageEvent.RESPONSE_TIMEOUT, "default", parts=parts)

    @property
    def late(self) -> LatePart:
        """The answer for its second part."""
        return LatePart(self.message_id, "default", PartAnswer(2, MessageState.ACCEPTED, self.smsc_ids[1], None))

    @property
    def receipts(self) -> list[Receipt]:
        """One a part."""
        return [_receipt(smsc_id, self.number) for smsc_id in self.smsc_ids]

    @property
    def words(self) -> list[Word]:
        """One a part."""
        return [Word("default", (smsc_id,), "ENROUTE") for smsc_id in self.smsc_ids]


async def _two_senders() -> tuple[PostgresStore, PostgresStore]:
    client = get_connection("default")
    assert isinstance(client, AsyncpgDBClient)
    return PostgresStore(client), PostgresStore(client)


def _everything(
    stores: tuple[PostgresStore, PostgresStore], campaign: Campaign, rows: Sequence[Told], choice: random.Random
) -> list[Coroutine[Any, Any, object]]:
    """All that may be told of these messages, each in an order of its own: to one sender, and to the other too."""

    def mixed() -> list[Told]:
        return choice.sample(rows, len(rows))

    work: list[Coroutine[Any, Any, object]] = []
    for store in stores:
        work += [
            store.record_results([one.result for one in mixed()], now_ms=NOW),
            store.record_receipts([receipt for one in mixed() for receipt in one.receipts], now_ms=NOW),
            store.record_receipts([receipt for one in mixed() for receipt in one.receipts], now_ms=NOW),
            store.record_words([word for one in mixed() for word in one.words]),
            store.record_late_parts([one.late for one in mixed() if one.long], now_ms=NOW),
            store.adopt_orphans({campaign.id: SENDER}, after=0, limit=_SIZE),
            store.match_inbox(),
        ]
    choice.shuffle(work)
    return work


async def test_what_is_told_from_all_sides_never_waits_in_a_circle(postgres_url: str) -> None:
    """PostgreSQL would end a circle after a second, by refusing one of those in it: nothing here is refused."""
    async with open_database(postgres_url):
        campaign = await running_campaign(await create_account(), size=_SIZE * _ROUNDS)
        stores = await _two_senders()
        await submitted(stores[0], campaign)
        await Message.filter(id__in=[one.id for one in await Message.all() if one.id % 2 == 0]).update(segments=2)
        rows = [Told(one.id, one.msisdn) for one in await Message.all().order_by("id")]
        choice = random.Random(1)
        for start in range(0, len(rows), _SIZE):
            some = rows[start : start + _SIZE]
            early = [receipt for one in choice.sample(some, _SIZE // 2) for receipt in one.receipts]
            await stores[1].record_receipts(early, now_ms=NOW)
            await asyncio.gather(*_everything(stores, campaign, some, choice))

        # A late answer that came before its message was in doubt meant nothing yet.
        await stores[0].record_late_parts([one.late for one in rows if one.long], now_ms=NOW)
        await stores[0].match_inbox()
        assert await Message.exclude(state=MessageState.DELIVERED).values_list("id", "state") == []
        assert await PendingReceipt.all().count() == 0


async def test_a_sweep_leaves_what_another_sender_tries_again(postgres_url: str) -> None:
    """The chunk that it came from is of the sender that is gone; the message is on the wire of one that is not."""
    async with open_database(postgres_url):
        campaign = await running_campaign(await create_account())
        store = (await _two_senders())[0]
        ids = await submitted(store, campaign)
        await store.record_results([Result(ids[0], MessageEvent.UNSENT, "default", retry_ms=NOW)], now_ms=NOW)
        await store.register_sender("s2", host="h", pid=2, now_ms=NOW, lease_ms=NOW + 60_000)
        again = await store.claim("s2", campaign.id, now_ms=NOW, limit=10)
        assert again is not None
        assert await store.mark_submitted("s2", again, [Submission(ids[0], 1)], route="default", now_ms=NOW)

        assert await store.sweep_senders(NOW + 30_000) == 2
        states = await Message.all().order_by("id").values_list("state", flat=True)
        assert states == [MessageState.SUBMITTED, MessageState.DISCONNECTED, MessageState.DISCONNECTED]
