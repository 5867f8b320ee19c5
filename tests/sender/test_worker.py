"""A sender, a real database and a real SMSC on the other end of the wire."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tortoise.expressions import F

from domain.models import Account, BlacklistEntry, Campaign, Chunk, Contact, ContactGroup, Message, Retry, Sender
from domain.rules.campaign_state import CampaignState
from domain.rules.message_state import MessageEvent, MessageState
from domain.rules.reach import NOT_ENABLED
from domain.rules.route import parse_route
from domain.store import current
from domain.store.sqlite import connection
from domain.usecases import numbering
from sandbox.smsc import Behaviour, Outcome, Script, Smsc
from sender.feed import TEXT_REFUSED, UNRENDERED
from sender.smpp import Encoder
from sender.worker import Worker

DEADLINE_S = 20.0
NOW_MS = 1_800_000_000_000


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    """Delivers everything at once."""
    smsc = Smsc(script=Script(builtin=False, receipt_delay_s=0.0, receipt_jitter_s=0.0))
    await smsc.start()
    yield smsc
    await smsc.stop()


async def _campaign(account: Account, size: int, text: str = "Hola {{ nombre }}") -> Campaign:
    group = await ContactGroup.create(account=account, title="grupo", revision=1)
    await Contact.bulk_create(
        Contact(account=account, msisdn=51987760000 + n, first_name=f"N{n}", created_ms=NOW_MS, updated_ms=NOW_MS)
        for n in range(size)
    )
    await Contact._meta.db.execute_script(
        f"insert into group_contact (group_id, contact_id) select {group.id}, id from contact"
    )
    campaign = await Campaign.create(
        account=account,
        name="c",
        state=CampaignState.STARTING,
        text=text,
        sender_id="PREGON",
        created_by=1001,
        chat_id=1001,
    )
    await campaign.groups.add(group)
    return campaign


@asynccontextmanager
async def _sending(smsc: Smsc, **options: object) -> AsyncIterator[Worker]:
    query = "&".join(f"{name}={value}" for name, value in {"window": 10, **options}.items())
    worker = Worker([parse_route("default", f"smpp://pregon:test@127.0.0.1:{smsc.port}?{query}")])
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    try:
        yield worker
    finally:
        stop.set()
        await running


async def _until(what: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not await what():
            await asyncio.sleep(0.02)


def _in_state(campaign: Campaign, state: CampaignState) -> Callable[[], Awaitable[bool]]:
    return lambda: Campaign.exists(id=campaign.id, state=state)


async def _counts() -> dict[MessageState, int]:
    found: dict[MessageState, int] = {}
    for message in await Message.all():
        found[message.state] = found.get(message.state, 0) + 1
    return found


async def test_a_campaign_reaches_every_phone_once_and_is_delivered(account: Account, smsc: Smsc) -> None:
    """More than a chunk of messages, a window of ten, a receipt each."""
    campaign = await _campaign(account, 1_200)
    async with _sending(smsc):
        await _until(_in_state(campaign, CampaignState.COMPLETED))
        await _until(_no_accepted)

    summary = smsc.summary()
    assert summary.received == 1_200
    assert summary.duplicates == 0
    assert await _counts() == {MessageState.DELIVERED: 1_200}
    assert await Chunk.exclude(state="done").count() == 0
    assert await Sender.all().count() == 0, "it left in order"


async def _no_accepted() -> bool:
    return not await Message.exists(state=MessageState.ACCEPTED)


async def test_a_country_that_is_not_enabled_is_never_submitted_to(account: Account, smsc: Smsc) -> None:
    """Such contacts may stand there from before; what was enabled meanwhile is sent to."""
    campaign = await _campaign(account, 4, text="Hola")
    await Contact.filter(msisdn=51987760001).update(msisdn=573001234567)
    await Contact.filter(msisdn=51987760002).update(msisdn=14155552671)
    await numbering.enable(account.id, ["US"], by=1001)
    async with _sending(smsc):
        await _until(_in_state(campaign, CampaignState.COMPLETED))
        await _until(_no_accepted)

    outcomes = {message.msisdn: (message.state, message.error) for message in await Message.all()}
    assert outcomes.pop(573001234567) == (MessageState.INVALID_NUMBER, NOT_ENABLED)
    assert {state for state, _ in outcomes.values()} == {MessageState.DELIVERED}
    assert await Message.get(msisdn=573001234567).values_list("submitted_ms", flat=True) is None


async def test_a_country_that_is_disabled_meanwhile_is_submitted_to_no_more(account: Account, smsc: Smsc) -> None:
    """What was ready for it is dropped and judged anew."""
    await numbering.enable(account.id, ["CO"], by=1001)
    campaign = await _campaign(account, 40, text="Hola")
    await Contact.filter(msisdn__gte=51987760001).update(msisdn=F("msisdn") + (573001234567 - 51987760000))
    await Campaign.filter(id=campaign.id).update(tps=1)
    async with _sending(smsc):
        await _until(_any_delivered)
        await numbering.disable(account.id, "CO", by=1001)
        await _until(_in_state(campaign, CampaignState.COMPLETED))

    assert await Message.filter(state=MessageState.INVALID_NUMBER, error=NOT_ENABLED).count() > 20


async def _any_delivered() -> bool:
    return await Message.exists(state=MessageState.DELIVERED)


async def test_refused_throttled_and_blacklisted_are_told_apart(account: Account, smsc: Smsc) -> None:
    """A refusal fails, throttling tries again, the blacklist is never submitted."""
    campaign = await _campaign(account, 6, text="Hola")
    await BlacklistEntry.create(account=account, msisdn=51987760005, source="manual", created_ms=NOW_MS)
    smsc.set_behaviour(
        numbers={
            "51987760000": Behaviour(outcome=Outcome.REFUSED, status=11),
            "51987760001": Behaviour(outcome=Outcome.THROTTLED, times=1),
            "51987760002": Behaviour(outcome=Outcome.EXPIRED),
            "51987760003": Behaviour(outcome=Outcome.UNDELIVERABLE),
        }
    )
    async with _sending(smsc):
        await _until(_in_state(campaign, CampaignState.COMPLETED))
        await _until(_no_accepted)

    states = {message.msisdn % 10: message.state for message in await Message.all()}
    assert states == {
        0: MessageState.FAILED,
        1: MessageState.DELIVERED,
        2: MessageState.EXPIRED,
        3: MessageState.REJECTED,
        4: MessageState.DELIVERED,
        5: MessageState.BLOCKED,
    }
    assert (await Message.get(msisdn=51987760000)).error == "ESME_RINVDSTADR"
    assert await Retry.all().count() == 0


async def test_a_silent_operator_leaves_a_doubt_and_nothing_goes_again(account: Account, smsc: Smsc) -> None:
    """The response timer runs out; the campaign ends; nobody sends it a second time by himself."""
    campaign = await _campaign(account, 3, text="Hola")
    smsc.set_behaviour(numbers={"51987760001": Behaviour(outcome=Outcome.SILENT)})
    async with _sending(smsc, response_timeout_s=1):
        await _until(_in_state(campaign, CampaignState.COMPLETED))
        await _until(_no_accepted)

    assert await _counts() == {MessageState.DELIVERED: 2, MessageState.NO_RESPONSE: 1}
    assert smsc.summary().received == 3


async def test_a_lost_link_leaves_at_most_its_window_in_doubt(account: Account, smsc: Smsc) -> None:
    """The rest goes over the next connection."""
    campaign = await _campaign(account, 400, text="Hola")
    async with _sending(smsc):
        await smsc.wait_for(lambda summary: summary.received >= 100)
        smsc.drop_links()
        await _until(_in_state(campaign, CampaignState.COMPLETED))
        await _until(_no_accepted)

    counts = await _counts()
    assert counts.get(MessageState.DISCONNECTED, 0) + counts.get(MessageState.NO_RESPONSE, 0) <= 10
    assert sum(counts.values()) == 400
    assert smsc.summary().duplicates == 0


async def test_a_long_text_goes_in_parts_and_is_one_message(account: Account, smsc: Smsc) -> None:
    """Each part is billed; the message is delivered when all of them are."""
    campaign = await _campaign(account, 5, text="Hola {{ nombre }}, " + "x" * 200)
    async with _sending(smsc):
        await _until(_in_state(campaign, CampaignState.COMPLETED))
        await _until(_no_accepted)

    assert await _counts() == {MessageState.DELIVERED: 5}
    assert smsc.summary().received == 10
    assert {message.segments for message in await Message.all()} == {2}


async def test_a_stopped_campaign_goes_on_where_it_was(account: Account, smsc: Smsc) -> None:
    """Parar falls silent; Continuar sends the rest and nothing twice."""
    campaign = await _campaign(account, 300, text="Hola")
    async with _sending(smsc, tps=100):
        await smsc.wait_for(lambda summary: summary.received >= 20)
        await Campaign.filter(id=campaign.id).update(state=CampaignState.PAUSED)
        await asyncio.sleep(0.5)
        silent = smsc.summary().received
        await asyncio.sleep(0.5)
        assert smsc.summary().received == silent
        await Campaign.filter(id=campaign.id).update(state=CampaignState.STARTING)
        await _until(_in_state(campaign, CampaignState.COMPLETED))
        await _until(_no_accepted)

    assert smsc.summary().received == 300
    assert smsc.summary().duplicates == 0


async def test_a_permanent_campaign_serves_who_joins_later(account: Account, smsc: Smsc) -> None:
    """Within seconds of being added to the group, and once."""
    campaign = await _campaign(account, 2, text="Hola")
    await Campaign.filter(id=campaign.id).update(mode="permanent")
    async with _sending(smsc):
        await smsc.wait_for(lambda summary: summary.received == 2)
        late = await Contact.create(account=account, msisdn=51987769999, created_ms=NOW_MS, updated_ms=NOW_MS)
        group = await ContactGroup.get(title="grupo")
        await Contact._meta.db.execute_script(
            f"insert into group_contact (group_id, contact_id) values ({group.id}, {late.id})"
        )
        await ContactGroup.filter(id=group.id).update(revision=2)
        await smsc.wait_for(lambda summary: summary.received == 3)

    assert await Campaign.exists(id=campaign.id, state=CampaignState.RUNNING)
    assert smsc.summary().duplicates == 0


class _Trouble:
    """Stands in front of a method of the store: fails where told to, and keeps what went through."""

    def __init__(self, real: Callable[..., Awaitable[Any]]) -> None:
        self._real = real
        self.fails: Callable[[Sequence[Any]], bool] = lambda batch: False
        self.after = False  # the commit happens, and its answer gets lost
        self.delay_s = 0.0
        self.failures = 0
        self.passed: list[Sequence[Any]] = []

    async def __call__(self, *args: Any, **options: Any) -> Any:
        batch = next(arg for arg in args if isinstance(arg, list))
        await asyncio.sleep(self.delay_s)
        failing = self.fails(batch)
        if not failing or self.after:
            answer = await self._real(*args, **options)
        if failing:
            self.failures += 1
            raise OSError("trouble")
        self.passed.append(batch)
        return answer


@pytest.fixture
def trouble(account: Account, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], _Trouble]:
    """Puts trouble in front of a method of the open store."""

    def put(method: str) -> _Trouble:
        standing = _Trouble(getattr(current(), method))
        monkeypatch.setattr(current(), method, standing)
        return standing

    return put


async def test_nothing_is_written_before_its_mark_is_committed(
    account: Account, smsc: Smsc, trouble: Callable[[str], _Trouble]
) -> None:
    """While the database refuses, the wire is silent; then everybody gets it once."""
    campaign = await _campaign(account, 30, text="Hola")
    marks = trouble("mark_submitted")
    marks.fails = lambda batch: True
    async with _sending(smsc):
        await _until(_true(lambda: marks.failures >= 2))
        assert smsc.summary().received == 0
        assert await _counts() == {MessageState.PENDING: 30}
        marks.fails = lambda batch: False
        await _until(_in_state(campaign, CampaignState.COMPLETED))
        await _until(_no_accepted)

    assert smsc.summary().received == 30
    assert smsc.summary().duplicates == 0


async def test_a_mark_of_which_the_answer_is_lost_is_not_written_and_goes_again(
    account: Account, smsc: Smsc, trouble: Callable[[str], _Trouble]
) -> None:
    """It is in the database as submitted, but certainly not one byte left: it is taken back, and sent once."""
    campaign = await _campaign(account, 30, text="Hola")
    marks = trouble("mark_submitted")
    marks.fails = lambda batch: marks.failures == 0
    marks.after = True
    async with _sending(smsc):
        await _until(_in_state(campaign, CampaignState.COMPLETED))
        await _until(_no_accepted)

    assert marks.failures == 1
    assert smsc.summary().received == 30
    assert smsc.summary().duplicates == 0


async def test_a_mark_whose_commit_comes_too_late_ends_in_doubt(
    account: Account, smsc: Smsc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its connection broke with the statement running: the campaign still ends, and nothing stays submitted."""
    campaign = await _campaign(account, 30, text="Hola")
    marked, late = current().mark_submitted, list[Any]()

    async def mark(sender: str, claim: Any, batch: Sequence[Any], **more: Any) -> frozenset[int]:
        if not late or len(batch) == 1:
            late.append(batch[0])
            raise ConnectionError
        if late[0] is not None:  # the others were looked at one by one, and given up: now it comes true
            assert await marked(sender, claim, [late[0]], **more) == {late[0].message_id}
            late[0] = None
        return await marked(sender, claim, batch, **more)

    monkeypatch.setattr(current(), "mark_submitted", mark)
    async with _sending(smsc):
        await _until(_in_state(campaign, CampaignState.COMPLETED))
        await _until(_no_accepted)

    assert await _counts() == {MessageState.DELIVERED: 29, MessageState.DISCONNECTED: 1}
    assert smsc.summary().received == 29


async def test_no_more_is_marked_than_fits_in_the_window(
    account: Account, smsc: Smsc, trouble: Callable[[str], _Trouble]
) -> None:
    """Also while one batch is being committed and the next one waits: nothing is handed back and marked again."""
    campaign = await _campaign(account, 300, text="Hola")
    marks = trouble("mark_submitted")
    marks.delay_s = 0.005
    async with _sending(smsc, window=10):
        await _until(_in_state(campaign, CampaignState.COMPLETED))

    assert max(map(len, marks.passed)) <= 10
    assert sum(map(len, marks.passed)) == 300


async def test_a_response_makes_no_room_before_its_result_is_committed(
    account: Account, smsc: Smsc, trouble: Callable[[str], _Trouble]
) -> None:
    """
    A crash would put it in doubt, and never more than a window may be: also not while results cannot be written. Only
    what was to share a commit with the first ones that failed is there already.
    """
    campaign = await _campaign(account, 60, text="Hola")
    results = trouble("record_results")
    results.fails = lambda batch: True
    async with _sending(smsc, window=10):
        await _until(_true(lambda: results.failures >= 3))
        received, counts = smsc.summary().received, await _counts()
        results.fails = lambda batch: False
        await _until(_in_state(campaign, CampaignState.COMPLETED))

    assert received <= counts[MessageState.SUBMITTED] <= (20 if current().in_order else 10)
    assert smsc.summary().received == 60


async def test_no_commit_leaves_more_than_a_window_to_be_answered(
    sqlite_account: Account, smsc: Smsc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Marks are asked for as soon as results are, not once they are written; a crash finds them both or neither."""
    run, open_then = connection._run_group, list[int]()

    def look(works: Sequence[Any], db: sqlite3.Connection) -> Any:
        outcomes = run(works, db)
        open_then.append(db.execute("select count(*) from message where state = 'submitted'").fetchone()[0])
        return outcomes

    monkeypatch.setattr(connection, "_run_group", look)
    campaign = await _campaign(sqlite_account, 600, text="Hola")
    async with _sending(smsc, window=10):
        await _until(_in_state(campaign, CampaignState.COMPLETED))

    assert max(open_then) == 10
    assert smsc.summary().received == 600


async def test_one_bad_result_does_not_hold_up_the_others(
    account: Account, smsc: Smsc, trouble: Callable[[str], _Trouble]
) -> None:
    """The batch is retried one by one; the bad one is kept, and written when it can be."""
    campaign = await _campaign(account, 40, text="Hola")
    smsc.set_behaviour(numbers={"51987760007": Behaviour(outcome=Outcome.REFUSED, status=11)})
    results = trouble("record_results")
    results.fails = lambda batch: any(result.event is MessageEvent.SUBMIT_ERROR for result in batch)
    async with _sending(smsc):
        await _until(lambda: _settled_but(1))
        assert (await _counts())[MessageState.SUBMITTED] == 1
        results.fails = lambda batch: False
        await _until(_in_state(campaign, CampaignState.COMPLETED))

    assert await _counts() == {MessageState.DELIVERED: 39, MessageState.FAILED: 1}
    assert smsc.summary().received == 40


async def test_one_message_that_cannot_be_marked_does_not_hold_up_the_others(
    account: Account, smsc: Smsc, trouble: Callable[[str], _Trouble]
) -> None:
    """The batch is marked one by one; the bad one stays pending, and goes when it can be marked."""
    campaign = await _campaign(account, 40, text="Hola")
    marks = trouble("mark_submitted")
    marks.fails = lambda batch: any(submission.message_id % 40 == 7 for submission in batch)
    async with _sending(smsc):
        await _until(_true(lambda: smsc.summary().received == 39))
        marks.fails = lambda batch: False
        await _until(_in_state(campaign, CampaignState.COMPLETED))
        await _until(_no_accepted)

    assert await _counts() == {MessageState.DELIVERED: 40}
    assert smsc.summary().duplicates == 0


async def test_one_message_that_cannot_be_rendered_does_not_hold_up_the_others(
    account: Account, smsc: Smsc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours with one row is that row's end, with a word for it, not the campaign's."""
    outgoing = Encoder.outgoing

    def faulty(self: Encoder, text: str, **options: Any) -> Any:
        if options["msisdn"] % 40 == 7:
            raise ZeroDivisionError
        return outgoing(self, text, **options)

    monkeypatch.setattr(Encoder, "outgoing", faulty)
    campaign = await _campaign(account, 40)
    async with _sending(smsc):
        await _until(_in_state(campaign, CampaignState.COMPLETED))
        await _until(_no_accepted)

    assert await _counts() == {MessageState.DELIVERED: 39, MessageState.INVALID_NUMBER: 1}
    assert [message.error for message in await Message.filter(state=MessageState.INVALID_NUMBER)] == [UNRENDERED]


async def test_a_campaign_with_a_daily_cap_stops_at_it_and_stays_running(account: Account, smsc: Smsc) -> None:
    """The others of its account go on."""
    capped, other = await _campaign(account, 30), await _campaign_of(account, 20)
    await Campaign.filter(id=capped.id).update(daily_cap=12)
    async with _sending(smsc):
        await _until(_in_state(other, CampaignState.COMPLETED))
        await _until(_true(lambda: smsc.summary().received >= 12 + 20))

    assert smsc.summary().received == 12 + 20
    assert await Campaign.exists(id=capped.id, state=CampaignState.RUNNING)


async def _campaign_of(account: Account, size: int) -> Campaign:
    """Another one, of contacts that are there already."""
    group = await ContactGroup.create(account=account, title="otro", revision=1)
    await Contact._meta.db.execute_script(
        f"insert into group_contact (group_id, contact_id) select {group.id}, id from contact order by id limit {size}"
    )
    campaign = await Campaign.create(
        account=account, name="d", state=CampaignState.STARTING, text="Hola", sender_id="P", created_by=1001, chat_id=1
    )
    await campaign.groups.add(group)
    return campaign


async def test_receipts_that_cannot_be_stored_are_not_acknowledged(
    account: Account, smsc: Smsc, trouble: Callable[[str], _Trouble]
) -> None:
    """The link is dropped and the operator sends them again; then they count."""
    campaign = await _campaign(account, 5, text="Hola")
    smsc.set_behaviour(
        script=Script(builtin=False, receipt_delay_s=0.5, receipt_jitter_s=0.0)
    )  # when the responses have been read
    receipts = trouble("record_receipts")
    receipts.fails = lambda batch: True
    async with _sending(smsc):
        await _until(_true(lambda: receipts.failures > 0))
        assert smsc.summary().acknowledged == 0
        receipts.fails = lambda batch: False
        await _until(_in_state(campaign, CampaignState.COMPLETED))
        await _until(_true(lambda: smsc.summary().acknowledged == 5))

    assert await _counts() == {MessageState.DELIVERED: 5}


async def test_one_bad_receipt_does_not_take_the_others_with_it(
    account: Account, smsc: Smsc, trouble: Callable[[str], _Trouble]
) -> None:
    """The others are stored and acknowledged one by one."""
    campaign = await _campaign(account, 20, text="Hola")
    smsc.set_behaviour(script=Script(builtin=False, receipt_delay_s=0.5, receipt_jitter_s=0.0))
    receipts = trouble("record_receipts")
    receipts.fails = lambda batch: any(receipt.destination.endswith("7") for receipt in batch)
    async with _sending(smsc, window=20):
        await _until(_in_state(campaign, CampaignState.COMPLETED))
        await _until(lambda: _settled_but(2))
        assert smsc.summary().acknowledged == 18
        receipts.fails = lambda batch: False
        await _until(_no_accepted)

    assert await _counts() == {MessageState.DELIVERED: 20}


async def test_every_running_campaign_gets_its_turn(account: Account, smsc: Smsc) -> None:
    """A small one is not stuck behind the large one that was there first."""
    large = await _campaign(account, 1_500)
    group = await ContactGroup.create(account=account, title="pocos", revision=1)
    await Contact._meta.db.execute_script(
        f"insert into group_contact (group_id, contact_id)"
        f" select {group.id}, id from contact where msisdn < 51987760003"
    )
    small = await Campaign.create(
        account=account,
        name="s",
        state=CampaignState.STARTING,
        text="Corto",
        sender_id="PREGON",
        created_by=1001,
        chat_id=1001,
    )
    await small.groups.add(group)
    async with _sending(smsc, tps=400):
        await _until(_in_state(small, CampaignState.COMPLETED))
        assert await Campaign.exists(id=large.id, state=CampaignState.RUNNING)


def _true(what: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        return what()

    return check


async def _settled_but(some: int) -> bool:
    """All but so many have been delivered."""
    return await Message.exclude(state=MessageState.DELIVERED).count() == some


async def test_a_text_that_cannot_be_sent_stops_the_campaign_with_the_reason(account: Account, smsc: Smsc) -> None:
    """It was refused when it was written; a row from elsewhere must not stop the sender."""
    campaign = await _campaign(account, 2, text="Hola {% for x in y %}")
    async with _sending(smsc):
        await _until(_in_state(campaign, CampaignState.PAUSED))

    assert (await Campaign.get(id=campaign.id)).state_reason == TEXT_REFUSED
    assert smsc.summary().received == 0
