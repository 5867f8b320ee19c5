"""The wizard's last step: what the campaign comes to, and launching it after asking once more."""

import dataclasses

from markupsafe import escape

from bot.chat import Chat
from bot.conversations import blanks
from bot.conversations import campaigns as campaign_card
from bot.conversations.campaigns import ListCampaigns
from bot.hours_words import end_words, pace_words, silence_words, start_words
from bot.layout import cut, footer, pairs
from bot.review_checks import with_checks
from bot.screen import Action, Button, Rows, Screen, Style, on, unpack
from bot.wizard import GoTo, Leave, Step, frame, head, is_complete
from domain.errors import DomainError, WrongState
from domain.models import StartKind
from domain.rules.campaign_state import CampaignState
from domain.rules.permission import Permission
from domain.rules.template import tokens
from domain.usecases import campaigns, drafts, launching, wording
from domain.usecases.drafts import Draft
from domain.usecases.forecast import EXACT_LIMIT, Forecast, forecast
from locales import Texts

_SLOW = 5_000  # recipients: of more it is said that they are being counted

# Actions


class AskLaunch(Action, code="wl", permission=Permission.SEND):
    """Launch what was seen at this revision: really?"""

    campaign_id: int
    revision: int


class Launch(Action, code="wla", permission=Permission.SEND):
    """Really."""

    campaign_id: int
    revision: int


class AskDiscard(Action, code="wxa", permission=Permission.EDIT):
    """Whether the draft shall really go."""

    campaign_id: int


class Discard(Action, code="wxb", permission=Permission.EDIT):
    """It goes."""

    campaign_id: int


# Screens


def review_screen(
    draft: Draft, found: Forecast | None, chat: Chat, *, fault: str = "", toast: str | None = None
) -> Screen:
    """
    Everything at a glance.

    Args:
        found: None: something is missing, and it says what.
        fault: HTML: why the text cannot be sent as it is.
    """
    t, campaign = chat.t, draft.campaign
    lines = [
        t("review.mode", mode=t.label(f"campaign.mode.{campaign.mode.value}")),
        t("review.groups", groups=cut(", ".join(title for _, title in draft.groups), 120) or "—"),
    ]
    if found is not None:
        lines += _audience(found, t)
    lines.append(t("review.text", title=draft.text_title or (t.label("campaigns.own_text") if draft.text else "—")))
    if found is not None and found.sample is not None:
        who = found.sample.name or str(found.sample.msisdn)
        lines += [t("review.sample", who=who), f"<blockquote>{escape(found.sample.text)}</blockquote>"]
    lines.append(t("review.sender", sender=campaign.sender_id or "—"))
    zone = chat.account.zone
    lines.append(t("review.start", when=start_words(campaign, zone, t)))
    lines.append(t("review.end", when=end_words(campaign, zone, t)))
    lines.append(t("review.pace", pace=pace_words(campaign, t)))
    silence = silence_words(campaign, draft.quiet, zone, t)
    if silence:
        lines.append(t("review.silence", silence=silence))
    if found is not None:
        lines += ["", *_cost(found, t), *_warnings(found, t)]
    if fault:
        lines += ["", fault]
    missing = [step for step, there in _needed(draft) if not there]
    if missing:
        listed = ", ".join(t.label(f"wizard.step_{step.name.lower()}") for step in missing)
        lines += ["", t("review.missing", missing=listed)]
    ready = found is not None and not missing and (found.recipients > 0 or _may_be_empty(draft))
    rows = _rows(draft, missing, chat, ready=ready, priced=found is None or found.cost is not None)
    text = f"{head(t, campaign.name, Step.REVIEW)}\n\n" + "\n".join(lines)
    return Screen(text, rows, toast=toast)


def launch_screen(draft: Draft, found: Forecast, chat: Chat) -> Screen:
    """Once more, with the number and the price; the safe way first."""
    t = chat.t
    later = draft.campaign.start_kind is not StartKind.NOW
    lines = [
        t("review.ask_launch", count=found.recipients, name=draft.campaign.name),
        t("review.ask_launch_when", when=start_words(draft.campaign, chat.account.zone, t)),
        *_cost(found, t),
    ]
    yes = t.label("review.schedule_yes" if later else "review.launch_yes", count=found.recipients)
    rows = (
        (Button(t.label("review.launch_no"), GoTo(draft.id, Step.REVIEW)),),
        (Button(yes, Launch(draft.id, draft.campaign.revision), Style.SUCCESS),),
    )
    return Screen(
        f"{head(t, draft.campaign.name, Step.REVIEW)}\n\n" + "\n".join(lines),
        (*rows, *footer(t, GoTo(draft.id, Step.REVIEW))),
    )


def discard_screen(draft: Draft, chat: Chat) -> Screen:
    """The safe way first."""
    t = chat.t
    rows = (
        (Button(t.label("review.keep_draft"), GoTo(draft.id, Step.REVIEW)),),
        (Button(t.label("review.discard_yes"), Discard(draft.id), Style.DANGER),),
    )
    body = t("review.ask_discard", name=draft.campaign.name)
    return frame(draft, Step.REVIEW, chat, body=body, rows=rows)


def counting_screen(draft: Draft, chat: Chat) -> Screen:
    """While they are looked at."""
    t = chat.t
    return frame(draft, Step.REVIEW, chat, body=t("review.counting", count=draft.recipients))


def _audience(found: Forecast, t: Texts) -> list[str]:
    lines = [t("review.recipients", number=t.number(found.recipients))]
    if found.blacklisted:
        lines.append(t("review.blocked", count=found.blacklisted))
    return lines


def _cost(found: Forecast, t: Texts) -> list[str]:
    about = "" if found.exact else "≈ "
    lines = [t("review.segments", number=f"{about}{t.number(found.segments)}")]
    if len(found.by_segments) > 1:
        parts = (
            t.label("review.of_segments", count=number, messages=t.number(messages))
            for number, messages in found.by_segments.items()
        )
        lines.append(t("review.by_segments", parts=", ".join(parts)))
    if found.cost is None:
        lines.append(t("review.no_price"))
    else:
        lines.append(t("review.cost", cost=f"{about}{t.money(found.cost.amount, found.cost.currency)}"))
    if not found.exact:
        lines.append(t("review.sampled", number=t.number(EXACT_LIMIT)))
    return lines


def _warnings(found: Forecast, t: Texts) -> list[str]:
    lines = []
    names = {field: token for token, field in tokens(t.language).items()}
    for field, count in found.blank.items():
        lines.append(t("review.blank", count=count, token=f"{{{{ {names[field]} }}}}"))
    if found.ucs2:
        lines.append(t("review.ucs2", count=found.ucs2))
    if found.unsendable:
        lines.append(t("review.unsendable", count=found.unsendable))
    if not found.recipients:
        lines.append(t("review.nobody"))
    return lines


def _needed(draft: Draft) -> tuple[tuple[Step, bool], ...]:
    return (
        (Step.GROUPS, bool(draft.groups)),
        (Step.TEXT, bool(draft.text)),
        (Step.SENDER, bool(draft.campaign.sender_id)),
    )


def _may_be_empty(draft: Draft) -> bool:
    return draft.campaign.mode.value == "permanent"


def _rows(draft: Draft, missing: list[Step], chat: Chat, *, ready: bool, priced: bool) -> Rows:
    t = chat.t
    rows: list[tuple[Button, ...]] = []
    if ready and chat.may(Permission.SEND):
        key = "review.launch" if draft.campaign.start_kind is StartKind.NOW else "review.schedule"
        rows.append((Button(t.label(key), AskLaunch(draft.id, draft.campaign.revision), Style.SUCCESS),))
    if not priced and chat.may(Permission.GOVERN):
        rows.append((Button(t.label("review.set_price"), unpack("ap")),))
    steps = [step for step in Step if step is not Step.REVIEW]
    rows += pairs(
        [
            Button(
                t.label(f"review.edit_{step.name.lower()}"),
                GoTo(draft.id, step),
                Style.PRIMARY if step in missing else None,
            )
            for step in steps
        ]
    )
    rows.append(
        (
            Button(t.label("review.save"), Leave(draft.id)),
            Button(t.label("review.discard"), AskDiscard(draft.id)),
        )
    )
    return (*rows, *footer(t, ListCampaigns()))


# Handlers


async def review(draft: Draft, chat: Chat, *, toast: str | None = None) -> Screen:
    """The review as it stands now."""
    if not is_complete(draft):
        return review_screen(draft, None, chat, toast=toast)
    if draft.recipients > _SLOW:
        await chat.say(counting_screen(draft, chat))
    try:
        found = await forecast(chat.account.id, draft)
    except DomainError as error:
        return review_screen(draft, None, chat, fault=chat.t(error.key, **error.values), toast=toast)
    return await with_checks(review_screen(draft, found, chat, toast=toast), draft, chat)


@on(AskLaunch)
async def ask_launch(action: AskLaunch, chat: Chat) -> Screen:
    """What was seen must be what is there."""
    draft = await drafts.get(chat.account.id, action.campaign_id)
    if draft.campaign.revision != action.revision:
        return await review(draft, chat, toast=chat.t.label("review.changed"))
    if not is_complete(draft):
        return await review(draft, chat)
    await wording.refuse(chat.account.id, draft.text)
    undecided = await blanks.gate(draft, chat)
    if undecided is not None:
        return undecided
    return launch_screen(draft, await forecast(chat.account.id, draft), chat)


@on(Launch)
async def launch(action: Launch, chat: Chat) -> Screen:
    """Once, whoever asks and however often."""
    try:
        await launching.start(
            chat.account.id, action.campaign_id, revision=action.revision, by=chat.person_id, now=chat.now
        )
    except WrongState:
        campaign = await campaigns.get(chat.account.id, action.campaign_id)
        if campaign.state is CampaignState.DRAFT:
            draft = await drafts.get(chat.account.id, action.campaign_id)
            return await review(draft, chat, toast=chat.t.label("review.changed"))
        return await campaign_card.card(action.campaign_id, chat, toast=chat.t.label("review.launched_already"))
    screen = await campaign_card.card(action.campaign_id, chat)
    return dataclasses.replace(screen, toast=chat.t.label("launch.launched"))


@on(AskDiscard)
async def ask_discard(action: AskDiscard, chat: Chat) -> Screen:
    """Ask."""
    return discard_screen(await drafts.get(chat.account.id, action.campaign_id), chat)


@on(Discard)
async def discard(action: Discard, chat: Chat) -> Screen:
    """Back to the list."""
    await drafts.delete(chat.account.id, action.campaign_id)
    screen = await campaign_card.list_campaigns(ListCampaigns(), chat)
    return dataclasses.replace(screen, toast=chat.t.label("review.discarded"))
