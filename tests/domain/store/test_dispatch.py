"""Claims, submits, answers and receipts on both engines: the guards that keep a message from going twice."""

import pytest

from domain.models import (
    Account,
    BlacklistEntry,
    Campaign,
    Chunk,
    Contact,
    ContactGroup,
    Message,
    PendingReceipt,
    Retry,
    Sender,
)
from domain.rules.campaign_state import CampaignState
from domain.rules.message_state import MessageEvent, MessageState
from domain.store import Claim, PartAnswer, Receipt, Result, Store, Submission
from domain.store.postgres import claims as postgres_claims
from domain.store.sqlite import SqliteStore
from domain.store.sqlite import claims as sqlite_claims

NOW = 1_800_000_000_000  # epoch ms
LEASE = NOW + 15_000


async def _campaign(account: Account, size: int = 3) -> Campaign:
    group = await ContactGroup.create(account=account, title="grupo")
    numbers = range(51987763010, 51987763010 + size)
    await Contact.bulk_create(
        Contact(account=account, msisdn=msisdn, first_name=f"n{msisdn % 100}", created_ms=NOW, updated_ms=NOW)
        for msisdn in numbers
    )
    ids = await Contact.filter(account=account).order_by("id").values_list("id", flat=True)
    connection = Contact._meta.db
    for contact_id in ids:
        await connection.execute_script(f"insert into group_contact values ({group.id}, {contact_id})")
    campaign = await Campaign.create(
        account=account, name="c", state=CampaignState.RUNNING, text="Hola", sender_id="X", created_by=1, chat_id=1
    )
    await campaign.groups.add(group)
    return campaign


@pytest.fixture
async def campaign(account: Account) -> Campaign:
    """Three contacts, running, not expanded."""
    return await _campaign(account)


async def _expanded(store: Store, campaign: Campaign, sender: str = "s1") -> Claim:
    await store.register_sender(sender, host="h", pid=1, now_ms=NOW, lease_ms=LEASE)
    assert await store.expand(campaign.id, after=0, limit=100) is not None
    claim = await store.claim(sender, campaign.id, now_ms=NOW, limit=100)
    assert claim is not None
    return claim


async def _submitted(store: Store, campaign: Campaign) -> tuple[Claim, list[int]]:
    claim = await _expanded(store, campaign)
    ids = [row.message_id for row in await store.pending(claim)]
    marked = await store.mark_submitted("s1", claim, [Submission(i, 1) for i in ids], route="default", now_ms=NOW)
    assert marked == set(ids)
    return claim, ids


async def _states() -> list[MessageState]:
    return [message.state for message in await Message.all().order_by("id")]


def _receipt(smsc_id: str, event: MessageEvent = MessageEvent.RECEIPT_DELIVERED) -> Receipt:
    return Receipt("default", (smsc_id,), event, None, "X", "51987763010", NOW)


async def test_expanding_twice_makes_each_message_once(store: Store, campaign: Campaign) -> None:
    """A kill in the middle of an expansion is followed by another one from the start."""
    await store.expand(campaign.id, after=0, limit=2)
    await store.expand(campaign.id, after=0, limit=100)

    assert await Message.all().count() == 3
    assert await store.expand(campaign.id, after=10_000, limit=100) is None


async def test_an_expansion_in_slices_reaches_everybody(store: Store, account: Account) -> None:
    """The last contact of a slice is where the next one begins."""
    campaign = await _campaign(account, size=7)
    after: int | None = 0
    slices = 0
    while after is not None:
        after = await store.expand(campaign.id, after=after, limit=3)
        slices += 1

    assert await Message.all().count() == 7
    assert slices == 4
    assert sum(c.hi - c.lo + 1 for c in await Chunk.all()) == 7


async def test_chunks_that_are_left_to_others_are_not_claimed(store: Store, account: Account) -> None:
    """Another sender takes them; and with a limit of 0 no retries are claimed."""
    campaign = await _campaign(account, size=4)
    await store.register_sender("s1", host="h", pid=1, now_ms=NOW, lease_ms=LEASE)
    for after in (0, 2):
        await store.expand(campaign.id, after=after, limit=2)
    first, second = [chunk.id for chunk in await Chunk.all().order_by("id")]
    claim = await store.claim("s1", campaign.id, now_ms=NOW, limit=10, without=[first])
    assert claim == Claim(campaign.id, second, ())
    assert await store.claim("s1", campaign.id, now_ms=NOW, limit=10, without=[first]) is None
    message = await Message.all().order_by("id").first()
    assert message is not None
    await Retry.create(message_id=message.id, campaign_id=campaign.id, next_ms=NOW)

    assert await store.claim("s1", campaign.id, now_ms=NOW, limit=0) == Claim(campaign.id, first, ())
    assert await store.claim("s1", campaign.id, now_ms=NOW, limit=10) == Claim(campaign.id, None, (message.id,))


async def test_a_blacklisted_contact_is_blocked_from_the_start(
    store: Store, campaign: Campaign, account: Account
) -> None:
    """It is counted, and never claimed."""
    await BlacklistEntry.create(account=account, msisdn=51987763011, source="manual", created_ms=NOW)
    claim = await _expanded(store, campaign)

    assert [row.msisdn for row in await store.pending(claim)] == [51987763010, 51987763012]
    assert (await store.counts(campaign.id))[MessageState.BLOCKED] == 1


async def test_a_number_blacklisted_after_the_claim_is_not_submitted(
    store: Store, campaign: Campaign, account: Account
) -> None:
    """An opt-out of a moment ago counts: the check is in the transaction that marks."""
    claim = await _expanded(store, campaign)
    ids = [row.message_id for row in await store.pending(claim)]
    await BlacklistEntry.create(account=account, msisdn=51987763010, source="optout", created_ms=NOW)
    marked = await store.mark_submitted("s1", claim, [Submission(i, 1) for i in ids], route="r", now_ms=NOW)

    assert marked == set(ids[1:])
    assert (await _states())[0] is MessageState.BLOCKED


async def test_a_chunk_is_claimed_once(store: Store, campaign: Campaign) -> None:
    """The second look finds nothing."""
    await _expanded(store, campaign)

    assert await store.claim("s1", campaign.id, now_ms=NOW, limit=10) is None


async def test_nothing_is_marked_twice(store: Store, campaign: Campaign) -> None:
    """What is submitted already is left out of the answer."""
    claim, ids = await _submitted(store, campaign)

    again = await store.mark_submitted("s1", claim, [Submission(i, 1) for i in ids], route="default", now_ms=NOW)
    assert again == frozenset()


async def test_a_stopped_campaign_marks_nothing(store: Store, campaign: Campaign) -> None:
    """Parar is silent within one window."""
    claim = await _expanded(store, campaign)
    ids = [row.message_id for row in await store.pending(claim)]
    await Campaign.filter(id=campaign.id).update(state=CampaignState.PAUSED)

    assert not await store.mark_submitted("s1", claim, [Submission(i, 1) for i in ids], route="r", now_ms=NOW)
    assert await store.claim("s1", campaign.id, now_ms=NOW, limit=10) is None


async def test_a_sender_without_a_row_marks_nothing(store: Store, campaign: Campaign) -> None:
    """Its lease was swept while it was stalled: what it held is another's."""
    claim = await _expanded(store, campaign)
    ids = [row.message_id for row in await store.pending(claim)]
    assert await store.sweep_senders(LEASE + 1) == 0

    assert not await store.mark_submitted("s1", claim, [Submission(i, 1) for i in ids], route="r", now_ms=NOW)
    assert not await store.renew_sender("s1", lease_ms=LEASE, links=[])


async def test_a_sweep_puts_what_was_in_flight_in_doubt_and_frees_the_rest(store: Store, campaign: Campaign) -> None:
    """The bytes may have left; nobody sends them again by himself."""
    claim = await _expanded(store, campaign)
    rows = await store.pending(claim)
    await store.mark_submitted("s1", claim, [Submission(rows[0].message_id, 1)], route="r", now_ms=NOW)

    assert await store.sweep_senders(LEASE + 1) == 1
    assert await _states() == [MessageState.DISCONNECTED, MessageState.PENDING, MessageState.PENDING]
    await store.register_sender("s2", host="h", pid=2, now_ms=NOW, lease_ms=LEASE)
    again = await store.claim("s2", campaign.id, now_ms=NOW, limit=10)
    assert again is not None
    assert len(await store.pending(again)) == 2


async def test_results_move_the_message_and_the_chunk_ends(store: Store, campaign: Campaign) -> None:
    """Accepted, refused and timed out; then the claim is given back and the campaign is drained."""
    claim, ids = await _submitted(store, campaign)
    evidence = await store.record_results(
        [
            Result(ids[0], MessageEvent.SUBMIT_OK, "default", smsc_message_id="a1"),
            Result(ids[1], MessageEvent.SUBMIT_ERROR, "default", error="0xb"),
            Result(ids[2], MessageEvent.RESPONSE_TIMEOUT, "default"),
        ],
        now_ms=NOW,
    )
    assert await store.undone(campaign.id) == 1
    await store.finish_claim("s1", claim)

    assert await _states() == [MessageState.ACCEPTED, MessageState.FAILED, MessageState.NO_RESPONSE]
    assert evidence.refused == 0
    assert await store.undone(campaign.id) == 0
    assert (await store.submitted_segments(campaign.id))[MessageState.ACCEPTED] == 1


async def test_a_throttled_message_goes_again_by_itself(store: Store, campaign: Campaign) -> None:
    """It leaves its chunk, waits, and is claimed alone; why it was refused is counted apart."""
    claim, ids = await _submitted(store, campaign)
    await store.record_results(
        [
            Result(ids[0], MessageEvent.SUBMIT_THROTTLED, "default", error="0x58", retry_ms=NOW + 1000),
            *(Result(i, MessageEvent.SUBMIT_OK, "default", smsc_message_id=f"m{i}") for i in ids[1:]),
        ],
        now_ms=NOW,
    )
    await store.finish_claim("s1", claim)

    assert await store.undone(campaign.id) == 1
    assert await store.claim("s1", campaign.id, now_ms=NOW, limit=10) is None
    for event, counted in (
        (MessageEvent.SUBMIT_THROTTLED, (0, 1)),
        (MessageEvent.SUBMIT_RETRY, (0, 2)),
        (MessageEvent.UNSENT, (1, 2)),
        (MessageEvent.SUBMIT_OK, (1, 2)),
    ):
        again = await store.claim("s1", campaign.id, now_ms=NOW + 1000, limit=10)
        assert again == Claim(campaign.id, None, (ids[0],))
        assert [(row.tries, row.throttled) for row in await store.pending(again)] == [counted]
        assert await store.mark_submitted("s1", again, [Submission(ids[0], 1)], route="r", now_ms=NOW) == {ids[0]}
        await store.record_results([Result(ids[0], event, "r", retry_ms=NOW)], now_ms=NOW)
    await store.finish_claim("s1", again)
    assert await store.undone(campaign.id) == 0
    assert await Retry.all().count() == 0


async def test_a_clock_that_was_set_back_does_not_hold_a_retry(store: Store, campaign: Campaign) -> None:
    """It was put off by seconds, an hour ahead of what the clock says now."""
    _, ids = await _submitted(store, campaign)
    ahead = NOW + 3_600_000
    await store.record_results([Result(ids[0], MessageEvent.SUBMIT_RETRY, "default", retry_ms=ahead)], now_ms=ahead)

    assert await store.claim("s1", campaign.id, now_ms=NOW, limit=10) == Claim(campaign.id, None, (ids[0],))


async def test_a_retry_in_flight_is_swept_into_doubt_with_its_own_sender(store: Store, campaign: Campaign) -> None:
    """Not with the sender that still holds the chunk that it came from."""
    _, ids = await _submitted(store, campaign)
    await store.record_results([Result(ids[0], MessageEvent.SUBMIT_RETRY, "default", retry_ms=NOW)], now_ms=NOW)
    again = await store.claim("s1", campaign.id, now_ms=NOW, limit=10)
    assert again is not None
    await store.mark_submitted("s1", again, [Submission(ids[0], 1)], route="r", now_ms=NOW)

    assert await store.sweep_senders(LEASE + 1) == 3
    assert set(await _states()) == {MessageState.DISCONNECTED}
    assert await Retry.all().count() == 0
    assert await Sender.all().count() == 0


async def test_a_mark_whose_commit_came_too_late_is_in_doubt(store: Store, campaign: Campaign) -> None:
    """Its sender took it for failed and gave the chunk back; who is held is left alone."""
    claim, ids = await _submitted(store, campaign)
    assert await store.in_flight(campaign.id) == ids
    assert await store.lose(ids, now_ms=NOW) == 0
    await store.record_results([Result(ids[0], MessageEvent.SUBMIT_OK, "default", smsc_message_id="a1")], now_ms=NOW)
    await store.record_results([Result(ids[1], MessageEvent.SUBMIT_RETRY, "default", retry_ms=NOW)], now_ms=NOW)
    await store.finish_claim("s1", claim)
    again = await store.claim("s1", campaign.id, now_ms=NOW, limit=10)
    assert again == Claim(campaign.id, None, (ids[1],))
    await store.mark_submitted("s1", again, [Submission(ids[1], 1)], route="r", now_ms=NOW)

    assert await store.in_flight(campaign.id) == ids[1:]
    assert await store.lose(ids, now_ms=NOW) == 1
    assert await _states() == [MessageState.ACCEPTED, MessageState.SUBMITTED, MessageState.DISCONNECTED]
    assert await store.lose(ids, now_ms=NOW) == 0


@pytest.mark.parametrize("event", [MessageEvent.UNSENT, MessageEvent.SUBMIT_THROTTLED, MessageEvent.SUBMIT_RETRY])
async def test_who_lost_its_lease_takes_back_no_submit_of_another(
    store: Store, campaign: Campaign, event: MessageEvent
) -> None:
    """Its mark failed, and it could not say so before another sender had the message, which is on the wire now."""
    claim = await _expanded(store, campaign)
    ids = [row.message_id for row in await store.pending(claim)]
    await store.sweep_senders(LEASE + 1)
    await store.register_sender("s2", host="h", pid=2, now_ms=LEASE + 1, lease_ms=LEASE + 15_000)
    other = await store.claim("s2", campaign.id, now_ms=LEASE + 1, limit=100)
    assert other is not None
    batch = [Submission(i, 1) for i in ids]
    await store.mark_submitted("s2", other, batch, route="default", now_ms=LEASE + 2)
    evidence = await store.record_results(
        [Result(ids[0], event, "default", marks_ms=(NOW, NOW + 500)), Result(ids[1], event, "default", marks_ms=())],
        now_ms=LEASE + 3,
    )

    assert evidence.refused == 2
    assert await _states() == [MessageState.SUBMITTED] * 3
    assert await Retry.all().count() == 0
    await store.record_results([Result(ids[2], event, "default", marks_ms=(NOW, LEASE + 2))], now_ms=LEASE + 3)
    assert (await _states())[2] is MessageState.PENDING


async def test_only_who_holds_a_claim_gives_it_back(store: Store, campaign: Campaign) -> None:
    """Nor does the end of a campaign take what is held, or a late verdict what is on the wire."""
    claim, ids = await _submitted(store, campaign)
    await store.finish_claim("s2", claim)
    assert await Chunk.filter(id=claim.chunk_id, sender="s1").exists()
    await store.settle(ids, MessageEvent.BAD_NUMBER, error="x", now_ms=NOW)
    assert await _states() == [MessageState.SUBMITTED] * 3

    await store.record_results([Result(ids[0], MessageEvent.UNSENT, "default", retry_ms=NOW)], now_ms=NOW)
    assert await store.claim("s1", campaign.id, now_ms=NOW, limit=1) is not None
    await Campaign.filter(id=campaign.id).update(state=CampaignState.CANCELLED)
    assert await store.expire_pending(campaign.id, now_ms=NOW) == 0
    assert (await _states())[0] is MessageState.PENDING
    assert await Retry.filter(message_id=ids[0], sender="s1").exists()


async def test_a_lease_without_a_sender_holds_nothing(store: Store, campaign: Campaign) -> None:
    """However it came about."""
    _, ids = await _submitted(store, campaign)
    await Chunk.all().update(sender="nobody")

    assert await store.lose(ids[:1], now_ms=NOW) == 1
    assert await _states() == [MessageState.DISCONNECTED, MessageState.SUBMITTED, MessageState.SUBMITTED]


async def test_a_receipt_that_comes_twice_changes_nothing(store: Store, campaign: Campaign) -> None:
    """Operators resend a deliver_sm when our ack is lost."""
    _, ids = await _submitted(store, campaign)
    await store.record_results([Result(ids[0], MessageEvent.SUBMIT_OK, "default", smsc_message_id="a")], now_ms=NOW)
    await store.record_receipts([_receipt("a"), _receipt("a", MessageEvent.RECEIPT_REJECTED)], now_ms=NOW)
    evidence = await store.record_receipts([_receipt("a", MessageEvent.RECEIPT_EXPIRED)], now_ms=NOW)

    assert (await _states())[0] is MessageState.DELIVERED
    assert evidence.refused == 1


async def test_a_receipt_before_its_response_waits_for_it(store: Store, campaign: Campaign) -> None:
    """The inbox is looked through when the id becomes known."""
    _, ids = await _submitted(store, campaign)
    early = await store.record_receipts([_receipt("early")], now_ms=NOW)
    assert early.waiting == 1
    await store.record_results([Result(ids[0], MessageEvent.SUBMIT_OK, "default", smsc_message_id="early")], now_ms=NOW)

    assert (await _states())[0] is MessageState.DELIVERED


async def test_the_truth_may_come_after_the_doubt(store: Store, campaign: Campaign) -> None:
    """A response after our timer, and a receipt after a lost link."""
    _, ids = await _submitted(store, campaign)
    await store.record_results([Result(ids[0], MessageEvent.RESPONSE_TIMEOUT, "default")], now_ms=NOW)
    await store.record_results([Result(ids[1], MessageEvent.BIND_LOST, "default")], now_ms=NOW)
    await store.record_results([Result(ids[0], MessageEvent.SUBMIT_OK, "default", smsc_message_id="l")], now_ms=NOW)

    assert (await _states())[:2] == [MessageState.ACCEPTED, MessageState.DISCONNECTED]


async def test_parts_combine_to_the_worst(store: Store, campaign: Campaign) -> None:
    """A message of two parts is delivered when both are, rejected when one is."""
    _, ids = await _submitted(store, campaign)

    def parts(name: str) -> tuple[PartAnswer, ...]:
        return tuple(PartAnswer(n, MessageState.ACCEPTED, f"{name}{n}", None) for n in (1, 2))

    await store.record_results(
        [
            Result(ids[0], MessageEvent.SUBMIT_OK, "default", parts=parts("a")),
            Result(ids[1], MessageEvent.SUBMIT_OK, "default", parts=parts("b")),
        ],
        now_ms=NOW,
    )
    await store.record_receipts([_receipt("a1"), _receipt("b1")], now_ms=NOW)
    assert (await _states())[:2] == [MessageState.ACCEPTED, MessageState.ACCEPTED]
    await store.record_receipts([_receipt("a2"), _receipt("b2", MessageEvent.RECEIPT_REJECTED)], now_ms=NOW)

    assert (await _states())[:2] == [MessageState.DELIVERED, MessageState.REJECTED]


async def test_what_is_left_of_an_ended_campaign_is_accounted_for(store: Store, campaign: Campaign) -> None:
    """Pending messages expire; those in flight keep their own fate."""
    claim = await _expanded(store, campaign)
    rows = await store.pending(claim)
    await store.mark_submitted("s1", claim, [Submission(rows[0].message_id, 1)], route="r", now_ms=NOW)
    assert await store.expire_pending(campaign.id, now_ms=NOW) == 0, "the chunk is held: its sender gives it back first"
    await store.record_results([Result(rows[0].message_id, MessageEvent.SUBMIT_OK, "r")], now_ms=NOW)
    await store.finish_claim("s1", claim)

    assert await store.expire_pending(campaign.id, now_ms=NOW) == 2
    assert await store.undone(campaign.id) == 0
    assert dict(await store.counts(campaign.id)) == {MessageState.ACCEPTED: 1, MessageState.SCHEDULE_EXPIRED: 2}


async def test_two_results_for_a_message_in_one_batch_are_taken_in_order(store: Store, campaign: Campaign) -> None:
    """The response came right after our timer ran out."""
    _, ids = await _submitted(store, campaign)
    evidence = await store.record_results(
        [
            Result(ids[0], MessageEvent.RESPONSE_TIMEOUT, "default"),
            Result(ids[0], MessageEvent.SUBMIT_OK, "default", smsc_message_id="a"),
            Result(ids[1], MessageEvent.SUBMIT_OK, "default", smsc_message_id="b"),
        ],
        now_ms=NOW,
    )

    assert await _states() == [MessageState.ACCEPTED, MessageState.ACCEPTED, MessageState.SUBMITTED]
    assert evidence.refused == 0


async def test_a_late_ok_for_a_message_that_goes_again_changes_nothing(store: Store, campaign: Campaign) -> None:
    """It is pending: its next try is not forgotten."""
    _, ids = await _submitted(store, campaign)
    await store.record_results([Result(ids[0], MessageEvent.SUBMIT_RETRY, "default", retry_ms=NOW)], now_ms=NOW)
    evidence = await store.record_results(
        [Result(i, MessageEvent.SUBMIT_OK, "default", smsc_message_id=f"m{i}") for i in ids], now_ms=NOW
    )

    assert evidence.refused == 1
    assert evidence.applied == {MessageEvent.SUBMIT_OK: 2}
    assert await _states() == [MessageState.PENDING, MessageState.ACCEPTED, MessageState.ACCEPTED]
    assert await Retry.all().count() == 1


async def test_only_retries_that_are_held_are_marked(store: Store, campaign: Campaign) -> None:
    """Somebody else holds the other one meanwhile."""
    _, ids = await _submitted(store, campaign)
    await store.record_results(
        [Result(i, MessageEvent.SUBMIT_RETRY, "default", retry_ms=NOW) for i in ids[:2]], now_ms=NOW
    )
    again = await store.claim("s1", campaign.id, now_ms=NOW, limit=10)
    assert again == Claim(campaign.id, None, tuple(ids[:2]))
    await Retry.filter(message_id=ids[0]).update(sender="s2")

    batch = [Submission(i, 1) for i in ids[:2]]
    assert await store.mark_submitted("s1", again, batch, route="r", now_ms=NOW) == {ids[1]}
    assert await _states() == [MessageState.PENDING, MessageState.SUBMITTED, MessageState.SUBMITTED]


async def test_a_chunk_that_another_sender_holds_is_not_marked(store: Store, campaign: Campaign) -> None:
    """Both stand in the database; the lease of the chunk decides."""
    claim = await _expanded(store, campaign)
    ids = [row.message_id for row in await store.pending(claim)]
    await Chunk.all().update(sender="s2")

    assert not await store.mark_submitted("s1", claim, [Submission(i, 1) for i in ids], route="r", now_ms=NOW)
    assert set(await _states()) == {MessageState.PENDING}


async def test_parts_are_counted_for_each_message(store: Store, campaign: Campaign, account: Account) -> None:
    """A short one, one of two parts, and a blacklisted one, which is billed nothing."""
    claim = await _expanded(store, campaign)
    ids = [row.message_id for row in await store.pending(claim)]
    await BlacklistEntry.create(account=account, msisdn=51987763012, source="optout", created_ms=NOW)
    batch = [Submission(ids[0], 1), Submission(ids[1], 2), Submission(ids[2], 3)]

    assert await store.mark_submitted("s1", claim, batch, route="r", now_ms=NOW) == set(ids[:2])
    assert [m.segments for m in await Message.all().order_by("id")] == [1, 2, 0]


async def test_a_receipt_finds_its_message_under_another_form_of_its_id(store: Store, campaign: Campaign) -> None:
    """Hexadecimal in the response, decimal in the receipt."""
    _, ids = await _submitted(store, campaign)
    await store.record_results([Result(ids[0], MessageEvent.SUBMIT_OK, "default", smsc_message_id="ff")], now_ms=NOW)
    receipt = _receipt("255")._replace(smsc_message_ids=("255", "ff", "597"))
    evidence = await store.record_receipts([receipt], now_ms=NOW)

    assert evidence.applied == {MessageEvent.RECEIPT_DELIVERED: 1}
    assert (await _states())[0] is MessageState.DELIVERED


async def test_of_messages_with_one_id_the_youngest_is_meant(store: Store, campaign: Campaign) -> None:
    """Operators begin to count anew."""
    _, ids = await _submitted(store, campaign)
    for message_id in ids[:2]:
        result = Result(message_id, MessageEvent.SUBMIT_OK, "default", smsc_message_id="a")
        await store.record_results([result], now_ms=NOW)
    await store.record_receipts([_receipt("a")], now_ms=NOW)

    assert (await _states())[:2] == [MessageState.ACCEPTED, MessageState.DELIVERED]


async def test_a_receipt_of_another_route_waits_on(store: Store, campaign: Campaign) -> None:
    """Two operators may give the same id; the one that waits is not lost over it."""
    _, ids = await _submitted(store, campaign)
    await store.record_receipts([_receipt("a")._replace(route="other")], now_ms=NOW)
    await store.record_results([Result(ids[0], MessageEvent.SUBMIT_OK, "default", smsc_message_id="a")], now_ms=NOW)

    assert (await _states())[0] is MessageState.ACCEPTED
    assert await PendingReceipt.all().count() == 1


async def test_a_receipt_without_an_id_waits(store: Store, campaign: Campaign) -> None:
    """It is matched by number and time, or by a person."""
    await _submitted(store, campaign)
    evidence = await store.record_receipts([_receipt("a")._replace(smsc_message_ids=()), _receipt("b")], now_ms=NOW)

    assert evidence.waiting == 2
    assert {row.smsc_message_id for row in await PendingReceipt.all()} == {None, "b"}


async def test_no_look_at_a_chunk_reads_the_whole_campaign(store: Store, campaign: Campaign) -> None:
    """The planners like the index of (campaign_id, msisdn): then a million messages take two thousand times as long."""
    connection = Message._meta.db
    if isinstance(store, SqliteStore):
        for query in (sqlite_claims._ROWS_OF_CHUNK, sqlite_claims._LEFT_OF_CHUNK):
            plan = await connection.execute_query_dict(f"explain query plan {query}", [1])
            (look,) = [row["detail"] for row in plan if row["detail"].startswith("SEARCH m ")]
            assert look == "SEARCH m USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"
        return
    for query in (postgres_claims._ROWS_OF_CHUNK, postgres_claims._LEFT_OF_CHUNK):
        plan = await connection.execute_query_dict(f"explain {query.replace('$1', '1')}")
        lines = [row["QUERY PLAN"] for row in plan]
        assert any("message_pkey" in line for line in lines)
        assert not any("uid_message" in line or "Seq Scan on message" in line for line in lines)
