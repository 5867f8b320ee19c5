"""What a text comes to for a real group: shortest, longest, dearest, how many segments for how many, and the costly."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import escape

from bot.chat import Chat
from bot.layout import PAGE, cut, footer, heading, pager
from bot.screen import Action, Button, Rows, Screen, Style, on, unpack
from bot.wizard import GoTo, Step
from domain.rules.blanks import Blanks, decided, filled
from domain.rules.permission import Permission
from domain.rules.price import Money
from domain.rules.remedies import Remedy, remedy
from domain.rules.template import compile_template, tokens
from domain.store import ContactRow
from domain.usecases import drafts, groups, templates
from domain.usecases.groups import GroupLine
from domain.usecases.measuring import EXACT_LIMIT, Measure, Sample, audience_size, measure, price_of
from domain.usecases.templates import fields_of
from locales import Texts

_SLOW = 5_000  # people: of more it is said that they are being counted
_SHORTEST_CUT = 10  # characters: a token is never offered to be cut below

# Actions


class PickGroup(Action, code="vg"):
    """For which group?"""

    template_id: int
    page: int = 0


class MeasureGroup(Action, code="vga"):
    """A template for a group."""

    template_id: int
    group_id: int


class MeasureDraft(Action, code="vgb"):
    """A draft's text for its groups."""

    campaign_id: int


class ListCostly(Action, code="vgc"):
    """Those who cost more than most, of a template for a group."""

    template_id: int
    group_id: int
    page: int = 0


class ListCostlyOfDraft(Action, code="vgd"):
    """The same, of a draft."""

    campaign_id: int
    page: int = 0


class MakePlain(Action, code="vge", permission=Permission.EDIT):
    """Let the tokens bring values without what makes a text Unicode."""

    template_id: int
    group_id: int


class Shorten(Action, code="vgf", permission=Permission.EDIT):
    """Let a token bring at most so many characters."""

    template_id: int
    group_id: int
    field: str
    length: int


@dataclass(frozen=True, slots=True)
class Subject:
    """A text and whom it goes to. ``template_id`` None: a draft's own text, or its template is not to be changed."""

    title: str
    text: str
    group_ids: Sequence[int]
    groups: str
    blanks: Blanks
    template_id: int | None
    back: Action
    again: Action

    def costly(self, page: int) -> Action:
        """The list of those who cost more."""
        if isinstance(self.again, MeasureDraft):
            return ListCostlyOfDraft(self.again.campaign_id, page)
        assert isinstance(self.again, MeasureGroup)  # noqa: S101 - there are two kinds
        return ListCostly(self.again.template_id, self.again.group_id, page)


# Screens


def groups_screen(title: str, template_id: int, lines: Sequence[GroupLine], t: Texts, *, page: int) -> Screen:
    """Every group with its size."""
    shown = lines[page * PAGE : (page + 1) * PAGE]
    rows: list[tuple[Button, ...]] = [
        (Button(cut(f"{line.title} · {t.number(line.contacts)}"), MeasureGroup(template_id, line.id)),)
        for line in shown
    ]
    rows += pager(page, len(lines), to=lambda number: PickGroup(template_id, number))
    text = t("audience.ask_group") if lines else t("audience.no_groups")
    head = heading(t.label("audience.title"), t.label("templates.title"), cut(title))
    return Screen(f"{head}\n\n{text}", (*rows, *footer(t, unpack(f"to:{template_id}:"))))


def measure_screen(subject: Subject, found: Measure, price: Money | None, chat: Chat, *, toast: str | None) -> Screen:
    """All the figures, the three extremes, and what would cost less."""
    t = chat.t
    about = "" if found.exact else "≈ "
    lines = [heading(t.label("audience.title"), cut(subject.title), cut(subject.groups, 60)), ""]
    lines.append(t("audience.people", count=found.recipients))
    for number, count in found.by_segments.items():
        cost = f" · {about}{_money(price, number * count, t)}" if price else ""
        segments = t.label("templates.segments", count=number)
        lines.append(t("audience.row", segments=segments, people=f"{about}{t.number(count)}", cost=cost))
    total = f" · {about}{_money(price, found.segments, t)}" if price else ""
    lines.append(t("audience.total", segments=f"{about}{t.number(found.segments)}", cost=total))
    if not found.exact:
        lines.append(t("audience.sampled", number=t.number(EXACT_LIMIT)))
    lines += _holes(found, t)
    lines += _extremes(found, price, t)
    if found.costly_count:
        lines += ["", _costly_line(found, price, t)]
    return Screen("\n".join(lines), _rows(subject, found, price, chat), toast=toast)


def costly_screen(subject: Subject, found: Measure, price: Money | None, chat: Chat, *, page: int) -> Screen:
    """Who they are, why, and what would help each."""
    t = chat.t
    template = compile_template(subject.text)
    shown = found.costly[page * PAGE : (page + 1) * PAGE]
    lines = [heading(t.label("audience.costly"), cut(subject.title), cut(subject.groups, 60)), ""]
    if not shown:
        lines.append(t("audience.nobody_costly"))
    rows: list[tuple[Button, ...]] = []
    for number, row in enumerate(shown, page * PAGE + 1):
        one = remedy(template, filled(fields_of(row), subject.blanks), usual=found.usual, carriage=found.carriage)
        lines += [f"<b>{number}.</b> {_who(row, one, price, t)}", _why(one, price, t)]
        rows.append((Button(cut(f"{number}. {row.first_name} {row.last_name}"), unpack(f"ko:{row.contact_id}:")),))
    if len(found.costly) < found.costly_count:
        lines.append(t("audience.more_costly", shown=t.number(len(found.costly))))
    rows += pager(page, len(found.costly), to=subject.costly)
    return Screen("\n".join(lines), (*rows, *footer(t, subject.again)))


def _holes(found: Measure, t: Texts) -> list[str]:
    lines = []
    if found.held:
        lines.append(t("blanks.held", count=found.held))
    names = {field: token for token, field in tokens(t.language).items()}
    lines += [
        t("audience.blank", count=count, token=f"{{{{ {names[field]} }}}}") for field, count in found.blank.items()
    ]
    if found.ucs2:
        lines.append(t("audience.ucs2", count=found.ucs2))
    if found.unsendable:
        lines.append(t("audience.unsendable", count=found.unsendable))
    return lines


def _extremes(found: Measure, price: Money | None, t: Texts) -> list[str]:
    lines: list[str] = []
    shown: set[str] = set()
    for key, one in (("shortest", found.shortest), ("longest", found.longest), ("dearest", found.dearest)):
        if one is None:
            continue
        lines.append("")
        lines.append(t(f"audience.{key}", who=one.name or str(one.msisdn), size=_size(one, price, t)))
        if one.text not in shown:
            lines.append(f"<blockquote>{escape(cut(one.text, 400))}</blockquote>")
        shown.add(one.text)
    return lines


def _size(one: Sample, price: Money | None, t: Texts) -> str:
    segments = t.label("templates.segments", count=one.segments.count)
    units = t.label("audience.units", number=t.number(one.segments.units))
    cost = f" · {_money(price, one.segments.count, t)}" if price else ""
    return f"{units} · {segments}{cost}"


def _costly_line(found: Measure, price: Money | None, t: Texts) -> str:
    cost = f" ({_money(price, found.extra, t)})" if price else ""
    usual = t.label("templates.segments", count=found.usual)
    return t("audience.costly_line", count=found.costly_count, of=t.number(found.recipients), usual=usual, cost=cost)


def _who(row: ContactRow, one: Remedy, price: Money | None, t: Texts) -> str:
    name = escape(cut(f"{row.first_name} {row.last_name}".strip() or str(row.msisdn), 40))
    cost = f" · {_money(price, one.now, t)}" if price else ""
    return f"{name} · {t.label('templates.segments', count=one.now)}{cost}"


def _why(one: Remedy, price: Money | None, t: Texts) -> str:
    names = {field: token for token, field in tokens(t.language).items()}
    where = f"{{{{ {names[one.field]} }}}}" if one.field else t.label("audience.text_itself")
    saved = one.now - one.then
    gain = t.label("marks.saves", count=saved) if saved else ""
    if gain and price:
        gain += f" ({_money(price, saved, t)})"
    gain = f" · {gain}" if gain else ""
    if one.foreign:
        listed = ", ".join(f"{c.character} → {c.replacement or '∅'}" for c in one.foreign[:4])
        return t("audience.why_characters", characters=listed, where=where, gain=gain)
    return t("audience.why_long", where=where, length=one.length, count=one.excess, gain=gain)


def _rows(subject: Subject, found: Measure, price: Money | None, chat: Chat) -> Rows:
    t = chat.t
    rows: list[tuple[Button, ...]] = []
    if found.costly:
        rows.append((Button(t.label("audience.costly_button", count=found.costly_count), subject.costly(0)),))
    if subject.template_id is not None and isinstance(subject.again, MeasureGroup) and chat.may(Permission.EDIT):
        group_id = subject.again.group_id
        if found.cheaper and "|plain" not in subject.text:
            plain = MakePlain(subject.template_id, group_id)
            rows.append((Button(t.label("audience.make_plain"), plain, Style.SUCCESS),))
        offer = _cut_offer(subject, found)
        if offer is not None:
            field, length = offer
            names = {one: token for token, one in tokens(t.language).items()}
            label = t.label("audience.shorten", token=names[field], length=length)
            rows.append((Button(cut(label), Shorten(subject.template_id, group_id, field, length)),))
    return (*rows, *footer(t, subject.back))


def _cut_offer(subject: Subject, found: Measure) -> tuple[str, int] | None:
    """The token, and the length, by which the dearest text would take no more than most do; None: none would."""
    if found.dearest is None or not found.costly:
        return None
    template = compile_template(subject.text)
    fields = filled(fields_of(found.costly[0]), subject.blanks)
    one = remedy(template, fields, usual=found.usual, carriage=found.carriage)
    length = one.length - one.excess
    if one.foreign or one.field in (None, "msisdn") or not _SHORTEST_CUT <= length < one.length:
        return None
    assert one.field is not None  # noqa: S101 - said above
    return one.field, length


def _money(price: Money | None, segments: int, t: Texts) -> str:
    assert price is not None  # noqa: S101 - the callers ask
    cost = price.times(segments)
    return t.money(cost.amount, cost.currency)


# Handlers


@on(PickGroup)
async def pick_group(action: PickGroup, chat: Chat) -> Screen:
    """By title."""
    template = await templates.get(chat.account.id, action.template_id)
    lines = await groups.lines(chat.account.id)
    return groups_screen(template.title, template.id, lines, chat.t, page=action.page)


@on(MeasureGroup)
async def measure_group(action: MeasureGroup, chat: Chat) -> Screen:
    """Everybody is looked at, up to 50,000."""
    return await _show(await _of_template(action.template_id, action.group_id, chat), chat)


@on(MeasureDraft)
async def measure_draft(action: MeasureDraft, chat: Chat) -> Screen:
    """The same for a campaign."""
    return await _show(await _of_draft(action.campaign_id, chat), chat)


@on(ListCostly)
async def list_costly(action: ListCostly, chat: Chat) -> Screen:
    """A page."""
    return await _costly(await _of_template(action.template_id, action.group_id, chat), chat, page=action.page)


@on(ListCostlyOfDraft)
async def list_costly_of_draft(action: ListCostlyOfDraft, chat: Chat) -> Screen:
    """A page."""
    return await _costly(await _of_draft(action.campaign_id, chat), chat, page=action.page)


@on(MakePlain)
async def make_plain(action: MakePlain, chat: Chat) -> Screen:
    """And what it comes to now."""
    await templates.make_plain(chat.account.id, action.template_id)
    subject = await _of_template(action.template_id, action.group_id, chat)
    return await _show(subject, chat, toast=chat.t.label("audience.changed"))


@on(Shorten)
async def shorten(action: Shorten, chat: Chat) -> Screen:
    """And what it comes to now."""
    await templates.shorten(chat.account.id, action.template_id, field=action.field, length=action.length)
    subject = await _of_template(action.template_id, action.group_id, chat)
    return await _show(subject, chat, toast=chat.t.label("audience.changed"))


async def _of_template(template_id: int, group_id: int, chat: Chat) -> Subject:
    template = await templates.get(chat.account.id, template_id)
    group = await groups.get(chat.account.id, group_id)
    again = MeasureGroup(template_id, group_id)
    return Subject(
        template.title, template.text, [group_id], group.title, {}, template_id, PickGroup(template_id), again
    )


async def _of_draft(campaign_id: int, chat: Chat) -> Subject:
    draft = await drafts.get(chat.account.id, campaign_id)
    titles = ", ".join(title for _, title in draft.groups)
    return Subject(
        draft.campaign.name,
        draft.text,
        [group_id for group_id, _ in draft.groups],
        titles,
        decided(draft.campaign.blanks),
        None,
        GoTo(campaign_id, Step.REVIEW),
        MeasureDraft(campaign_id),
    )


async def _measured(subject: Subject, chat: Chat) -> Measure:
    people = await audience_size(chat.account.id, subject.group_ids)
    if people > _SLOW:
        head = heading(chat.t.label("audience.title"), cut(subject.title))
        waiting = chat.t("audience.counting", count=people)
        await chat.say(Screen(f"{head}\n\n{waiting}", footer(chat.t, subject.back)))
    return await measure(chat.account.id, subject.text, subject.group_ids, recipients=people, blanks=subject.blanks)


async def _show(subject: Subject, chat: Chat, *, toast: str | None = None) -> Screen:
    found = await _measured(subject, chat)
    return measure_screen(subject, found, await price_of(chat.account.id), chat, toast=toast)


async def _costly(subject: Subject, chat: Chat, *, page: int) -> Screen:
    found = await _measured(subject, chat)
    return costly_screen(subject, found, await price_of(chat.account.id), chat, page=page)
