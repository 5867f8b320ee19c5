"""What the SMSC can be told to do with a submit, seen on the wire; the receipts' dialects are in ``test_receipts``."""

import asyncio
import time

import pytest

from sandbox.smsc import (
    Answer,
    Behaviour,
    BehaviourError,
    CountBy,
    IdForm,
    Outcome,
    ReceiptStyle,
    Rule,
    Script,
    Smsc,
    Stat,
    script_from_json,
    script_to_json,
)
from tests.sandbox.smsc.conftest import Connect, StartSmsc
from tests.sandbox.smsc.esme import Esme, Pdu, pdu, submit_body

NUMBER = "51987763010"
OTHER = "51987763011"


@pytest.mark.parametrize(
    ("outcome", "stat", "state"),
    [
        ("delivered", "DELIVRD", 2),
        ("expired", "EXPIRED", 3),
        ("deleted", "DELETED", 4),
        ("undeliverable", "UNDELIV", 5),
        ("unknown", "UNKNOWN", 7),
        ("rejected", "REJECTD", 8),
    ],
)
async def test_an_outcome_comes_as_its_receipt(outcome: str, stat: str, state: int, smsc: Smsc, esme: Esme) -> None:
    """Accepted first; then the state, in the text and as message_state."""
    smsc.set_behaviour(Behaviour(outcome=Outcome(outcome)))
    answer = await esme.ask(NUMBER)
    receipt = await esme.deliver()

    assert answer.status == 0
    assert receipt.field("stat") == stat
    assert receipt.tlvs[0x0427] == bytes((state,))


async def test_accepted_is_the_last_word(smsc: Smsc, esme: Esme) -> None:
    """No receipt, although one was asked for."""
    smsc.set_behaviour(Behaviour(outcome=Outcome.ACCEPTED))
    answer = await esme.ask(NUMBER)
    esme.write(pdu(0x15, 50))

    assert answer.status == 0
    assert (await esme.read()).sequence == 50
    assert smsc.summary().waiting == 0


@pytest.mark.parametrize(
    ("behaviour", "status"),
    [
        pytest.param(Behaviour(outcome=Outcome.REFUSED), 0x0B, id="refused"),
        pytest.param(Behaviour(outcome=Outcome.REFUSED, status=0x45), 0x45, id="submit failed"),
        pytest.param(Behaviour(outcome=Outcome.REFUSED, status=1375), 1375, id="vendor status"),
        pytest.param(Behaviour(outcome=Outcome.THROTTLED), 0x58, id="throttled"),
        pytest.param(Behaviour(outcome=Outcome.QUEUE_FULL), 0x14, id="queue full"),
    ],
)
async def test_a_refusal_has_its_status_and_no_id(behaviour: Behaviour, status: int, smsc: Smsc, esme: Esme) -> None:
    """And no receipt."""
    smsc.set_behaviour(behaviour)
    answer = await esme.ask(NUMBER)

    assert (answer.status, answer.body) == (status, b"")
    assert smsc.summary().waiting == 0


async def test_the_first_times_are_throttled_for_each_number(smsc: Smsc, esme: Esme) -> None:
    """Then it goes through, as a sender that waits and tries again expects."""
    smsc.set_behaviour(Behaviour(outcome=Outcome.THROTTLED, times=2))
    statuses = [
        (await esme.ask(number, registered=0)).status for number in (NUMBER, NUMBER, OTHER, NUMBER, OTHER, OTHER)
    ]

    assert statuses == [0x58, 0x58, 0x58, 0, 0x58, 0]
    summary = smsc.summary()
    assert (summary.throttled, summary.accepted) == (4, 2)


async def test_times_may_count_the_whole_rule(smsc: Smsc, esme: Esme) -> None:
    """The first three of all, and afterwards another outcome than delivered."""
    smsc.set_behaviour(
        Behaviour(outcome=Outcome.QUEUE_FULL, times=3, count_by=CountBy.RULE, afterwards=Outcome.REFUSED)
    )
    statuses = [(await esme.ask(f"5198776301{number}")).status for number in range(5)]

    assert statuses == [0x14, 0x14, 0x14, 0x0B, 0x0B]


async def test_above_a_rate_is_throttled(smsc: Smsc, esme: Esme, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is beyond so many a second; the next second is free again."""
    second = 1000.0
    monkeypatch.setattr("sandbox.smsc.rulebook.time.monotonic", lambda: second)
    smsc.set_behaviour(Behaviour(outcome=Outcome.THROTTLED, above_tps=2))
    first = [(await esme.ask(NUMBER, registered=0)).status for _ in range(4)]
    second = 1001.0
    then = (await esme.ask(NUMBER, registered=0)).status

    assert first == [0, 0, 0x58, 0x58]
    assert then == 0


async def test_silence_is_no_answer_and_no_delivery(smsc: Smsc, esme: Esme) -> None:
    """Only the counters and the ledger know of it."""
    smsc.set_behaviour(numbers={NUMBER: Behaviour(outcome=Outcome.SILENT)})
    esme.submit(NUMBER)
    answer = await esme.ask(OTHER, registered=0)

    assert answer.sequence == 3
    summary = smsc.summary()
    assert (summary.received, summary.silent, summary.accepted, summary.waiting) == (2, 1, 1, 0)


async def test_a_message_may_be_taken_without_an_answer(smsc: Smsc, esme: Esme) -> None:
    """The receipt is then the first that the sender hears of it."""
    smsc.set_behaviour(Behaviour(answer=Answer.NONE))
    esme.submit(NUMBER)
    receipt = await esme.deliver()

    assert receipt.source == NUMBER
    assert smsc.summary().silent == 1


async def test_an_answer_may_be_slow(smsc: Smsc, esme: Esme) -> None:
    """Others overtake it; the receipt comes after it."""
    smsc.set_behaviour(numbers={NUMBER: Behaviour(answer_delay_s=0.05)})
    begun = time.monotonic()
    slow = esme.submit(NUMBER)
    quick = esme.submit(OTHER, registered=0)
    order = [(await esme.read()).sequence, (await esme.read()).sequence]
    waited_s = time.monotonic() - begun

    assert order == [quick, slow]
    assert waited_s >= 0.05
    assert (await esme.deliver()).source == NUMBER


async def test_an_answer_may_come_twice(smsc: Smsc, esme: Esme) -> None:
    """The same octets."""
    smsc.set_behaviour(Behaviour(answer=Answer.TWICE))
    first = await esme.ask(NUMBER, registered=0)

    assert await esme.read() == first


async def test_an_answer_may_come_after_the_next_one(smsc: Smsc, esme: Esme) -> None:
    """In one read and over two; alone it is held a quarter of a second only."""
    smsc.set_behaviour(numbers={NUMBER: Behaviour(answer=Answer.SWAPPED)})
    esme.write(pdu(4, 11, submit_body(NUMBER, registered=0)) + pdu(4, 12, submit_body(OTHER, registered=0)))
    together = [(await esme.read()).sequence for _ in range(2)]
    esme.write(pdu(4, 13, submit_body(NUMBER, registered=0)))
    await smsc.wait_for(lambda summary: summary.received == 3)
    esme.write(pdu(4, 14, submit_body(OTHER, registered=0)))
    apart = [(await esme.read()).sequence for _ in range(2)]
    esme.write(pdu(4, 15, submit_body(NUMBER, registered=0)))

    assert (together, apart) == ([12, 11], [14, 13])
    assert (await esme.read()).sequence == 15


async def test_a_half_answer_ends_the_link(smsc: Smsc, connect: Connect) -> None:
    """What came before is whole; what came behind was never received."""
    smsc.set_behaviour(numbers={OTHER: Behaviour(answer=Answer.HALF)})
    client = await connect(smsc)
    client.write(b"".join(pdu(4, n, submit_body(number)) for n, number in ((11, NUMBER), (12, OTHER), (13, NUMBER))))
    whole = await client.read()
    rest = await client.ended()
    receiver = await connect(smsc, "receiver")
    receipts = {(await receiver.deliver()).source for _ in range(2)}

    assert whole.sequence == 11
    # 16 octets of header, 14 of the id: half of the answer, and the receipt of the first before it or not at all
    assert rest[:4] == (16 + 14).to_bytes(4, "big") or rest[:4] == b""
    assert receipts == {NUMBER, OTHER}
    assert smsc.summary().received == 2


@pytest.mark.parametrize(("answer", "answers"), [(Answer.CLOSE, 2), (Answer.THEN_CLOSE, 3)])
async def test_the_link_falls_at_the_nth_submit(answer: Answer, answers: int, smsc: Smsc, connect: Connect) -> None:
    """Without unbind; the Nth is taken either way, answered or not; once only with ``times``."""
    smsc.set_behaviour(rules=[Rule(every=3, answer=answer, times=1, count_by=CountBy.RULE)])
    client = await connect(smsc, "transmitter")
    client.write(b"".join(pdu(4, n, submit_body(NUMBER)) for n in range(1, 6)))
    octets = await client.ended()
    again = await connect(smsc, "transmitter")
    for _ in range(6):
        assert (await again.ask(NUMBER)).status == 0

    assert len(octets) == answers * 30
    summary = smsc.summary()
    assert (summary.received, summary.accepted) == (9, answers + 6)


async def test_the_link_may_be_unbound_after_an_answer(smsc: Smsc, esme: Esme) -> None:
    """The answer, then unbind from the SMSC."""
    smsc.set_behaviour(Behaviour(answer=Answer.THEN_UNBIND))
    answer = await esme.ask(NUMBER, registered=0)
    unbind = await esme.read()

    assert (answer.command, unbind.command) == (0x80000004, 0x06)


@pytest.mark.parametrize("form", [form for form in IdForm if form is not IdForm.SAME])
async def test_ids_are_unique_in_every_form(form: IdForm, smsc: Smsc, esme: Esme) -> None:
    """And the receipt repeats what was answered."""
    smsc.set_behaviour(Behaviour(id_form=form))
    answers = [await _answer_and_receipt(esme, number) for number in (NUMBER, OTHER)]

    assert len({answer.message_id for answer, _ in answers}) == 2
    assert all(answer.message_id == receipt for answer, receipt in answers)


async def test_rules_go_by_number_suffix_prefix_and_place(smsc: Smsc, esme: Esme) -> None:
    """Numbers first, then the first rule that fits, then the default."""
    smsc.set_behaviour(
        Behaviour(outcome=Outcome.REFUSED, status=100),
        numbers={"5199": Behaviour(outcome=Outcome.REFUSED, status=101)},
        rules=[
            Rule(suffix="99", outcome=Outcome.REFUSED, status=102),
            Rule(suffix="098", outcome=Outcome.REFUSED, status=103),
            Rule(suffix="98", outcome=Outcome.REFUSED, status=104),
            Rule(prefix="51", suffix="7", outcome=Outcome.REFUSED, status=105),
            Rule(number="349", outcome=Outcome.REFUSED, status=106),
            Rule(prefix="34", every=2, outcome=Outcome.REFUSED, status=107),
        ],
    )
    numbers = ("5199", "3499", "34098", "3498", "517", "527", "349", "341", "342", "343")
    statuses = [(await esme.ask(number)).status for number in numbers]

    assert statuses == [101, 102, 103, 104, 105, 100, 106, 100, 107, 100]


async def test_one_part_of_a_long_sms_has_a_fate_of_its_own(smsc: Smsc, esme: Esme) -> None:
    """The middle part refused, as operators do under load."""
    smsc.set_behaviour(rules=[Rule(part=2, outcome=Outcome.REFUSED)])
    parts = [b"\5\0\3\x2a\3" + bytes((number,)) + b"text" for number in (1, 2, 3)]
    statuses = [(await esme.ask(NUMBER, part, esm_class=0x40, registered=0)).status for part in parts]

    assert statuses == [0, 0x0B, 0]


async def test_the_demo_has_a_fate_for_each_last_digits(start_smsc: StartSmsc, connect: Connect) -> None:
    """The built-in table, as documented."""
    smsc = await start_smsc(script=Script(receipt_delay_s=0, receipt_jitter_s=0))
    client = await connect(smsc)
    fates = {}
    for last in (99, 98, 97, 96, 95, 94, 10):
        answer = await client.ask(f"519877630{last}")
        fates[last] = answer.status or (await client.deliver()).field("stat") if last != 95 else "no receipt"

    assert fates == {99: 0x0B, 98: "UNDELIV", 97: "EXPIRED", 96: "REJECTD", 95: "no receipt", 94: 0x58, 10: "DELIVRD"}


def test_the_json_form_reads_what_it_writes() -> None:
    """All fields, through the form of the HTTP interface."""
    script = Script(
        default=Behaviour(outcome=Outcome.EXPIRED, receipt=ReceiptStyle(intermediate=(Stat.ENROUTE,), err="0B3")),
        numbers={NUMBER: Behaviour(answer=Answer.TWICE, times=2)},
        rules=(Rule(suffix="1", id_form=IdForm.HEX), Rule(every=5, part=2, above_tps=1.5)),
        builtin=False,
        receipt_delay_s=0.5,
    )
    shown = script_to_json(script)
    builtin_rules = shown.pop("builtin_rules")

    assert script_from_json(shown, current=Script()) == script
    assert isinstance(builtin_rules, list)
    assert builtin_rules[0] == {"suffix": "99", "outcome": "refused"}


def test_absent_keys_keep_what_was_set() -> None:
    """And an outcome alone is a behaviour."""
    current = Script(numbers={NUMBER: Behaviour(outcome=Outcome.EXPIRED)}, receipt_delay_s=7)
    script = script_from_json({"default": "silent"}, current=current)

    assert script.default == Behaviour(outcome=Outcome.SILENT)
    assert (script.numbers, script.receipt_delay_s) == (current.numbers, 7)


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ([], "an object"),
        ({"defualt": "silent"}, "defualt"),
        ({"default": "sillent"}, "default.outcome"),
        ({"rules": [{"suffix": "1", "colour": 1}]}, "rules.0.colour"),
        ({"rules": [{"every": 0}]}, "every"),
        ({"default": {"receipt": {"copies": 0}}}, "copies"),
        ({"default": {"receipt": {"delay_s": -1}}}, "delay"),
        ({"default": {"answer_delay_s": -1}}, "delay"),
        ({"default": {"outcome": "refused", "status": 0}}, "status"),
        ({"default": {"receipt": {"text": "id:{id.__class__}"}}}, "receipt text"),
        ({"default": {"receipt": {"text": "id:{id"}}}, "receipt text"),
    ],
)
def test_a_behaviour_that_cannot_be_names_its_place(value: object, place: str) -> None:
    """Unknown keys included: a misspelt rule must not pass for a plain one."""
    with pytest.raises(BehaviourError, match=place):
        script_from_json(value, current=Script())


async def test_waiting_for_what_never_comes_ends(smsc: Smsc) -> None:
    """wait_for has a deadline."""
    with pytest.raises(TimeoutError):
        await smsc.wait_for(lambda summary: summary.received > 0, timeout_s=0.01)
    await asyncio.sleep(0)

    assert (await smsc.wait_for(lambda summary: summary.received == 0)).rate == 0


async def _answer_and_receipt(esme: Esme, number: str) -> tuple[Pdu, str]:
    answer = await esme.ask(number)
    return answer, (await esme.deliver()).field("id")
