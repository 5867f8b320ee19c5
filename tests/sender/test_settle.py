"""When a submitted message leaves room for the next one."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest

from domain import store
from domain.rules.message_state import MessageEvent
from domain.rules.route import parse_route
from domain.store import Claim, Evidence, Result
from sender.feed import Held, Ready
from sender.orphans import Adopter
from sender.settle import Settler
from sender.smpp import Answer, AnswerKind, Outgoing

ROUTE = parse_route("default", "smpp://a:b@127.0.0.1")


class _Database:
    """Keeps results until told to answer."""

    def __init__(self, *, in_order: bool) -> None:
        self.in_order = in_order
        self.asked: list[list[int]] = []
        self.answer = asyncio.Event()
        self.fails = False

    async def record_results(self, results: Sequence[Result], *, now_ms: int) -> Evidence:
        self.asked.append([result.message_id for result in results])
        await self.answer.wait()
        if self.fails:
            raise OSError("disk full")
        return Evidence(Counter({MessageEvent.SUBMIT_OK: len(results)}))


def _settler() -> Settler:
    return Settler(
        resubmit=lambda ready, after_s: None,
        spent=lambda held: None,
        written=lambda results, in_flight: None,
        adopter=Adopter(),
        throttled=lambda route: None,
    )


def _submitted(settler: Settler, freed: list[int], ids: Sequence[int] = (1, 2)) -> None:
    held = Held(Claim(1, 1, ()), "s", in_flight=len(ids))
    batch = [Ready(held, Outgoing(n, 51987654321, "PREGON", (b"x",), 0), n, 1, 0, freed=freed.append) for n in ids]
    settler.watch(batch)


def _answered(settler: Settler, ids: Sequence[int] = (1, 2)) -> None:
    settler.answered(ROUTE, [Answer(n, 1, 1, 0, f"{n}", AnswerKind.OK) for n in ids])


@pytest.mark.parametrize(("in_order", "meanwhile"), [(True, [2]), (False, [])])
async def test_room_is_made_when_results_are_asked_for_where_a_mark_cannot_overtake_them(
    monkeypatch: pytest.MonkeyPatch, in_order: bool, meanwhile: list[int]
) -> None:
    """Elsewhere when they are committed; once in either case."""
    database, freed, settler = _Database(in_order=in_order), list[int](), _settler()
    monkeypatch.setattr(store, "current", lambda: database)
    _submitted(settler, freed)
    _answered(settler)
    flushing = asyncio.create_task(settler.flush())
    await asyncio.sleep(0)

    assert database.asked == [[1, 2]]
    assert freed == meanwhile
    assert settler.in_flight == 2
    database.answer.set()
    await flushing
    assert freed == [2]
    assert settler.in_flight == 0


async def test_room_is_taken_back_when_the_results_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """And made no more ahead of a commit until one has succeeded."""
    database, freed, settler = _Database(in_order=True), list[int](), _settler()
    monkeypatch.setattr(store, "current", lambda: database)
    _submitted(settler, freed)
    _answered(settler)
    database.answer.set()
    database.fails = True
    for _ in range(2):
        with pytest.raises(RuntimeError):
            await settler.flush()
        assert freed == [2, -2]

    database.fails = False
    await settler.flush()
    assert freed == [2, -2, 2]
    _submitted(settler, freed, [3])
    _answered(settler, [3])
    database.answer.clear()
    flushing = asyncio.create_task(settler.flush())
    await asyncio.sleep(0)
    assert freed == [2, -2, 2, 1]
    database.answer.set()
    await flushing


async def test_two_answers_to_one_message_make_room_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its response came just after its time was up."""
    database, freed, settler = _Database(in_order=True), list[int](), _settler()
    monkeypatch.setattr(store, "current", lambda: database)
    database.answer.set()
    _submitted(settler, freed)
    settler.answered(ROUTE, [Answer(1, 1, 1, 0, None, AnswerKind.NO_RESPONSE)])
    _answered(settler, [1])
    await settler.flush()

    assert freed == [1]
    assert settler.in_flight == 1
