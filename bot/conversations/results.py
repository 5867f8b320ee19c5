"""*Resumen de la campaña*: the chart, the manual's table, the detail as a file, and the report on the text. (Step 5)"""

import asyncio
import re
from collections.abc import Sequence
from typing import Final

from markupsafe import Markup, escape

from bot import views
from bot.chart import Colour, Slice, donut_svg, to_png
from bot.chat import Chat
from bot.conversations.campaigns import CopyCampaign, OpenCampaign
from bot.conversations.home import HomeBelow
from bot.conversations.testing import result_screen
from bot.detail_csv import ZIP_ABOVE, detail_csv, error_words, word_words, zipped
from bot.forecast_words import bracket, compared, is_as_said
from bot.layout import PAGE, cut, footer, heading, pager, pairs, units
from bot.outbox import notice
from bot.oversize import CAPTION_LIMIT
from bot.refusal_words import refusal_button, refusal_line
from bot.screen import Action, Button, Document, Place, Rows, Screen, on, unpack
from domain.errors import NotFound
from domain.models import Notice, NoticeKind
from domain.rules.campaign_state import FINISHED, CampaignState
from domain.rules.message_state import MessageState
from domain.rules.msisdn import display
from domain.rules.permission import Permission
from domain.rules.statistics import Line, Statistics
from domain.usecases import campaigns, results, testing
from domain.usecases.campaigns import Page
from domain.usecases.rehearsal import Said, said_of
from domain.usecases.results import Detail, Media, Report
from locales import Texts

_SHOWABLE: Final = (CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.COMPLETED, CampaignState.CANCELLED)
_INDENT: Final = " "
_NAME: Final = 60  # characters of a campaign's name above its figures
_TAG: Final = re.compile(r"<[^>]+>")

# Actions


class OpenResults(Action, code="r"):
    """Chart and table; ``below``: in a message of its own, what was above stays."""

    campaign_id: int
    below: bool = False


class ListResults(Action, code="rl"):
    """Campaigns that have results to show."""

    page: int = 0


class DetailFile(Action, code="rc"):
    """Every message in a file."""

    campaign_id: int


class ShowMedia(Action, code="rm"):
    """*Mostrar informe de los medios*."""

    campaign_id: int


class ShowForecast(Action, code="rf"):
    """What was said at the launch, against what came."""

    campaign_id: int


class ShowMessages(Action, code="rs"):
    """Messages by number; ``state``: only those; ``below``: as of ``OpenResults``."""

    campaign_id: int
    state: MessageState | None = None
    page: int = 0
    below: bool = False


# Screens


def results_screen(report: Report, chat: Chat, *, photo: bytes | None, place: Place = Place.AUTO) -> Screen:
    """The table below its chart."""
    rows = (*_rows(report, chat), *footer(chat.t, OpenCampaign(report.campaign.id)))
    return Screen(results_text(report, chat), rows, photo=photo, place=place)


def summary_screen(report: Report, chat: Chat, *, photo: bytes | None) -> Screen:
    """The news that a campaign has ended: it stays in the chat, so each of its buttons opens something below it."""
    t, campaign_id = chat.t, report.campaign.id
    why = ((refusal_button(campaign_id, report.refusal, t, below=True),),) if report.refusal else ()
    rows = (
        (Button(t.label("results.open"), OpenResults(campaign_id, below=True)),),
        *why,
        (Button(t.label("results.csv"), DetailFile(campaign_id)), Button(t.label("nav.home"), HomeBelow())),
    )
    return Screen(results_text(report, chat), rows, photo=photo)


def results_text(report: Report, chat: Chat) -> str:
    """At most 1,024 UTF-16 units: it goes below a picture, and the name gives way where there is much to say."""
    text = _text(report, chat, name=_NAME)
    over = units(_TAG.sub("", text)) - CAPTION_LIMIT
    return text if over <= 0 else _text(report, chat, name=max(1, _NAME - over))


def _text(report: Report, chat: Chat, *, name: int) -> str:
    t, campaign = chat.t, report.campaign
    when = campaign.ended_at or campaign.state_at
    state = t.label(f"campaign.state.{campaign.state.value}")
    return views.render(
        "results",
        t=t,
        name=cut(campaign.name, name),
        state=t.label("results.state", state=state, when=t.moment(when, chat.account.zone)),
        figures=report.statistics,
        cost=_cost(report, t),
        forecast=_forecast(report, t),
        refusal=Markup(refusal_line(report.refusal, t)) if report.refusal else "",  # noqa: S704 - escaped there
        table=table_lines(report, t),
    )


def _forecast(report: Report, t: Texts) -> str:
    """Whether it came as it was said; empty before its end, or where nothing was."""
    said = said_of(report.campaign)
    if said is None or report.campaign.state not in FINISHED:
        return ""
    if is_as_said(said, report.statistics):
        return t.label("forecast.line_as_said")
    expected, came = said.statistics.sent, report.statistics.sent
    return t.label("forecast.line", said=t.number(expected), came=t.number(came))


def table_lines(report: Report, t: Texts) -> list[str]:
    """The manual's table as aligned lines: *Estado, Total, %, Precedente*; what is contained in a row is indented."""
    before = {line.key: line for line in report.previous.lines()} if report.previous else {}
    state, total, share, previous = (
        t.label(f"results.column_{name}") for name in ("state", "total", "share", "previous")
    )
    body = [_cells(line, before.get(line.key), t) for line in report.statistics.lines()]
    widths = [max(units(row[i]) for row in body) for i in range(4)]
    widths[0], widths[1] = max(widths[0], units(state)), max(widths[1], units(total))
    # Phones are narrow: the last two headings share the width of their columns.
    widths[3] = max(widths[3], units(f"{share} {previous}") - widths[2] - 1)
    last = f"{share} {previous}".rjust(widths[2] + 1 + widths[3])
    return [f"{state:<{widths[0]}} {total:>{widths[1]}} {last}", *(_aligned(row, widths) for row in body)]


def chart_svg(report: Report, chat: Chat) -> str:
    """What became of the messages, in eight parts."""
    t, figures = chat.t, report.statistics
    parts = (
        ("delivered", figures.of(MessageState.DELIVERED), Colour.GOOD),
        ("accepted", figures.of(MessageState.ACCEPTED), Colour.UNDER_WAY),
        ("expired", figures.of(MessageState.EXPIRED), Colour.LATE),
        ("rejected", figures.of(MessageState.REJECTED), Colour.BAD),
        ("in_doubt", figures.in_doubt, Colour.DOUBT),
        ("failed", figures.failed, Colour.REFUSED),
        ("ignored", figures.ignored, Colour.SKIPPED),
        ("pending", figures.pending, Colour.WAITING),
    )
    slices = [
        Slice(t.label(f"results.row_{key}"), value, colour, t.number(value), t.percent(round(figures.share(value), 3)))
        for key, value, colour in parts
    ]
    delivered = figures.share(figures.of(MessageState.DELIVERED))
    moment = t.moment(chat.now, chat.account.zone)
    return donut_svg(
        slices,
        title=t.label("results.title"),
        subtitle=f"{t.label('results.messages', count=figures.total)} · {moment}",
        centre=t.percent(round(delivered, 3)),
        centre_label=t.label("results.row_delivered").lower(),
    )


def list_screen(found: Page, t: Texts, *, page: int = 0) -> Screen:
    """The filter by campaign."""
    text = t("results.choose" if found.total else "results.none")
    rows: list[tuple[Button, ...]] = [(Button(cut(f"📊 {one.name}"), OpenResults(one.id)),) for one in found.campaigns]
    rows += pager(page, found.total, to=ListResults)
    return Screen(f"{heading(t.label('results.title'))}\n\n{text}", (*rows, *footer(t)))


def media_screen(media: Media, t: Texts) -> Screen:
    """The text as it is sent, its tokens, and how many messages took how many segments."""
    campaign = media.campaign
    lines = [heading(t.label("results.media"), t.label("results.title"), cut(campaign.name, 40)), ""]
    lines += [t("results.media_text", title=campaign.text_title or t.label("campaigns.own_text"))]
    lines.append(f"<pre>{escape(media.text)}</pre>")
    lines.append(t("results.media_sender", sender=campaign.sender_id))
    listed = Markup(" · ").join(Markup("<code>{}</code>").format(f"{{{{ {token} }}}}") for token in media.tokens)
    lines.append(t("results.media_tokens", tokens=listed) if media.tokens else t("results.media_no_tokens"))
    lines += ["", t("results.media_segments"), *_histogram(media, t)]
    if media.samples:
        lines += [
            "",
            t("results.media_samples"),
            *(f"<blockquote>{escape(text)}</blockquote>" for text in media.samples),
        ]
    return Screen("\n".join(lines), footer(t, OpenResults(campaign.id)))


def forecast_screen(report: Report, said: Said, chat: Chat) -> Screen:
    """Cell by cell, and the money."""
    t, campaign, zone = chat.t, report.campaign, chat.account.zone
    lines = [heading(t.label("forecast.title"), t.label("results.title"), cut(campaign.name, 40)), ""]
    lines.append(t("forecast.as_said" if is_as_said(said, report.statistics) else "forecast.otherwise"))
    lines.append(compared(said, report.statistics, t))
    if said.cost is not None and report.cost is not None:
        lines.append(t("forecast.cost", said=bracket(said.cost, t), came=bracket(report.cost, t)))
    if said.last is not None and campaign.ended_at is not None:
        last, ended = t.moment(said.last, zone), t.moment(campaign.ended_at, zone)
        lines.append(t("forecast.ended", said=last, came=ended))
    if said.held:
        lines.append(t("forecast.held", count=said.held))
    return Screen("\n".join(lines), footer(t, OpenResults(campaign.id)))


def file_screen(name: str, campaign_id: int, document: Document, t: Texts) -> Screen:
    """The file, and below it the way back."""
    text = (
        f"{heading(t.label('results.csv_title'), t.label('results.title'), cut(name, 40))}\n\n{t('results.csv_sent')}"
    )
    return Screen(text, footer(t, OpenResults(campaign_id)), documents=(document,))


def messages_screen(
    name: str, shown: Sequence[Detail], action: ShowMessages, figures: Statistics, chat: Chat
) -> Screen:
    """A page of messages: number, state, and the operator's error."""
    t = chat.t
    total = figures.of(action.state) if action.state else figures.total
    lines = [heading(t.label("results.messages_title"), t.label("results.title"), cut(name, 40)), ""]
    lines.append(t("results.messages_count", count=total) if total else t("results.messages_none"))
    for one in shown:
        error = "" if one.state is MessageState.DELIVERED else error_words(one.error, t)
        state = t.label(f"message.{one.state.value}")
        lines.append(t("results.message_line", number=display(one.msisdn), name=cut(one.name, 24), state=state))
        if error:
            lines.append(t("results.message_error", error=cut(error, 60)))
        if one.word:
            lines.append(t("results.message_word", word=cut(word_words(one.word, t), 60)))
    rows = list(pager(action.page, total, to=lambda page: ShowMessages(action.campaign_id, action.state, page)))
    rows += pairs([_state_button(state, action, figures, t) for state in MessageState if figures.of(state)])
    place = Place.NEW if action.below else Place.AUTO
    return Screen("\n".join(lines), (*rows, *footer(t, OpenResults(action.campaign_id))), place=place)


def _state_button(state: MessageState, action: ShowMessages, figures: Statistics, t: Texts) -> Button:
    chosen = state is action.state
    label = f"{t.label(f'message.{state.value}')} · {t.number(figures.of(state))}"
    return Button(cut(f"✅ {label}" if chosen else label), ShowMessages(action.campaign_id, None if chosen else state))


def _cells(line: Line, before: Line | None, t: Texts) -> list[str]:
    return [
        f"{_INDENT * line.depth}{t.label(f'results.row_{line.key}')}",
        t.number(line.total),
        t.percent(round(line.share, 3)).replace("\u00a0", ""),
        t.number(before.total) if before else "–",
    ]


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    first = row[0] + " " * (widths[0] - units(row[0]))
    others = (" " * (width - units(cell)) + cell for cell, width in zip(row[1:], widths[1:], strict=True))
    return " ".join((first, *others))


def _cost(report: Report, t: Texts) -> str:
    if report.cost is None:
        return t.label("results.billed", count=report.billed_segments)
    low, high = report.cost.low, report.cost.high
    if report.cost.exact:
        return t.label("results.cost", cost=t.money(low.amount, low.currency))
    return t.label(
        "results.cost_between", low=t.money(low.amount, low.currency), high=t.money(high.amount, high.currency)
    )


def _histogram(media: Media, t: Texts) -> list[str]:
    if not media.segments:
        return [t("results.media_nothing_yet")]
    most = max(media.segments.values())
    return [
        t(
            "results.media_bar",
            count=segments,
            bar="▇" * max(1, round(12 * messages / most)),
            messages=t.number(messages),
        )
        for segments, messages in media.segments.items()
    ]


def _rows(report: Report, chat: Chat) -> Rows:
    t, campaign_id = chat.t, report.campaign.id
    buttons = [
        Button(t.label("results.refresh"), OpenResults(campaign_id)),
        Button(t.label("results.csv"), DetailFile(campaign_id)),
        Button(t.label("results.messages_button"), ShowMessages(campaign_id)),
        Button(t.label("results.media"), ShowMedia(campaign_id)),
    ]
    if report.refusal:
        buttons.append(refusal_button(campaign_id, report.refusal, t))
    if report.statistics.in_doubt:
        buttons.append(Button(t.label("doubt.button", count=report.statistics.in_doubt), unpack(f"du:{campaign_id}")))
    if said_of(report.campaign) is not None:
        buttons.append(Button(t.label("forecast.title"), ShowForecast(campaign_id)))
    if chat.may(Permission.EDIT):
        buttons.append(Button(t.label("campaigns.copy"), CopyCampaign(campaign_id)))
    return pairs(buttons)


# Handlers


@on(OpenResults)
async def open_results(action: OpenResults, chat: Chat) -> Screen:
    """As they stand; what is shown now is the *Precedente* of the next time."""
    report = await results.show(chat.account.id, action.campaign_id)
    photo = await _chart(report, chat)
    return results_screen(report, chat, photo=photo, place=Place.NEW if action.below else Place.AUTO)


@on(ListResults)
async def list_results(action: ListResults, chat: Chat) -> Screen:
    """The newest first."""
    found = await campaigns.page(chat.account.id, offset=action.page * PAGE, limit=PAGE, states=_SHOWABLE)
    return list_screen(found, chat.t, page=action.page)


@on(DetailFile)
async def detail_file(action: DetailFile, chat: Chat) -> Screen:
    """The file, and the results below it."""
    campaign = await campaigns.get(chat.account.id, action.campaign_id)
    content = await detail_csv(results.details(chat.account.id, campaign.id), chat.t, zone=chat.account.zone)
    name = chat.t.label("results.file_name", id=campaign.id)
    document = Document(f"{name}.csv", content, escape(cut(campaign.name, _NAME)))
    if len(content) > ZIP_ABOVE:
        packed = await asyncio.to_thread(zipped, document.name, content)
        document = Document(f"{name}.zip", packed, document.caption)
    return file_screen(campaign.name, campaign.id, document, chat.t)


@on(ShowMedia)
async def show_media(action: ShowMedia, chat: Chat) -> Screen:
    """The report on the text."""
    return media_screen(await results.media(chat.account.id, action.campaign_id), chat.t)


@on(ShowForecast)
async def show_forecast(action: ShowForecast, chat: Chat) -> Screen:
    """As it stands: a receipt may come after the end."""
    report = await results.report(chat.account.id, action.campaign_id)
    said = said_of(report.campaign)
    if said is None:
        raise NotFound(noun="forecast")
    return forecast_screen(report, said, chat)


@on(ShowMessages)
async def show_messages(action: ShowMessages, chat: Chat) -> Screen:
    """A page."""
    campaign = await campaigns.get(chat.account.id, action.campaign_id)
    figures = Statistics(await campaigns.counts(campaign))
    shown = await results.messages(
        chat.account.id, campaign.id, state=action.state, offset=action.page * PAGE, limit=PAGE
    )
    return messages_screen(campaign.name, shown, action, figures, chat)


@notice(NoticeKind.SUMMARY)
async def summary(row: Notice, chat: Chat) -> Screen:
    """Once, when the campaign has ended and its receipts are in; of a test, what became of it by phone."""
    if (await campaigns.get(chat.account.id, row.subject_id)).test:
        return result_screen(await testing.get(chat.account.id, row.subject_id), chat)
    report = await results.show(chat.account.id, row.subject_id)
    return summary_screen(report, chat, photo=await _chart(report, chat))


async def _chart(report: Report, chat: Chat) -> bytes:
    return await asyncio.to_thread(to_png, chart_svg(report, chat))
