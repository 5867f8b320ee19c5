"""The operator's side over HTTP, and the events for the page."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from sandbox.smsc import Behaviour, Outcome, Smsc, routes
from tests.sandbox.smsc.esme import Esme, pdu, submit_body

NUMBER = "51987763010"


class Page:
    """A client of the HTTP side, and the events that were published."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self.events: list[dict[str, object]] = []
        self.summarised = asyncio.Event()

    def publish(self, event: dict[str, object]) -> None:
        self.events.append(event)
        if event["kind"] == "smsc":
            self.summarised.set()

    async def get(self, path: str) -> dict[str, object]:
        async with self._session.get(f"/sim/smsc/{path}") as response:
            body: dict[str, object] = await response.json()
            assert response.status == 200, body
            return body

    async def post(self, path: str, body: object = None, *, status: int = 200) -> dict[str, object]:
        async with self._session.post(f"/sim/smsc/{path}", json=body) as response:
            answer: dict[str, object] = await response.json()
            assert response.status == status, answer
            assert answer["ok"] is (status == 200)
            return answer


@pytest.fixture
async def page(smsc: Smsc) -> AsyncIterator[Page]:
    """The routes on a server of their own."""
    pages: list[Page] = []
    application = web.Application()
    application.add_routes(routes(smsc, lambda event: pages[0].publish(event)))
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        pages.append(Page(session))
        yield pages[0]
    await runner.cleanup()


async def test_messages_are_listed_decoded(smsc: Smsc, esme: Esme, page: Page) -> None:
    """With the names of the contract; the next request asks from ``next``."""
    answer = await esme.ask(NUMBER, b"\x7dand\x06", validity="000001000000000R")
    await esme.deliver()
    first = await page.get("messages")
    nothing = await page.get(f"messages?since={first['next']}")
    await esme.ask("511", registered=0)
    second = await page.get(f"messages?since={first['next']}")

    assert isinstance(first["messages"], list)
    row = first["messages"][0]
    assert row.pop("time").endswith("+00:00")
    assert row == {
        "n": 1,
        "session": "demo#1",
        "source": "PREGON",
        "destination": NUMBER,
        "data_coding": 0,
        "esm_class": 0,
        "text": "ñandù",
        "part": 1,
        "parts": 1,
        "reference": None,
        "sequence": 2,
        "status": 0,
        "smsc_message_id": answer.message_id,
        "stat": "DELIVRD",
        "registered_delivery": 1,
        "validity_period": "000001000000000R",
    }
    assert (nothing["messages"], nothing["next"]) == ([], 2)
    assert isinstance(second["messages"], list)
    assert [row["n"] for row in second["messages"]] == [2]


async def test_a_body_that_could_not_be_read_is_listed_too(esme: Esme, page: Page) -> None:
    """With every key, so that nobody has to look whether it is there."""
    await esme.ask(NUMBER, registered=0)
    esme.write(pdu(4, 9, b"nonsense"))
    await esme.read()
    listed = (await page.get("messages"))["messages"]

    assert isinstance(listed, list)
    assert set(listed[1]) == set(listed[0])
    assert (listed[1]["status"], listed[1]["smsc_message_id"]) == (1, None)


async def test_many_messages_come_in_slices(esme: Esme, page: Page) -> None:
    """More than one slice makes one JSON document."""
    esme.write(b"".join(pdu(4, n, submit_body(NUMBER, registered=0)) for n in range(1, 1_202)))
    for _ in range(1_201):
        await esme.read()
    listed = await page.get("messages?since=2")

    assert isinstance(listed["messages"], list)
    assert [row["n"] for row in listed["messages"]] == list(range(2, 1_202))


async def test_handsets_are_listed_by_number(esme: Esme, page: Page) -> None:
    """Numbered over all phones."""
    for number, text in ((NUMBER, b"uno"), ("511", b"dos"), (NUMBER, b"tres")):
        await esme.ask(number, text, registered=0)
    listed = await page.get("handsets")
    later = await page.get("handsets?since=3")

    assert isinstance(listed["handsets"], dict)
    assert {phone: [row["text"] for row in rows] for phone, rows in listed["handsets"].items()} == {
        NUMBER: ["uno", "tres"],
        "511": ["dos"],
    }
    assert set(listed["handsets"][NUMBER][0]) == {"n", "time", "source", "text", "stat"}
    assert listed["next"] == 4
    assert isinstance(later["handsets"], dict)
    assert list(later["handsets"]) == [NUMBER]


async def test_the_summary_has_the_counters(esme: Esme, page: Page) -> None:
    """And the binds."""
    await esme.ask(NUMBER)
    await esme.deliver()
    summary = await page.get("summary")

    assert {"received", "accepted", "refused", "throttled", "silent", "receipts", "duplicates", "rate"} <= set(summary)
    assert (summary["received"], summary["receipts"]) == (1, 1)
    assert isinstance(summary["binds"], list)
    assert {key: value for key, value in summary["binds"][0].items() if key != "since"} == {
        "system_id": "demo",
        "mode": "transceiver",
    }


async def test_behaviour_is_set_and_shown(smsc: Smsc, esme: Esme, page: Page) -> None:
    """Key by key; reset brings back what it was at the start."""
    await page.post("behaviour", {"numbers": {NUMBER: "refused"}})
    await page.post("behaviour", {"default": {"outcome": "throttled"}})
    refused, throttled = await esme.ask(NUMBER), await esme.ask("511")
    shown = await page.get("behaviour")
    await page.post("reset")

    assert (refused.status, throttled.status) == (0x0B, 0x58)
    assert isinstance(shown["numbers"], dict)
    assert shown["numbers"][NUMBER]["outcome"] == "refused"
    assert shown["builtin"] is False
    assert smsc.script.default == Behaviour(outcome=Outcome.DELIVERED)
    assert (await page.get("summary"))["received"] == 0


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("behaviour", {"default": "sillent"}),
        ("behaviour", []),
        ("incoming", {"from": NUMBER}),
        ("incoming", {"from": NUMBER, "to": "3535", "text": 7}),
        ("incoming", {"from": "", "to": "3535", "text": "hola"}),
        ("link", {"drop": -1}),
        ("link", {"drop": "some"}),
        ("link", {"refuse": "yes"}),
    ],
)
async def test_a_request_that_makes_no_sense_is_refused(path: str, body: object, page: Page) -> None:
    """400 with a sentence."""
    answer = await page.post(path, body, status=400)

    assert answer["error"]


async def test_an_incoming_sms_is_delivered(esme: Esme, page: Page) -> None:
    """POST /sim/smsc/incoming."""
    await page.post("incoming", {"from": NUMBER, "to": "3535", "text": "BAJA"})
    came = await esme.deliver()

    assert (came.source, came.destination, came.text) == (NUMBER, "3535", "BAJA")


async def test_links_are_dropped_and_refused(smsc: Smsc, esme: Esme, page: Page) -> None:
    """POST /sim/smsc/link."""
    answer = await page.post("link", {"drop": "all", "refuse": True})
    await esme.ended()
    again = await Esme.connect(smsc.port)
    refused = (await again.bind()).status
    await page.post("link", {"refuse": False})
    accepted = (await again.bind()).status
    await again.close()

    assert answer["dropped"] == 1
    assert (refused, accepted) == (0x0D, 0)


async def test_events_are_few(esme: Esme, page: Page) -> None:
    """An SMS for each phone, one summary for the lot, not one a message."""
    for number in range(50):
        esme.submit(f"519{number:08d}", registered=0)
    for _ in range(50):
        await esme.read()
    await asyncio.wait_for(page.summarised.wait(), 5)
    kinds = [event["kind"] for event in page.events]

    assert kinds.count("sms") == 50
    assert kinds.count("smsc") == 1
    assert page.events[0]["handset"] == "51900000000"
    summary = page.events[-1]["summary"]
    assert isinstance(summary, dict)
    assert summary["received"] == 50
