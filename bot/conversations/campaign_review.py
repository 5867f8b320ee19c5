"""The wizard's last step: all that was chosen, and the rehearsal of what it will come to."""

import dataclasses

from markupsafe import escape

from bot.chat import Chat
from bot.conversations import campaigns as campaign_card
from bot.conversations.campaign_launch import AskLaunch
from bot.conversations.campaigns import ListCampaigns
from bot.forecast_words import outlook, table
from bot.hours_words import end_words, pace_words, silence_words, start_words
from bot.layout import cut, footer, pairs
from bot.review_checks import with_checks
from bot.screen import Action, Button, Rows, Screen, Style, on, unpack
from bot.wizard import GoTo, Leave, Step, frame, head, is_complete
from domain.errors import DomainError
from domain.models import StartKind
from domain.rules.permission import Permission
from domain.rules.template import tokens
from domain.usecases import drafts
from domain.usecases.drafts import Draft
from domain.usecases.forecast import Forecast
from domain.usecases.rehearsal import Rehearsal, rehearse
from locales import Texts

_SLOW = 20_000  # recipients: of more it is said that they are being counted

# Actions


class AskDiscard(Action, code="wxa", permission=Permission.EDIT):
    """Whether the draft shall really go."""

    campaign_id: int


class Discard(Action, code="wxb", permission=Permission.EDIT):
    """It goes."""

    campaign_id: int


# Screens


def review_screen(
    draft: Draft, found: Rehearsal | None, chat: Chat, *, fault: str = "", toast: str | None = None
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
        lines += _recipients(found.forecast, t)
    lines.append(t("review.text", title=draft.text_title or (t.label("campaigns.own_text") if draft.text else "—")))
    sample = found.forecast.sample if found is not None else None
    if sample is not None:
        who = sample.name or str(sample.msisdn)
        lines += [t("review.sample", who=who), f"<blockquote>{escape(sample.text)}</blockquote>"]
    lines.append(t("review.sender", sender=campaign.sender_id or "—"))
    zone = chat.account.zone
    lines.append(t("review.start", when=start_words(campaign, zone, t)))
    lines.append(t("review.end", when=end_words(campaign, zone, t, now=chat.now)))
    lines.append(t("review.pace", pace=pace_words(campaign, t)))
    silence = silence_words(campaign, draft.quiet, zone, t)
    if silence:
        lines.append(t("review.silence", silence=silence))
    if found is not None:
        lines += _expected(found, chat)
    if fault:
        lines += ["", fault]
    missing = [step for step, there in _needed(draft) if not there]
    if missing:
        listed = ", ".join(t.label(f"wizard.step_{step.name.lower()}") for step in missing)
        lines += ["", t("review.missing", missing=listed)]
    ready = found is not None and not missing and (found.plan.sent > 0 or _may_be_empty(draft))
    rows = _rows(draft, missing, chat, ready=ready, priced=found is None or found.said.cost is not None)
    text = f"{head(t, campaign.name, Step.REVIEW)}\n\n" + "\n".join(lines)
    return Screen(text, rows, toast=toast)


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


def _recipients(found: Forecast, t: Texts) -> list[str]:
    lines = [t("review.recipients", number=t.number(found.recipients))]
    if found.blacklisted:
        lines.append(t("review.blocked", count=found.blacklisted))
    return lines


def _expected(found: Rehearsal, chat: Chat) -> list[str]:
    """*Ensayo*: the table, the hours and the money."""
    t = chat.t
    parts = found.forecast.by_segments
    lines = ["", t("forecast.heading" if found.receipts else "forecast.heading_accepted"), table(found.said, t)]
    lines += outlook(found, chat, held=False)  # said among the checks
    if len(parts) > 1:
        shown = (t.label("review.of_segments", count=n, messages=t.number(messages)) for n, messages in parts.items())
        lines.append(t("review.by_segments", parts=", ".join(shown)))
    if found.forecast.recipients > found.forecast.unsendable and not found.plan.sent + found.plan.expired:
        lines.append(t("forecast.never"))
    if found.plan.expired:
        lines.append(t("forecast.expires", count=found.plan.expired))
    return [*lines, *_warnings(found.forecast, t)]


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
        found = await rehearse(chat.account.id, draft, now=chat.now)
    except DomainError as error:
        return review_screen(draft, None, chat, fault=chat.t(error.key, **error.values), toast=toast)
    return await with_checks(review_screen(draft, found, chat, toast=toast), draft, chat)


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
