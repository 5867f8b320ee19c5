"""Over which route a message goes: by prefix, and over another one while its own cannot be used."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from domain.models import Account, Message, Sender
from domain.rules.campaign_state import CampaignState
from domain.rules.message_state import MessageState
from domain.rules.route import BadRoute, check_routes, parse_route
from sandbox.smsc import Answer, Behaviour, Outcome, Script, Smsc
from sender.routing import Routing
from sender.worker import Worker
from tests.sender.test_worker import _campaign, _counts, _in_state, _until

PERU, ECUADOR = 51987760000, 593991234567


def _route(name: str, query: str = "", port: int = 1) -> object:
    return parse_route(name, f"smpp://pregon:test@127.0.0.1:{port}?{query}")


def _routing(**queries: str) -> Routing:
    return Routing([_route(name, query) for name, query in queries.items()])  # type: ignore[misc]


def test_the_longest_prefix_wins_and_the_rest_is_the_default_s() -> None:
    """A route without prefixes takes what nobody else names."""
    routing = _routing(default="", peru="prefixes=51,59", ecuador="prefixes=593")

    assert routing.lane(PERU) == "peru"
    assert routing.lane(ECUADOR) == "ecuador"
    assert routing.lane(59123456789) == "peru"
    assert routing.lane(34600000000) == "default"


def test_routes_that_nothing_names_only_receive() -> None:
    """As a second one always did."""
    routing = _routing(default="failover=spare", spare="", other="")

    assert list(routing.encoders) == ["default", "spare"]
    assert routing.lane(PERU) == "default"


def test_a_route_that_is_down_long_enough_is_stood_in_for_until_it_is_back() -> None:
    """Not at the first hiccup; and back as soon as it can be used."""
    routing = _routing(default="failover=spare&failover_s=10", spare="")
    assert routing.update({"default": False, "spare": True}, now=0.0) == set()
    assert routing.update({"default": False, "spare": True}, now=9.9) == set()
    assert routing.lane(PERU) == "default"
    assert routing.update({"default": False, "spare": True}, now=10.0) == {"default"}
    assert routing.lane(PERU) == "spare"
    assert routing.update({"default": False, "spare": True}, now=11.0) == set()
    assert routing.update({"default": True, "spare": True}, now=12.0) == {"spare"}
    assert routing.lane(PERU) == "default"


def test_a_route_that_is_not_let_in_is_stood_in_for_at_once() -> None:
    """Nothing is to be hoped for."""
    routing = _routing(default="failover=spare&failover_s=3600", spare="")
    usable = {"default": False, "spare": True}

    assert routing.update(usable, now=1.0) == set()
    assert routing.update(usable, refused={"default"}, now=1.1) == {"default"}
    assert routing.lane(PERU) == "spare"
    assert routing.update({"default": True, "spare": True}, now=2.0) == {"spare"}


def test_failovers_form_a_chain_and_a_circle_ends() -> None:
    """Where none of them is up the message waits for its own."""
    routing = _routing(a="failover=b&failover_s=0", b="failover=c&failover_s=0", c="failover=a&failover_s=0")
    routing.update({"a": False, "b": False, "c": True}, now=1.0)
    assert routing.lane(PERU) == "c"
    routing.update({"a": False, "b": False, "c": False}, now=2.0)
    assert routing.lane(PERU) == "a"


@pytest.mark.parametrize(
    "queries",
    [
        pytest.param({"a": "failover=b"}, id="a failover that there is not"),
        pytest.param({"a": "failover=a"}, id="itself"),
        pytest.param({"a": "failover=b", "b": "bind=receiver"}, id="one that only receives"),
        pytest.param({"a": "prefixes=51", "b": "prefixes=51"}, id="one prefix twice"),
    ],
)
def test_routes_that_contradict_each_other_are_refused(queries: dict[str, str]) -> None:
    """At the start, with a sentence that names the route."""
    with pytest.raises(BadRoute, match=r"route [ab]"):
        check_routes([_route(name, query) for name, query in queries.items()])  # type: ignore[misc]


@pytest.mark.parametrize("value", ["51,x", "+", "1234567890123456"])
def test_a_prefix_is_digits(value: str) -> None:
    """A plus in front is forgiven."""
    if value == "+":
        assert parse_route("a", "smpp://a:b@h?prefixes=%2B51").prefixes == ("51",)
    else:
        with pytest.raises(BadRoute, match="prefixes"):
            parse_route("a", f"smpp://a:b@h?prefixes={value}")


@pytest.fixture
async def pair() -> AsyncIterator[tuple[Smsc, Smsc]]:
    """Two operators."""
    script = Script(builtin=False, receipt_delay_s=0.0, receipt_jitter_s=0.0)
    both = [Smsc(script=script, credentials={"pregon": "test"}) for _ in range(2)]
    for smsc in both:
        await smsc.start()
    yield both[0], both[1]
    for smsc in both:
        await smsc.stop()


async def test_each_number_goes_over_the_route_of_its_prefix(account: Account, pair: tuple[Smsc, Smsc]) -> None:
    """And its receipts come back over the same."""
    campaign = await _campaign(account, 20, text="Hola, " + "x" * 200)
    first, second = pair
    routes = [_route("default", port=first.port), _route("tens", "prefixes=5198776001&segments=sar", second.port)]
    worker, stop = Worker(routes), asyncio.Event()  # type: ignore[arg-type]
    running = asyncio.create_task(worker.run(stop))
    await _until(_in_state(campaign, CampaignState.COMPLETED))

    async def delivered() -> bool:
        return await _counts() == {MessageState.DELIVERED: 20}

    await _until(delivered)
    stop.set()
    await running

    assert (first.summary().received, second.summary().received) == (20, 20)
    assert {message.route for message in await Message.filter(msisdn__gte=51987760010)} == {"tens"}


async def test_the_next_route_takes_over_and_what_is_in_flight_stays(account: Account, pair: tuple[Smsc, Smsc]) -> None:
    """The first operator goes away in the middle: what it may have is in doubt, the rest goes over the second, once."""
    campaign = await _campaign(account, 300, text="Hola")
    first, second = pair
    first.set_behaviour(default=Behaviour(outcome=Outcome.ACCEPTED, answer=Answer.NORMAL))
    routes = [
        _route("default", "failover=spare&failover_s=0.2&window=5&tps=100", first.port),
        _route("spare", "window=5", second.port),
    ]
    worker, stop = Worker(routes), asyncio.Event()  # type: ignore[arg-type]
    running = asyncio.create_task(worker.run(stop))
    await first.wait_for(lambda summary: summary.received >= 40)
    await first.stop()
    await _until(_in_state(campaign, CampaignState.COMPLETED))
    stop.set()
    await running
    counts = await _counts()
    on_first = {message.msisdn for message in await Message.filter(route="default")}
    on_second = {message.msisdn for message in await Message.filter(route="spare")}

    assert counts.get(MessageState.DISCONNECTED, 0) + counts.get(MessageState.NO_RESPONSE, 0) <= 5
    assert sum(counts.values()) == 300
    assert second.summary().received == len(on_second) == 300 - len(on_first)
    assert second.summary().duplicates == 0


async def test_a_wrong_password_stops_the_route_and_the_next_takes_over(
    account: Account, pair: tuple[Smsc, Smsc]
) -> None:
    """At once, not after ``failover_s``; the sender says so, with the operator's word."""
    campaign = await _campaign(account, 30, text="Hola")
    first, second = pair
    wrong = parse_route("default", f"smpp://pregon:wrong@127.0.0.1:{first.port}?failover=spare&failover_s=3600")
    worker, stop = Worker([wrong, _route("spare", port=second.port)]), asyncio.Event()  # type: ignore[list-item]
    running = asyncio.create_task(worker.run(stop))
    await _until(_in_state(campaign, CampaignState.COMPLETED))
    (sender,) = await Sender.all()
    stop.set()
    await running
    link = next(link for link in sender.links if link["route"] == "default")

    assert second.summary().received == 30
    assert (link["state"], link["final"], link["word"]) == ("refused", True, "ESME_RINVPASWD")
