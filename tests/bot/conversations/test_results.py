"""The summary: the manual's table in its order, the chart, the file, and the report on the text."""

import io
import re
import zipfile
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.conversations.campaigns import OpenCampaign
from bot.conversations.home import HomeBelow
from bot.conversations.results import (
    DetailFile,
    ListResults,
    OpenResults,
    ShowMedia,
    ShowMessages,
    results_text,
    summary,
    summary_screen,
    table_lines,
)
from bot.detail_csv import error_words, zipped
from bot.layout import units
from bot.screen import Place
from domain.models import Account, Campaign, Chunk, ChunkState, Contact, Message, Notice, NoticeKind
from domain.rules.blanks import HeldBack
from domain.rules.campaign_state import CampaignState
from domain.rules.message_state import MessageState
from domain.rules.price import Bracket, Money
from domain.rules.reach import NOT_ENABLED
from domain.rules.statistics import Statistics
from domain.rules.template import TextBlank, TextTooLong
from domain.usecases.refusals import Refusal
from domain.usecases.results import Report
from locales import Texts
from sender.feed import UNRENDERED
from tests.bot.conversations.talk import NOON, Talk, talk_of

S = MessageState
ORDER = [
    "sent",
    "delivered",
    "accepted",
    "expired",
    "rejected",
    "no_response",
    "disconnected",
    "failed",
    "ignored",
    "blocked",
    "schedule_expired",
    "invalid_number",
    "pending",
    "total",
]


def report(counts: Mapping[MessageState, int], **values: Any) -> Report:
    """Of a campaign that is in no database."""
    name = values.pop("name", "Prueba_SMS_01")
    campaign = Campaign(id=2_000_000_000, name=name, state=CampaignState.COMPLETED, state_at=NOON, ended_at=NOON)
    given: dict[str, Any] = {"previous": None, "billed_segments": 1, "doubtful_segments": 0, "cost": None, **values}
    return Report(campaign=campaign, statistics=Statistics(counts), **given)


@pytest.fixture
def owner(texts: Texts) -> Talk:
    """Somebody to draw screens for; no database."""
    return talk_of(Account(id=1, name="Pregón", region="PE", time_zone="America/Lima", sender_id="PREGON"), texts)


def test_the_table_has_the_manuals_rows_in_the_manuals_order(owner: Talk) -> None:
    """*Estado, Total, %, Precedente*; what is contained is indented; columns are aligned."""
    t = owner.chat.t
    counts = {S.DELIVERED: 5, S.ACCEPTED: 1, S.BLOCKED: 2, S.PENDING: 2}
    lines = table_lines(report(counts, previous=Statistics({S.DELIVERED: 1, S.PENDING: 9})), t)

    assert [line.split("  ")[0].strip() or line[1:].split("  ")[0] for line in lines[1:]] == [
        t.label(f"results.row_{key}") for key in ORDER
    ]
    assert len({units(line) for line in lines}) == 1
    assert lines[1].split() == [t.label("results.row_sent"), "6", "60%", "1"]
    assert lines[2].startswith(" ")
    assert lines[-1].split()[-3:] == ["10", "100%", "10"]


def test_shown_for_the_first_time_there_is_no_precedent(owner: Talk) -> None:
    """A dash, not a zero: nothing was ever shown."""
    assert all(line.endswith("–") for line in table_lines(report({S.DELIVERED: 1}), owner.chat.t)[1:])


def test_the_largest_summary_fits_below_its_picture(owner: Talk) -> None:
    """1,024 units, with the longest name, seven figures everywhere, and a bracket of money."""
    counts = dict.fromkeys(S, 1_234_567)
    cost = Bracket(Money(Decimal("1234567.123456"), "PEN"), Money(Decimal("2234567.123456"), "PEN"))
    refusal = Refusal(S.FAILED, "ESME_RX_P_APPN", 1_234_567)
    largest = report(counts, name="Ñ" * 80, previous=Statistics(counts), cost=cost, refusal=refusal)
    screen = summary_screen(largest, owner.chat, photo=b"x")

    assert units(re.sub(r"<[^>]+>", "", screen.text)) <= 1_024


def test_the_cost_is_a_bracket_while_something_is_in_doubt(owner: Talk) -> None:
    """Exact where nothing is; segments where no price was set."""
    t = owner.chat.t
    low, high = Money(Decimal("1.00"), "PEN"), Money(Decimal("1.50"), "PEN")
    doubtful = results_text(report({S.NO_RESPONSE: 1}, cost=Bracket(low, high)), owner.chat)
    exact = results_text(report({S.DELIVERED: 1}, cost=Bracket(low, low)), owner.chat)

    assert t.money(high.amount, "PEN") in doubtful
    assert t("results.cost", cost=t.money(low.amount, "PEN")) in exact
    assert t("results.billed", count=1) in results_text(report({S.DELIVERED: 1}), owner.chat)


@pytest.mark.parametrize("reason", [NOT_ENABLED, TextBlank.key, TextTooLong.key, HeldBack.key, UNRENDERED])
def test_what_the_sender_cannot_send_has_its_reason_in_words(texts: Texts, reason: str) -> None:
    """Not every one of them is the number's fault, whatever their row of the table is called."""
    assert error_words(reason, texts) != reason


@pytest.fixture
async def ended(sqlite_account: Account) -> Campaign:
    """A campaign with one message of each state, and a name that a spreadsheet would compute."""
    campaign = await Campaign.create(
        account=sqlite_account,
        name="Prueba_SMS_01",
        state=CampaignState.COMPLETED,
        text="Hola {{ nombre }}",
        text_title="cobranza",
        sender_id="PREGON",
        segment_price=Decimal("0.05"),
        currency="PEN",
        created_by=1001,
        chat_id=1001,
        started_at=NOON - timedelta(minutes=5),
        ended_at=NOON,
    )
    for number, state in enumerate(S):
        contact = await Contact.create(
            account=sqlite_account, msisdn=51987650000 + number, first_name="＝1+1", created_ms=1, updated_ms=1
        )
        sent = state not in {S.PENDING, S.BLOCKED, S.SCHEDULE_EXPIRED, S.INVALID_NUMBER}
        await Message.create(
            campaign_id=campaign.id,
            contact_id=contact.id,
            msisdn=contact.msisdn,
            state=state,
            segments=2 if sent else 0,
            error="ESME_RSUBMITFAIL" if state is S.FAILED else None,
            submitted_ms=int(NOON.timestamp() * 1000) if sent else None,
        )
    ids = await Message.filter(campaign_id=campaign.id).order_by("id").values_list("id", flat=True)
    await Chunk.create(campaign_id=campaign.id, lo=ids[0], hi=ids[-1], state=ChunkState.DONE)
    return campaign


async def test_the_summary_is_a_picture_with_the_table_and_stays_in_the_chat(
    ended: Campaign, sqlite_account: Account, texts: Texts
) -> None:
    """Each of its buttons opens something below it; what it showed is the *Precedente* of the next time."""
    owner = talk_of(sqlite_account, texts)
    notice = Notice(key="summary:1", kind=NoticeKind.SUMMARY, subject_id=ended.id, chat_id=1001, person_id=1001)
    screen = await summary(notice, owner.chat)

    assert screen.photo is not None
    assert screen.photo.startswith(b"\x89PNG")
    low, high = texts.money(Decimal("0.40"), "PEN"), texts.money(Decimal("0.60"), "PEN")
    assert texts("results.cost_between", low=low, high=high) in screen.text
    actions = [button.action for row in screen.rows for button in row]
    assert actions == [OpenResults(ended.id, below=True), DetailFile(ended.id), HomeBelow()]
    below = await owner.do(OpenResults(ended.id, below=True))
    assert below.place is Place.NEW
    assert re.search(r" 12 +100% +12</pre>", below.text)


async def test_the_file_opens_in_a_spreadsheet_and_computes_nothing(
    ended: Campaign, sqlite_account: Account, texts: Texts
) -> None:
    """BOM, semicolons, the states in words, times of the account's zone, and no formula."""
    owner = talk_of(sqlite_account, texts)
    screen = await owner.do(DetailFile(ended.id))
    (document,) = screen.documents
    lines = document.content.decode("utf-8").split("\r\n")

    assert document.name == f"{texts.label('results.file_name', id=ended.id)}.csv"
    assert lines[0].startswith("\ufeff" + texts.label("results.csv_number") + ";")
    assert len(lines) == 1 + len(S) + 1
    failed = next(line for line in lines if "ESME_RSUBMITFAIL" in line)
    why = f"{texts.label('smpp.esme_rsubmitfail')} (ESME_RSUBMITFAIL)"
    assert failed.split(";")[1:6] == ["'＝1+1", texts.label("message.failed"), "2", why, "2026-11-24 12:00:00"]


def test_a_large_file_goes_as_an_archive() -> None:
    """Telegram takes 50 MB."""
    with zipfile.ZipFile(io.BytesIO(zipped("a.csv", b"x" * 100))) as archive:
        assert archive.read("a.csv") == b"x" * 100


async def test_the_media_report_shows_the_text_its_tokens_and_a_histogram(
    ended: Campaign, sqlite_account: Account, texts: Texts
) -> None:
    """M31: as sent, not as the template reads now."""
    screen = await talk_of(sqlite_account, texts).do(ShowMedia(ended.id))

    assert "<pre>Hola {{ nombre }}</pre>" in screen.text
    assert "<code>{{ nombre }}</code>" in screen.text
    assert "2 ▇▇▇▇▇▇▇▇▇▇▇▇" in screen.text
    assert "Hola ＝1+1" in screen.text


async def test_messages_are_filtered_by_state_at_a_tap(ended: Campaign, sqlite_account: Account, texts: Texts) -> None:
    """With the operator's error below what failed, and what it means."""
    owner = talk_of(sqlite_account, texts)
    await owner.do(ShowMessages(ended.id))
    await owner.tap("›")
    assert owner.screen.text.count("<code>") == 4
    screen = await owner.tap(texts.label("message.failed"))

    assert screen.text.count("<code>") == 1
    assert f"{texts.label('smpp.esme_rsubmitfail')} (ESME_RSUBMITFAIL)" in screen.text


async def test_what_the_operator_refuses_much_of_says_why_in_words(
    ended: Campaign, sqlite_account: Account, texts: Texts
) -> None:
    """The reason that came most often, how many got it, and a button to them; from the summary below it."""
    why = [S.FAILED] * 5 + [S.REJECTED] * 4 + [S.DELIVERED]
    words = ["ESME_RINVDSTADR"] * 4 + ["ESME_RSYSERR"] + ["1042"] * 3 + [None] + ["000"]
    rows = await Message.filter(campaign_id=ended.id).order_by("id")
    for row, state, word in zip(rows, why, words, strict=False):
        await Message.filter(id=row.id).update(state=state, error=word)
    owner = talk_of(sqlite_account, texts)
    notice = Notice(key="summary:1", kind=NoticeKind.SUMMARY, subject_id=ended.id, chat_id=1001, person_id=1001)
    reason = f"{texts.label('smpp.esme_rinvdstadr')} (ESME_RINVDSTADR)"
    line = texts("results.refusal", count=4, reason=reason)
    assert line in (await summary(notice, owner.chat)).text
    card = await owner.do(OpenCampaign(ended.id))
    assert line in card.text
    await owner.do(OpenResults(ended.id))
    screen = await owner.tap(texts.label("results.see_failed"))
    assert screen.text.count(reason) == 4
    below = await owner.do(ShowMessages(ended.id, S.FAILED, below=True))
    assert below.place is Place.NEW

    await Message.filter(campaign_id=ended.id, state=S.FAILED).update(error="1042", state=S.REJECTED)
    unknown = texts.label("results.word", word="1042", meaning=texts.label("smpp.other"))
    assert texts("results.refusal", count=8, reason=unknown) in (await owner.do(OpenCampaign(ended.id))).text
    assert owner.has(texts.label("results.see_rejected"))
    await Message.filter(campaign_id=ended.id, state=S.REJECTED).update(state=S.DELIVERED)
    assert "1042" not in (await owner.do(OpenCampaign(ended.id))).text


async def test_the_operator_s_last_word_is_shown_while_nothing_is_settled(
    ended: Campaign, sqlite_account: Account, texts: Texts
) -> None:
    """Below the message and in the file; one that we do not know as it came; not once the message has its end."""
    words = {S.ACCEPTED: "ENROUTE", S.NO_RESPONSE: "UNKNOWN", S.DISCONNECTED: "=BUFF", S.DELIVERED: "ACCEPTD"}
    for state, word in words.items():
        await Message.filter(campaign_id=ended.id, state=state).update(word=word)
    owner = talk_of(sqlite_account, texts)
    shown = [await owner.do(ShowMessages(ended.id, state)) for state in words]
    (document,) = (await owner.do(DetailFile(ended.id))).documents
    rows = [line.split(";") for line in document.content.decode("utf-8").split("\r\n")]

    assert texts("results.message_word", word=f"{texts.label('message.word.enroute')} (ENROUTE)") in shown[0].text
    assert f"{texts.label('message.word.unknown')} (UNKNOWN)" in shown[1].text
    assert texts("results.message_word", word="=BUFF") in shown[2].text
    assert "ACCEPTD" not in shown[3].text
    assert rows[0][-1] == texts.label("results.csv_word")
    assert {row[-1].rpartition("(")[2] for row in rows[1:-1]} == {"", "ENROUTE)", "UNKNOWN)", "'=BUFF"}


async def test_reports_are_chosen_by_campaign(ended: Campaign, sqlite_account: Account, texts: Texts) -> None:
    """M32: drafts have none."""
    await Campaign.create(account=sqlite_account, name="borrador", created_by=1, chat_id=1)
    owner = talk_of(sqlite_account, texts)
    await owner.do(ListResults())
    assert not owner.has("borrador")
    await owner.tap("Prueba_SMS_01")

    assert owner.screen.photo is not None
