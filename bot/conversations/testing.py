"""Test sends: as which contact, to which phone, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import escape

from bot.chat import Chat
from bot.conversations.team_phones import AskOwnPhone, ListPhones, Subject
from bot.layout import PAGE, cut, footer, heading, pager, pairs
from bot.screen import Action, Button, Rows, Screen, Style, Takes, on, unpack
from bot.template_lines import card_lines, read_as
from bot.wizard import GoTo, Step
from domain.errors import DomainError
from domain.rules.blanks import Blanks, decided, filled
from domain.rules.msisdn import display
from domain.rules.permission import Permission
from domain.rules.text_card import text_card
from domain.usecases import contacts, drafts, templates, testing
from domain.usecases.templates import Reader
from domain.usecases.testing import Phone, Test
from locales import Texts

_OWN = 0  #: stands for the person's own phone where a phone's id is asked for
_ALL = -1  #: stands for every phone of the team


# Actions


class OpenTest(Action, code="vt", permission=Permission.SEND):
    """As which contact, and to which phone?"""

    subject: Subject
    subject_id: int
    contact_id: int | None = None


class FindReader(Action, code="vta", permission=Permission.SEND):
    """A contact's number shall be typed."""

    subject: Subject
    subject_id: int


class FoundReader(Action, code="vtb", permission=Permission.SEND, takes=Takes.TEXT | Takes.CARD):
    """It was."""

    subject: Subject
    subject_id: int


class SendTest(Action, code="vtc", permission=Permission.SEND):
    """
    Send it. ``phone_id``: of the team; 0: one's own; -1: all of the team. ``after``: the person's newest test by then.
    """

    subject: Subject
    subject_id: int
    contact_id: int
    phone_id: int
    after: int | None = None


class ListTests(Action, code="vtk"):
    """The tests, the newest first, and what they cost. ``subject``: what was being tested, to go back to."""

    page: int = 0
    subject: Subject | None = None
    subject_id: int = 0


class ShowTest(Action, code="vtl"):
    """One of them."""

    campaign_id: int
    subject: Subject | None = None
    subject_id: int = 0


@dataclass(frozen=True, slots=True)
class Tested:
    """What is tested: a template, or a draft's text with what it does about blanks."""

    title: str
    text: str
    sender_id: str
    blanks: Blanks
    back: Action


# Screens


def test_screen(
    tested: Tested,
    action: OpenTest,
    reader: Reader | None,
    own: int | None,
    team: Sequence[Phone],
    chat: Chat,
    *,
    newest: int,
) -> Screen:
    """The text as the contact gets it, and every phone as a button. ``newest``: the person's last test."""
    t, subject, subject_id = chat.t, action.subject, action.subject_id
    lines = [heading(t.label("testing.title"), cut(tested.title)), ""]
    ready = True
    try:
        fields = filled(read_as(reader, t), tested.blanks)
        card = text_card(tested.text, fields, carriage=chat.account.carriage)
    except DomainError as error:
        lines.append(t(error.key, **error.values))
        ready = False
    else:
        who = (reader.name or str(reader.msisdn)) if reader else t.label("testing.nobody_yet")
        lines += [t("templates.as_read_by", who=who), f"<blockquote>{escape(card.text)}</blockquote>"]
        lines += card_lines(card, t)
    lines += ["", t("testing.about")]
    rows: list[tuple[Button, ...]] = []
    if reader is not None and reader.before is not None and reader.after is not None:
        rows.append(
            (
                Button(t.label("templates.reader_before"), _as(action, reader.before)),
                Button(t.label("templates.reader_after"), _as(action, reader.after)),
            )
        )
    rows.append((Button(t.label("testing.find"), FindReader(subject, subject_id)),))
    if ready:
        rows += _phones(action, reader, own, team, t, newest=newest)
    if own is None:
        rows.append(
            (Button(t.label("testing.verify"), AskOwnPhone(subject, subject_id), None if team else Style.PRIMARY),)
        )
    rows.append(
        (
            Button(t.label("testing.team"), ListPhones(subject, subject_id)),
            Button(t.label("testing.list"), ListTests(0, subject, subject_id)),
        )
    )
    return Screen("\n".join(lines), (*rows, *footer(t, tested.back)))


def find_screen(action: FindReader, t: Texts) -> Screen:
    """Asks for a contact's number."""
    head = heading(t.label("testing.find"), t.label("testing.title"))
    return Screen(
        f"{head}\n\n{t('testing.ask_reader')}",
        footer(t, OpenTest(action.subject, action.subject_id)),
        expects=FoundReader(action.subject, action.subject_id),
    )


def tests_screen(found: testing.Page, spent: str, action: ListTests, chat: Chat) -> Screen:
    """The newest first."""
    t, subject, subject_id = chat.t, action.subject, action.subject_id
    lines = [heading(t.label("testing.list"), t.label("testing.title")), ""]
    lines.append(t("testing.count", count=found.total) if found.total else t("testing.none"))
    if spent:
        lines.append(t("testing.spent", cost=spent))
    rows: list[tuple[Button, ...]] = [
        (
            Button(
                cut(f"{t.time(one.created_at, chat.account.zone)} · {one.name}"), ShowTest(one.id, subject, subject_id)
            ),
        )
        for one in found.tests
    ]
    rows += pager(action.page, found.total, to=lambda page: ListTests(page, subject, subject_id))
    back = OpenTest(subject, subject_id) if subject is not None else unpack("tl:0")
    return Screen("\n".join(lines), (*rows, *footer(t, back)))


def result_screen(test: Test, chat: Chat, *, back: ListTests | None = None, toast: str | None = None) -> Screen:
    """What became of it, by phone. ``back``: the list that it was found in."""
    t = chat.t
    lines = [heading(t.label("testing.result"), cut(test.campaign.name)), ""]
    when = t.moment(test.campaign.created_at, chat.account.zone)
    lines.append(t("testing.sent_by", who=test.by, when=when))
    for one in test.messages:
        state = t.label(f"message.{one.state.value}")
        size = f" · {t.label('templates.segments', count=one.segments)}" if one.segments else ""
        lines.append(t("testing.fate", name=one.name or "—", number=display(one.msisdn), state=state, segments=size))
    if test.cost is not None:
        high = test.cost.high
        lines.append(t("testing.cost", cost=t.money(high.amount, high.currency)))
    back = back or ListTests()
    rows = ((Button(t.label("testing.refresh"), ShowTest(test.campaign.id, back.subject, back.subject_id)),),)
    return Screen("\n".join(lines), (*rows, *footer(t, back)), toast=toast)


def _as(action: OpenTest, contact_id: int) -> OpenTest:
    return OpenTest(action.subject, action.subject_id, contact_id)


def _phones(
    action: OpenTest, reader: Reader | None, own: int | None, team: Sequence[Phone], t: Texts, *, newest: int
) -> Rows:
    contact_id = reader.contact_id if reader else 0

    def to(phone_id: int) -> SendTest:
        return SendTest(action.subject, action.subject_id, contact_id, phone_id, newest)

    buttons = [Button(cut(t.label("testing.to_me", number=display(own))), to(_OWN), Style.PRIMARY)] if own else []
    buttons += [Button(cut(f"📱 {phone.name}"), to(phone.id)) for phone in team]
    if len(team) > 1:
        buttons.append(Button(t.label("testing.to_all", count=len(team)), to(_ALL)))
    return pairs(buttons)


# Handlers


@on(OpenTest)
async def open_test(action: OpenTest, chat: Chat) -> Screen:
    """As the contact reads it."""
    tested = await _tested(action.subject, action.subject_id, chat)
    reader = await templates.reader(chat.account.id, action.contact_id)
    own = await testing.own_phone(chat.person_id)
    newest = await testing.newest(chat.account.id, by=chat.person_id)
    return test_screen(tested, action, reader, own, await testing.team(chat.account.id), chat, newest=newest)


@on(FindReader)
async def find_reader(action: FindReader, chat: Chat) -> Screen:
    """Ask."""
    return find_screen(action, chat.t)


@on(FoundReader)
async def found_reader(action: FoundReader, chat: Chat) -> Screen:
    """Nobody of that number keeps the question open."""
    typed = chat.card.phone_number if chat.card else chat.text or ""
    contact_id = await contacts.find(chat.account.id, typed)
    if contact_id is None:
        raise testing.NoSuchContact
    return await open_test(OpenTest(action.subject, action.subject_id, contact_id), chat)


@on(SendTest)
async def send_test(action: SendTest, chat: Chat) -> Screen:
    """At once; the sender takes it up within a second."""
    tested = await _tested(action.subject, action.subject_id, chat)
    own = await testing.own_phone(chat.person_id)
    team = await testing.team(chat.account.id)
    if action.phone_id == _OWN:
        phones = [own] if own else []
    else:
        phones = [phone.msisdn for phone in team if action.phone_id in (_ALL, phone.id)]
    campaign = await testing.send(
        chat.account.id,
        text=tested.text,
        title=tested.title,
        contact_id=action.contact_id or None,
        phones=phones,
        sender_id=tested.sender_id,
        by=chat.person_id,
        chat_id=chat.chat_id,
        now=chat.now,
        blanks=tested.blanks,
        after=action.after,
    )
    found = await testing.get(chat.account.id, campaign.id)
    back = ListTests(0, action.subject, action.subject_id)
    return result_screen(found, chat, back=back, toast=chat.t.label("testing.sent"))


@on(ListTests)
async def list_tests(action: ListTests, chat: Chat) -> Screen:
    """A page."""
    found = await testing.page(chat.account.id, offset=action.page * PAGE, limit=PAGE)
    total = await testing.spent(chat.account.id)
    spent = chat.t.money(total.high.amount, total.high.currency) if total else ""
    return tests_screen(found, spent, action, chat)


@on(ShowTest)
async def show_test(action: ShowTest, chat: Chat) -> Screen:
    """As it stands now."""
    found = await testing.get(chat.account.id, action.campaign_id)
    return result_screen(found, chat, back=ListTests(0, action.subject, action.subject_id))


async def _tested(subject: Subject, subject_id: int, chat: Chat) -> Tested:
    if subject is Subject.TEMPLATE:
        template = await templates.get(chat.account.id, subject_id)
        return Tested(template.title, template.text, chat.account.sender_id, {}, unpack(f"to:{template.id}:"))
    draft = await drafts.get(chat.account.id, subject_id)
    campaign = draft.campaign
    sender_id = campaign.sender_id or chat.account.sender_id
    return Tested(campaign.name, draft.text, sender_id, decided(campaign.blanks), GoTo(draft.id, Step.REVIEW))
