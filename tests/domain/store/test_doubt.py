"""What is not known, on both engines: early receipts, orphans, late parts, and what a person says of a doubt."""

from datetime import UTC, datetime

import pytest

from domain.models import Account, Campaign, Message, MessagePart, PendingReceipt, Retry
from domain.rules.campaign_state import CampaignState
from domain.rules.message_state import IN_DOUBT, MessageEvent, MessageState
from domain.store import LatePart, PartAnswer, Receipt, Result, Store, Submission, Word
from tests.dispatching import NOW, SENDER, running_campaign, submitted

DELIVERED = MessageEvent.RECEIPT_DELIVERED
OF = 51987763010  # the first number


def _receipt(
    smsc_id: str | None,
    event: MessageEvent = DELIVERED,
    *,
    number: int = OF,
    forms: tuple[str, ...] = (),
    stands_for: str | None = None,
) -> Receipt:
    ids = (smsc_id, *forms) if smsc_id else ()
    told = "default", ids, event, None, SENDER, str(number), NOW + 5_000
    return Receipt(*told, stands_for=stands_for, sent_ms=NOW + 1_000, zoned=True)


async def _state(number: int = OF) -> MessageState:
    return (await Message.get(msisdn=number)).state


async def _adopt(store: Store, campaign: Campaign) -> dict[MessageEvent, int]:
    found = await store.adopt_orphans({campaign.id: SENDER}, after=0, limit=100)
    return dict(found.applied) if found else {}


@pytest.fixture
async def campaign(account: Account) -> Campaign:
    """Three contacts, running."""
    return await running_campaign(account)


async def test_an_early_receipt_in_another_form_of_its_id_meets_its_response(store: Store, campaign: Campaign) -> None:
    """Decimal in the receipt, hexadecimal in the response that comes a moment later."""
    ids = await submitted(store, campaign)
    await store.record_receipts([_receipt("255", forms=("ff",))], now_ms=NOW)
    await store.record_results([Result(ids[0], MessageEvent.SUBMIT_OK, "default", "ff")], now_ms=NOW)

    assert await _state() is MessageState.DELIVERED
    assert await PendingReceipt.all().count() == 0


async def test_an_orphan_settles_the_only_message_it_can_mean(store: Store, campaign: Campaign) -> None:
    """Its id never reached us: the link, or the process, ended before the response."""
    ids = await submitted(store, campaign)
    await store.record_results([Result(i, MessageEvent.BIND_LOST, "default") for i in ids], now_ms=NOW)
    await store.record_receipts([_receipt("a")], now_ms=NOW)
    applied = await _adopt(store, campaign)

    assert applied == {DELIVERED: 1}
    assert [message.state for message in await Message.all().order_by("id")] == [
        MessageState.DELIVERED,
        MessageState.DISCONNECTED,
        MessageState.DISCONNECTED,
    ]
    await store.record_receipts([_receipt("a"), _receipt("a", MessageEvent.RECEIPT_EXPIRED)], now_ms=NOW)
    assert await _state() is MessageState.DELIVERED, "it knows its id now"
    assert await PendingReceipt.all().count() == 0


async def test_an_orphan_settles_the_whole_of_what_the_smsc_cuts(store: Store, campaign: Campaign) -> None:
    """Three segments are billed of one submit, which has one receipt."""
    ids = await submitted(store, campaign, segments=3, parts=1)
    await store.record_results([Result(i, MessageEvent.BIND_LOST, "default") for i in ids], now_ms=NOW)
    await store.record_receipts([_receipt("a")], now_ms=NOW)

    assert await _adopt(store, campaign) == {DELIVERED: 1}
    assert await _state() is MessageState.DELIVERED
    assert (await store.submitted_segments(campaign.id))[MessageState.DELIVERED] == 3


async def test_a_receipt_that_came_before_the_doubt_settles_it_afterwards(store: Store, campaign: Campaign) -> None:
    """While the message is on the wire the receipt may simply be early; a sweep says that no response will come."""
    await submitted(store, campaign)
    await store.record_receipts([_receipt("a"), _receipt("a")], now_ms=NOW)
    assert await _adopt(store, campaign) == {}
    await store.leave("s1")

    assert await _adopt(store, campaign) == {DELIVERED: 1}
    assert await _state() is MessageState.DELIVERED
    assert await PendingReceipt.all().count() == 0, "the same said twice leaves with it"


async def test_an_orphan_that_may_mean_two_messages_waits(store: Store, campaign: Campaign, account: Account) -> None:
    """Two campaigns to one number, both in doubt; once one of them is settled the other is meant."""
    other = await running_campaign(account, title="otro")
    for one, sender in ((campaign, "s1"), (other, "s2")):
        ids = await submitted(store, one, sender=sender)
        await store.record_results([Result(i, MessageEvent.RESPONSE_TIMEOUT, "default") for i in ids], now_ms=NOW)
    senders = {campaign.id: SENDER, other.id: SENDER}
    await store.record_receipts([_receipt("a")], now_ms=NOW)
    found = await store.adopt_orphans(senders, after=0, limit=100)
    assert found is not None
    assert found.applied == {}
    assert await store.adopt_orphans(senders, after=found.last_id, limit=100) is None
    first = await Message.get(campaign_id=campaign.id, msisdn=OF)
    await store.record_results([Result(first.id, MessageEvent.SUBMIT_OK, "default", "b")], now_ms=NOW)
    await store.adopt_orphans(senders, after=0, limit=100)

    assert (await Message.get(campaign_id=campaign.id, msisdn=OF)).state is MessageState.ACCEPTED
    assert (await Message.get(campaign_id=other.id, msisdn=OF)).state is MessageState.DELIVERED


@pytest.mark.parametrize(
    "receipt",
    [
        pytest.param(_receipt("a")._replace(route="other"), id="of another route"),
        pytest.param(_receipt("a")._replace(source="OTHER"), id="of another sender ID"),
        pytest.param(_receipt("a", number=51999999999), id="of a number that nothing went to"),
        pytest.param(_receipt("a")._replace(destination="Ana"), id="of no number"),
        pytest.param(_receipt("a")._replace(sent_ms=NOW - 86_400_000), id="of yesterday"),
    ],
)
async def test_an_orphan_of_somebody_else_waits(store: Store, campaign: Campaign, receipt: Receipt) -> None:
    """The account at the operator may be shared with another system."""
    ids = await submitted(store, campaign)
    await store.record_results([Result(i, MessageEvent.BIND_LOST, "default") for i in ids], now_ms=NOW)
    await store.record_receipts([receipt], now_ms=NOW)

    assert await _adopt(store, campaign) == {}
    assert await PendingReceipt.all().count() == 1
    assert await store.drop_receipts(NOW + 5_000) == 0
    assert await store.drop_receipts(NOW + 5_001) == 1


async def test_parts_without_ids_settle_their_message_when_all_have_come(store: Store, campaign: Campaign) -> None:
    """A process that died knows nothing of the parts: each orphan is one of them, and the worst is the message's."""
    await submitted(store, campaign, segments=3)
    await store.leave("s1")
    await store.record_receipts([_receipt("a"), _receipt("b", MessageEvent.RECEIPT_EXPIRED)], now_ms=NOW)
    assert await _adopt(store, campaign) == {}
    assert await _state() is MessageState.DISCONNECTED
    await store.record_receipts([_receipt("a"), _receipt("c")], now_ms=NOW)
    await _adopt(store, campaign)

    assert await _state() is MessageState.EXPIRED
    assert await MessagePart.all().count() == 3
    assert await PendingReceipt.all().count() == 0


def _parts(*states: MessageState) -> tuple[PartAnswer, ...]:
    return tuple(
        PartAnswer(number, state, f"p{number}" if state is MessageState.ACCEPTED else None, None)
        for number, state in enumerate(states, 1)
    )


async def _half_answered(store: Store, campaign: Campaign) -> int:
    ids = await submitted(store, campaign, segments=2)
    parts = _parts(MessageState.ACCEPTED, MessageState.NO_RESPONSE)
    await store.record_results(
        [Result(ids[0], MessageEvent.RESPONSE_TIMEOUT, "default", parts=parts)],
        now_ms=NOW,
    )
    return ids[0]


async def test_a_late_response_for_one_part_ends_the_doubt(store: Store, campaign: Campaign) -> None:
    """The timer of the second part ran out; then the SMSC took it after all, and its early receipt waits."""
    message_id = await _half_answered(store, campaign)
    await store.record_receipts([_receipt("late")], now_ms=NOW)
    assert await _state() is MessageState.NO_RESPONSE
    late = LatePart(message_id, "default", PartAnswer(2, MessageState.ACCEPTED, "late", None))
    evidence = await store.record_late_parts([late, late], now_ms=NOW)
    assert await _state() is MessageState.ACCEPTED
    assert evidence.applied[MessageEvent.SUBMIT_OK] == 1
    assert evidence.refused == 1, "the second time nothing is in doubt"
    await store.record_receipts([_receipt("p1")], now_ms=NOW)

    assert await _state() is MessageState.DELIVERED


async def test_a_late_refusal_of_one_part_fails_the_message(store: Store, campaign: Campaign) -> None:
    """The other part was billed all the same."""
    message_id = await _half_answered(store, campaign)
    late = LatePart(message_id, "default", PartAnswer(2, MessageState.FAILED, None, "0xb"))
    await store.record_late_parts([late], now_ms=NOW)

    assert await _state() is MessageState.FAILED
    assert await store.part_states(campaign.id) == {
        (MessageState.FAILED, MessageState.ACCEPTED): 1,
        (MessageState.FAILED, MessageState.FAILED): 1,
    }


@pytest.mark.parametrize("adopted", ["p1", "p2"])
async def test_the_parts_whose_responses_come_late_keep_the_fate_of_an_orphan(
    store: Store, campaign: Campaign, adopted: str
) -> None:
    """A sender that stood still wakes with both responses; meanwhile one part's receipt had been adopted."""
    ids = await submitted(store, campaign, segments=2)
    await store.leave("s1")
    await store.record_receipts([_receipt(adopted)], now_ms=NOW)
    await _adopt(store, campaign)
    parts = _parts(MessageState.ACCEPTED, MessageState.ACCEPTED)
    await store.record_results([Result(ids[0], MessageEvent.SUBMIT_OK, "default", parts=parts)], now_ms=NOW)
    assert await _state() is MessageState.ACCEPTED
    fates = {part.smsc_message_id: part.state for part in await MessagePart.all()}
    assert fates == {one: MessageState.DELIVERED if one == adopted else MessageState.ACCEPTED for one in ("p1", "p2")}
    assert {part.smsc_message_id: part.part for part in await MessagePart.all()} == {"p1": 1, "p2": 2}
    await store.record_receipts([_receipt("p2" if adopted == "p1" else "p1")], now_ms=NOW)

    assert await _state() is MessageState.DELIVERED


async def test_a_late_response_names_the_part_that_an_orphan_was_of(store: Store, campaign: Campaign) -> None:
    """Both parts were without a response; the receipt of the second came, then both responses, then the other's."""
    ids = await submitted(store, campaign, segments=2)
    parts = _parts(MessageState.NO_RESPONSE, MessageState.NO_RESPONSE)
    result = Result(ids[0], MessageEvent.RESPONSE_TIMEOUT, "default", parts=parts)
    await store.record_results([result], now_ms=NOW)
    await store.record_receipts([_receipt("b")], now_ms=NOW)
    await _adopt(store, campaign)
    for part, smsc_id in ((2, "b"), (1, "a")):
        answer = PartAnswer(part, MessageState.ACCEPTED, smsc_id, None)
        await store.record_late_parts([LatePart(ids[0], "default", answer)], now_ms=NOW)
    assert await _state() is MessageState.ACCEPTED
    await store.record_receipts([_receipt("a")], now_ms=NOW)

    assert await _state() is MessageState.DELIVERED


@pytest.mark.parametrize(
    ("stands_for", "part", "expected"),
    [
        pytest.param(None, "p1", MessageState.ACCEPTED, id="each its own"),
        pytest.param("one", "p2", MessageState.DELIVERED, id="whichever comes"),
        pytest.param("first", "p1", MessageState.DELIVERED, id="the first part's"),
        pytest.param("first", "p2", MessageState.ACCEPTED, id="not the first part's"),
        pytest.param("last", "p2", MessageState.DELIVERED, id="the last part's"),
        pytest.param("last", "p1", MessageState.ACCEPTED, id="not the last part's"),
    ],
)
async def test_one_receipt_may_stand_for_all_parts(
    store: Store, campaign: Campaign, stands_for: str | None, part: str, expected: MessageState
) -> None:
    """As the route says of its operator."""
    ids = await submitted(store, campaign, segments=2)
    parts = _parts(MessageState.ACCEPTED, MessageState.ACCEPTED)
    await store.record_results([Result(ids[0], MessageEvent.SUBMIT_OK, "default", parts=parts)], now_ms=NOW)
    await store.record_receipts([_receipt(part, stands_for=stands_for)], now_ms=NOW)
    await store.record_receipts([_receipt(part, MessageEvent.RECEIPT_EXPIRED, stands_for=stands_for)], now_ms=NOW)

    assert await _state() is expected


async def test_a_word_that_settles_nothing_is_noted(store: Store, campaign: Campaign) -> None:
    """ENROUTE, UNKNOWN: shown, and without effect; on a message that is settled it comes too late."""
    ids = await submitted(store, campaign, segments=1)
    await store.record_results([Result(i, MessageEvent.SUBMIT_OK, "default", f"id{i}") for i in ids[:2]], now_ms=NOW)
    await store.record_receipts([_receipt(f"id{ids[1]}", number=OF + 1)], now_ms=NOW)
    await store.record_words(
        [
            Word("default", (f"id{ids[0]}",), "ENROUTE"),
            Word("default", (f"id{ids[1]}",), "UNKNOWN"),
            Word("other", (f"id{ids[0]}",), "UNKNOWN"),
            Word("default", ("nobody's",), "UNKNOWN"),
        ]
    )

    found = await Message.filter(id__in=ids[:2]).order_by("id")
    assert [(message.state, message.word) for message in found] == [
        (MessageState.ACCEPTED, "ENROUTE"),
        (MessageState.DELIVERED, None),
    ]


async def test_a_word_about_a_part_is_noted_on_its_message(store: Store, campaign: Campaign) -> None:
    """The id is the part's."""
    ids = await submitted(store, campaign, segments=2)
    parts = _parts(MessageState.ACCEPTED, MessageState.ACCEPTED)
    await store.record_results([Result(ids[0], MessageEvent.SUBMIT_OK, "default", parts=parts)], now_ms=NOW)
    await store.record_words([Word("default", ("p2",), "ENROUTE")])

    assert (await Message.get(id=ids[0])).word == "ENROUTE"


async def _in_doubt(store: Store, campaign: Campaign) -> None:
    await submitted(store, campaign)
    await store.leave("s1")


async def test_a_person_s_word_counts_them_as_sent_and_a_receipt_still_settles_them(
    store: Store, campaign: Campaign
) -> None:
    """Accepted and billed, with the decision on each; asked twice it moves nothing."""
    await _in_doubt(store, campaign)
    event = MessageEvent.TAKEN_AS_SENT
    assert await store.settle_doubt(campaign.id, event, decision_id=7, now_ms=NOW) == 3
    assert await store.settle_doubt(campaign.id, event, decision_id=8, now_ms=NOW) == 0
    assert {(m.state, m.decision_id) for m in await Message.all()} == {(MessageState.ACCEPTED, 7)}
    await store.record_receipts([_receipt("a", MessageEvent.RECEIPT_EXPIRED)], now_ms=NOW)
    await _adopt(store, campaign)

    assert await _state() is MessageState.EXPIRED


async def test_what_goes_again_is_claimed_once_and_as_a_whole(store: Store, campaign: Campaign) -> None:
    """Its parts begin anew; what was answered meanwhile does not go."""
    message_id = await _half_answered(store, campaign)
    await store.leave("s1")
    await store.record_results([Result(message_id + 1, MessageEvent.SUBMIT_OK, "default", "x")], now_ms=NOW)
    moved = await store.settle_doubt(campaign.id, MessageEvent.RESEND, decision_id=1, now_ms=NOW)
    assert moved == 2
    assert await MessagePart.all().count() == 0
    assert await Retry.all().count() == 2
    await store.register_sender("s2", host="h", pid=2, now_ms=NOW, lease_ms=NOW + 15_000)
    claim = await store.claim("s2", campaign.id, now_ms=NOW, limit=100)
    assert claim is not None
    ids = [row.message_id for row in await store.pending(claim)]
    marked = await store.mark_submitted("s2", claim, [Submission(i, 2) for i in ids], route="default", now_ms=NOW)

    assert marked == {message_id, message_id + 2}
    chunk = await store.claim("s2", campaign.id, now_ms=NOW, limit=100)
    assert chunk is not None
    assert await store.pending(chunk) == [], "they have left it"


@pytest.mark.parametrize("state", [CampaignState.COMPLETED, CampaignState.CANCELLED])
async def test_nothing_goes_again_in_a_campaign_that_is_over(
    store: Store, campaign: Campaign, state: CampaignState
) -> None:
    """It would wait there for ever."""
    await _in_doubt(store, campaign)
    await Campaign.filter(id=campaign.id).update(state=state, ended_at=datetime.now(UTC))

    assert await store.settle_doubt(campaign.id, MessageEvent.RESEND, decision_id=1, now_ms=NOW) == 0
    assert await _state() in IN_DOUBT


async def test_an_orphan_for_which_no_part_is_free_keeps_waiting(store: Store, campaign: Campaign) -> None:
    """It was acknowledged: a word that no part can take now may be of a response that is still to come."""
    ids = await submitted(store, campaign, segments=2)
    parts = (
        PartAnswer(1, MessageState.ACCEPTED, None, None),
        PartAnswer(2, MessageState.ACCEPTED, "b", None),
    )
    await store.record_results([Result(ids[0], MessageEvent.SUBMIT_OK, "default", parts=parts)], now_ms=NOW)
    await store.record_receipts([_receipt(None)], now_ms=NOW)
    await _adopt(store, campaign)
    await store.record_receipts([_receipt("x")], now_ms=NOW)
    await _adopt(store, campaign)

    assert [row.smsc_message_id for row in await PendingReceipt.all()] == ["x"]
    assert await _state() is MessageState.ACCEPTED
    await store.record_receipts([_receipt("b")], now_ms=NOW)
    assert await _state() is MessageState.DELIVERED
