"""Strict tokens: for each token that contacts are blank in, a text that stands there, or those are held back."""

from collections.abc import Mapping

from bot.chat import Chat
from bot.layout import cut, footer, heading
from bot.screen import Action, Button, Rows, Screen, Style, on
from bot.wizard import GoTo, Step
from domain.rules.blanks import DEFAULT_LIMIT, clean_default, decided, undecided
from domain.rules.permission import Permission
from domain.rules.template import tokens
from domain.usecases import drafts
from domain.usecases.drafts import Draft
from domain.usecases.forecast import Holes, holes_of, open_blanks
from locales import Texts

# Actions


class ShowBlanks(Action, code="vb", permission=Permission.EDIT):
    """The draft's tokens, and how many are blank in each."""

    campaign_id: int


class HoldBack(Action, code="vba", permission=Permission.EDIT):
    """Who is blank there gets nothing."""

    campaign_id: int
    field: str


class AskDefault(Action, code="vbb", permission=Permission.EDIT):
    """What shall stand there?"""

    campaign_id: int
    field: str


class SaveDefault(Action, code="vbc", permission=Permission.EDIT):
    """That was typed."""

    campaign_id: int
    field: str


class ForgetBlank(Action, code="vbd", permission=Permission.EDIT):
    """Nothing is decided there any more."""

    campaign_id: int
    field: str


# Screens


def blanks_screen(draft: Draft, holes: Holes, chat: Chat, *, asked: bool = False, toast: str | None = None) -> Screen:
    """One line a token; ``asked``: a launch waits for it."""
    t, blanks = chat.t, decided(draft.campaign.blanks)
    names = _names(t)
    lines = [heading(t.label("blanks.title"), t.label("campaigns.title"), cut(draft.campaign.name, 40)), ""]
    lines.append(t("blanks.ask_first" if asked else "blanks.about"))
    rows: list[tuple[Button, ...]] = []
    for field, count in holes.counts.items():
        token = f"{{{{ {names[field]} }}}}"
        if field not in blanks:
            state = t.label("blanks.open" if count else "blanks.nobody")
        elif blanks[field] is None:
            state = t.label("blanks.holds")
        else:
            state = t.label("blanks.stands", text=blanks[field])
        lines.append(t("blanks.line", token=token, count=count, state=state))
        if count or field in blanks:
            rows += _choices(draft, field, names[field], blanks, t)
    if not holes.counts:
        lines.append(t("blanks.none"))
    if holes.held:
        lines += ["", t("blanks.held", count=holes.held)]
    left = [field for field in undecided(holes.counts, blanks) if holes.counts[field]]
    if not left:
        rows.append((Button(t.label("blanks.to_review"), GoTo(draft.id, Step.REVIEW), Style.PRIMARY),))
    return Screen("\n".join(lines), (*rows, *footer(t, GoTo(draft.id, Step.REVIEW))), toast=toast)


def default_screen(draft: Draft, field: str, t: Texts) -> Screen:
    """Asks for the text."""
    head = heading(t.label("blanks.title"), t.label("campaigns.title"), cut(draft.campaign.name, 40))
    text = t("blanks.ask_default", token=f"{{{{ {_names(t)[field]} }}}}", limit=DEFAULT_LIMIT)
    return Screen(f"{head}\n\n{text}", footer(t, ShowBlanks(draft.id)), expects=SaveDefault(draft.id, field))


def _choices(draft: Draft, field: str, token: str, blanks: Mapping[str, str | None], t: Texts) -> Rows:
    hold = Button(cut(t.label("blanks.hold", token=token)), HoldBack(draft.id, field))
    write = Button(cut(t.label("blanks.write", token=token)), AskDefault(draft.id, field))
    if field not in blanks:
        return ((hold,), (write,))
    forget = Button(cut(t.label("blanks.forget", token=token)), ForgetBlank(draft.id, field))
    return ((write,), (forget,)) if blanks[field] is None else ((hold,), (write,), (forget,))


def _names(t: Texts) -> dict[str, str]:
    return {field: token for token, field in tokens(t.language).items()}


# Handlers


@on(ShowBlanks)
async def show_blanks(action: ShowBlanks, chat: Chat) -> Screen:
    """As it stands."""
    return await _screen(await drafts.get(chat.account.id, action.campaign_id), chat)


@on(HoldBack)
async def hold_back(action: HoldBack, chat: Chat) -> Screen:
    """They are counted from now on, and get nothing."""
    await drafts.set_blank(chat.account.id, action.campaign_id, field=action.field, other=None)
    draft = await drafts.get(chat.account.id, action.campaign_id)
    return await _screen(draft, chat, toast=chat.t.label("blanks.saved"))


@on(AskDefault)
async def ask_default(action: AskDefault, chat: Chat) -> Screen:
    """Ask."""
    return default_screen(await drafts.get(chat.account.id, action.campaign_id), _known(action.field), chat.t)


@on(SaveDefault)
async def save_default(action: SaveDefault, chat: Chat) -> Screen:
    """A text that cannot stand there keeps the question open."""
    other = clean_default(chat.text)
    await drafts.set_blank(chat.account.id, action.campaign_id, field=_known(action.field), other=other)
    draft = await drafts.get(chat.account.id, action.campaign_id)
    return await _screen(draft, chat, toast=chat.t.label("blanks.saved"))


@on(ForgetBlank)
async def forget_blank(action: ForgetBlank, chat: Chat) -> Screen:
    """It is asked again at the launch."""
    await drafts.forget_blank(chat.account.id, action.campaign_id, field=action.field)
    return await _screen(await drafts.get(chat.account.id, action.campaign_id), chat)


async def gate(draft: Draft, chat: Chat) -> Screen | None:
    """
    What stands between a launch and its confirmation: the question about blanks nobody has decided on; None: nothing.

    Raises:
        BadTemplate: The text is none.
    """
    group_ids = [group_id for group_id, _ in draft.groups]
    if not await open_blanks(chat.account.id, draft.text, group_ids, blanks=decided(draft.campaign.blanks)):
        return None
    return await _screen(draft, chat, asked=True)


async def _screen(draft: Draft, chat: Chat, *, asked: bool = False, toast: str | None = None) -> Screen:
    return blanks_screen(draft, await holes_of(chat.account.id, draft), chat, asked=asked, toast=toast)


def _known(field: str) -> str:
    return field if field in undecided(tokens("es").values(), {}) else "first_name"
