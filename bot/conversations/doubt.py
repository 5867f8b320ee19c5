"""Messages in doubt: how many, what they cost at least and at most, and what a person may say of them."""

from collections.abc import Sequence
from typing import Final

from markupsafe import escape

from bot.chat import Chat
from bot.detail_csv import detail_csv
from bot.layout import cut, footer, heading, pairs
from bot.screen import Action, Button, Document, Screen, Style, on, unpack
from domain.models import DecisionKind
from domain.rules.message_state import MessageState
from domain.rules.permission import Permission
from domain.usecases import doubts
from domain.usecases.doubts import Doubtful, Ledger
from domain.usecases.results import Report
from locales import Texts

_SHOWN: Final = 12  # campaigns of the list
_NAME: Final = 60
_COST: Final = "doubt.cost_between"

# Actions


class ListDoubts(Action, code="dl"):
    """Campaigns that have messages in doubt."""


class OpenDoubt(Action, code="du"):
    """The ledger of one campaign."""

    campaign_id: int


class WaitForReceipts(Action, code="dw"):
    """*Esperar acuse*: nothing is done, and said so."""

    campaign_id: int


class DoubtFile(Action, code="df"):
    """The messages in doubt in a file."""

    campaign_id: int


class AskTakeAsSent(Action, code="da", permission=Permission.SEND):
    """What *Dar por enviados* means."""

    campaign_id: int


class TakeAsSent(Action, code="ds", permission=Permission.SEND):
    """*Dar por enviados*."""

    campaign_id: int


class AskResend(Action, code="dr", permission=Permission.SETTLE):
    """That some will get it twice."""

    campaign_id: int


class Resend(Action, code="dx", permission=Permission.SETTLE):
    """*Reenviar*."""

    campaign_id: int


# Screens


def list_screen(found: Sequence[Doubtful], t: Texts) -> Screen:
    """The newest first."""
    lines = [heading(t.label("doubt.title")), "", t("doubt.what")]
    if found:
        total = sum(one.messages for one in found)
        lines += ["", t("doubt.count", count=total)]
        lines += [t("doubt.line", name=cut(one.name, 40), count=t.number(one.messages)) for one in found[:_SHOWN]]
    else:
        lines += ["", t("doubt.none")]
    rows = [(Button(cut(f"🟠 {one.name}"), OpenDoubt(one.campaign_id)),) for one in found[:_SHOWN]]
    return Screen("\n".join(lines), (*rows, *footer(t)))


def doubt_screen(found: Ledger, chat: Chat, *, toast: str | None = None) -> Screen:
    """How many, why, what they cost, who decided what; and what may be done."""
    t, campaign = chat.t, found.report.campaign
    lines = [heading(t.label("doubt.title"), t.label("results.title"), cut(campaign.name, 40)), ""]
    if not found.messages:
        lines.append(t("doubt.none_here"))
    else:
        lines.append(t("doubt.count", count=found.messages))
        lines += _states(found, t)
        if found.bound is not None:
            lines.append(t("doubt.bound", count=t.number(found.bound)))
        lines += ["", cost_line(found.report, t), "", t("doubt.choices")]
    if found.decisions:
        lines += ["", t("doubt.decided"), *_decisions(found, chat)]
    return Screen("\n".join(lines), (*_buttons(found, chat), *footer(t, unpack(f"r:{campaign.id}:0"))), toast=toast)


def ask_screen(found: Ledger, kind: DecisionKind, t: Texts) -> Screen:
    """The consequence with its number; the safe way first."""
    campaign, name = found.report.campaign, kind.value
    lines = [
        heading(t.label(f"doubt.ask_{name}_title"), t.label("doubt.title"), cut(campaign.name, 40)),
        "",
        t(f"doubt.ask_{name}", count=found.messages),
    ]
    if kind is DecisionKind.RESEND:
        lines += ["", t("doubt.ask_resend_twice")]
    yes: Action = Resend(campaign.id) if kind is DecisionKind.RESEND else TakeAsSent(campaign.id)
    rows = (
        (Button(t.label("doubt.keep"), OpenDoubt(campaign.id)),),
        (Button(t.label(f"doubt.{name}_yes"), yes, Style.DANGER),),
    )
    return Screen("\n".join(lines), (*rows, *footer(t, OpenDoubt(campaign.id))))


def cost_line(report: Report, t: Texts) -> str:
    """From what is certain to what it is if all of them arrived."""
    if report.cost is None:
        low, high = report.billed_segments, report.billed_segments + report.doubtful_segments
        return t("doubt.segments_between", low=t.number(low), high=t.number(high))
    low_cost, high_cost = report.cost.low, report.cost.high
    return t(_COST, low=t.money(low_cost.amount, low_cost.currency), high=t.money(high_cost.amount, high_cost.currency))


def _states(found: Ledger, t: Texts) -> list[str]:
    figures = found.report.statistics
    return [
        t(f"doubt.{state.value}", count=t.number(figures.of(state)))
        for state in (MessageState.NO_RESPONSE, MessageState.DISCONNECTED)
        if figures.of(state)
    ]


def _decisions(found: Ledger, chat: Chat) -> list[str]:
    t = chat.t
    return [
        t(
            f"doubt.decided_{one.kind.value}",
            count=one.messages,
            who=cut(one.who, 40) or t.label("campaigns.somebody"),
            when=t.moment(one.at, chat.account.zone),
        )
        for one in found.decisions
    ]


def _buttons(found: Ledger, chat: Chat) -> tuple[tuple[Button, ...], ...]:
    t, campaign_id = chat.t, found.report.campaign.id
    if not found.messages:
        return ()
    buttons = [Button(t.label("doubt.wait"), WaitForReceipts(campaign_id))]
    if chat.may(Permission.SEND):
        buttons.append(Button(t.label("doubt.take_as_sent"), AskTakeAsSent(campaign_id)))
    if chat.may(Permission.SETTLE) and found.may_resend:
        buttons.append(Button(t.label("doubt.resend", count=found.messages), AskResend(campaign_id)))
    buttons.append(Button(t.label("doubt.csv"), DoubtFile(campaign_id)))
    return pairs(buttons)


# Handlers


@on(ListDoubts)
async def list_doubts(_: ListDoubts, chat: Chat) -> Screen:
    """Those of the account."""
    return list_screen(await doubts.campaigns_in_doubt(chat.account.id), chat.t)


@on(OpenDoubt)
async def open_doubt(action: OpenDoubt, chat: Chat) -> Screen:
    """As it stands: receipts may have settled some since."""
    return await _ledger(action.campaign_id, chat)


@on(WaitForReceipts)
async def wait_for_receipts(action: WaitForReceipts, chat: Chat) -> Screen:
    """A late receipt settles it by itself."""
    return await _ledger(action.campaign_id, chat, toast=chat.t.label("doubt.waiting"))


@on(DoubtFile)
async def doubt_file(action: DoubtFile, chat: Chat) -> Screen:
    """The file, and the ledger below it."""
    t = chat.t
    found = await doubts.ledger(chat.account.id, action.campaign_id, now=chat.now)
    content = await detail_csv(doubts.details(chat.account.id, action.campaign_id), t, zone=chat.account.zone)
    name = t.label("doubt.file_name", id=action.campaign_id)
    document = Document(f"{name}.csv", content, str(escape(cut(found.report.campaign.name, _NAME))))
    text = f"{heading(t.label('doubt.title'), cut(found.report.campaign.name, 40))}\n\n{t('doubt.csv_sent')}"
    return Screen(text, footer(t, OpenDoubt(action.campaign_id)), documents=(document,))


@on(AskTakeAsSent)
async def ask_take_as_sent(action: AskTakeAsSent, chat: Chat) -> Screen:
    """It is billed, and cannot be taken back."""
    return await _ask(action.campaign_id, DecisionKind.SENT, chat)


@on(TakeAsSent)
async def take_as_sent(action: TakeAsSent, chat: Chat) -> Screen:
    """The ledger without them."""
    moved = await doubts.take_as_sent(chat.account.id, action.campaign_id, by=chat.person_id, now=chat.now)
    return await _ledger(action.campaign_id, chat, toast=chat.t.label("doubt.done_sent", count=moved))


@on(AskResend)
async def ask_resend(action: AskResend, chat: Chat) -> Screen:
    """Warned before anything goes."""
    return await _ask(action.campaign_id, DecisionKind.RESEND, chat)


@on(Resend)
async def resend(action: Resend, chat: Chat) -> Screen:
    """They go as soon as the campaign runs."""
    moved = await doubts.resend(chat.account.id, action.campaign_id, by=chat.person_id, now=chat.now)
    return await _ledger(action.campaign_id, chat, toast=chat.t.label("doubt.done_resend", count=moved))


async def _ask(campaign_id: int, kind: DecisionKind, chat: Chat) -> Screen:
    found = await doubts.ledger(chat.account.id, campaign_id, now=chat.now)
    if not found.messages or (kind is DecisionKind.RESEND and not found.may_resend):
        return doubt_screen(found, chat, toast=chat.t.label("doubt.nothing_left"))
    return ask_screen(found, kind, chat.t)


async def _ledger(campaign_id: int, chat: Chat, *, toast: str | None = None) -> Screen:
    return doubt_screen(await doubts.ledger(chat.account.id, campaign_id, now=chat.now), chat, toast=toast)
