"""Importing contacts, step one: a file sent at any moment, how it was read, what its columns are."""

from typing import Final

from markupsafe import Markup

from bot.chat import Chat
from bot.conversations import groups as group_talk
from bot.conversations import import_result as result_talk
from bot.conversations import import_review as review_talk
from bot.conversations import import_source as source_talk
from bot.errors import explain
from bot.layout import cut, footer, heading, pager, pairs
from bot.screen import Action, Button, Document, Rows, Screen, Style, Takes, on
from domain.models import ImportState
from domain.rules.contact_csv import Field, FileNotText, FileRejected
from domain.rules.permission import Permission
from domain.usecases import groups, imports
from domain.usecases.imports import UPLOAD_LIMIT, Before, Job
from locales import Texts

_COLUMNS: Final = 8  # shown at once
_SAMPLES: Final = 2  # rows shown at once
_CELL: Final = 13  # characters of a cell in the table: two of them fit a phone
STEPS: Final = 3
_EXAMPLE: Final = (
    "51987763010,Jose,Torres,jtorres@itelvox.com,,Deuda,100,200\r\n"
    "51989450371,Jannet,Quintana,jquintana@itelvox.com,,Deuda,300,400\r\n"
)  # the manual's own rows, §2.2
_IMAGES: Final = frozenset({"png", "jpg", "gif", "bmp", "webp"})
_ARCHIVES: Final = frozenset({"zip", "gz", "rar", "7z"})
_DOCUMENTS: Final = frozenset({"doc", "docx", "rtf"})
_NOT_TABLES: Final = frozenset({"html", "vcf"})


# --- actions


class AskFile(Action, code="ii", permission=Permission.EDIT):
    """Ask for a file. ``group_id``: where its contacts go, where that is settled."""

    group_id: int | None = None


class ReceiveFile(Action, code="iu", permission=Permission.EDIT, takes=Takes.FILE):
    """A file came, asked for or not."""

    group_id: int | None = None


class SendExample(Action, code="is", permission=Permission.EDIT):
    """Send the example file."""

    group_id: int | None = None


class ShowPreview(Action, code="iv", permission=Permission.EDIT):
    """Step one: how the file was read, and its columns."""

    job_id: int
    page: int = 0


class AskColumn(Action, code="ic", permission=Permission.EDIT):
    """Choose the field of a column."""

    job_id: int
    column: int


class SetColumn(Action, code="if", permission=Permission.EDIT):
    """The field was chosen; None: it is not taken."""

    job_id: int
    column: int
    field: str | None


class SetHeader(Action, code="ih", permission=Permission.EDIT):
    """Whether the first row holds names."""

    job_id: int
    header: bool


class Discard(Action, code="ix", permission=Permission.EDIT):
    """Give the upload up."""

    job_id: int


# --- screens


def ask_screen(t: Texts, *, group_id: int | None = None, group: str = "", note: str = "") -> Screen:
    """Asks for a file, and says what it should look like."""
    crumbs = (t.label("contacts.title"), cut(group)) if group else (t.label("contacts.title"),)
    parts = [heading(t.label("imports.title"), *crumbs), note, t("imports.ask"), t("imports.ask.columns")]
    back = group_talk.OpenGroup(group_id) if group_id is not None else group_talk.ListGroups()
    example = Button(t.label("imports.example"), SendExample(group_id))
    return Screen("\n\n".join(filter(None, parts)), ((example,), *footer(t, back)), expects=ReceiveFile(group_id))


def refused_words(error: FileRejected, t: Texts) -> str:
    """Why a file cannot be used, and what to do instead."""
    if not isinstance(error, FileNotText):
        return explain(error, t)
    kind = str(error.values.get("kind", ""))
    if kind in _IMAGES:
        return t("imports.refused.image")
    if kind == "pdf" or kind in _DOCUMENTS:
        return t("imports.refused.document")
    if kind in _NOT_TABLES:
        return t(f"imports.refused.{kind}")
    return t("imports.refused.archive") if kind in _ARCHIVES else explain(error, t)


def preview_screen(job: Job, t: Texts, *, page: int = 0, before: str = "") -> Screen:
    """Step one: the first rows by column, and what each is taken for. ``before``: HTML, the same file earlier."""
    pages = max(1, -(-len(job.columns) // _COLUMNS))
    page = min(max(page, 0), pages - 1)
    columns = range(page * _COLUMNS, min((page + 1) * _COLUMNS, len(job.columns)))
    lines = [step_head(job, t, 1), "", _read_as(job, t)]
    if before:
        lines.append(before)
    lines += [f"<pre>{_table(job, t, columns)}</pre>", t("imports.columns")]
    if not job.has_number:
        lines.append(t("imports.no_number"))
    buttons = [Button(_column(job, column, t), AskColumn(job.id, column)) for column in columns]
    rows: list[tuple[Button, ...]] = [*pairs(buttons)]
    rows += pager(page, len(job.columns), to=lambda index: ShowPreview(job.id, index), size=_COLUMNS)
    rows.append((Button(t.label("imports.header_on" if job.header else "imports.header_off"),
                        SetHeader(job.id, not job.header)),))  # fmt: skip
    if job.odd:
        rows.append((Button(t.label("imports.encoding"), source_talk.AskEncoding(job.id)),))
    if len(job.parts) > 1:
        rows.append((Button(t.label("imports.part", count=len(job.parts)), source_talk.AskPart(job.id)),))
    onward = review_talk.Review(job.id) if job.group_id is not None else review_talk.AskGroup(job.id)
    if job.has_number:
        rows.append((Button(t.label("imports.continue"), onward, Style.PRIMARY),))
    return Screen("\n".join(lines), (*rows, *last_rows(job, t)))


def column_screen(job: Job, t: Texts, *, column: int) -> Screen:
    """Which field a column is."""
    name = job.sample[0][column] if job.header and job.sample and column < len(job.sample[0]) else ""
    samples = [row[column] for row in job.sample[int(job.header) :] if column < len(row) and row[column]]
    lines = [step_head(job, t, 1), "", t("imports.column.ask", letter=letter(column), name=cut(name))]
    lines += [f"· <code>{Markup.escape(cut(sample))}</code>" for sample in samples[:3]]
    buttons = [
        Button(t.label(f"field.{field}"), SetColumn(job.id, column, field), chosen(field is job.columns[column]))
        for field in Field
    ]
    none = Button(t.label("imports.column.none"), SetColumn(job.id, column, None))
    back = ShowPreview(job.id, column // _COLUMNS)
    return Screen("\n".join(lines), (*pairs(buttons), (none,), *footer(t, back)))


def letter(column: int) -> str:
    """What a spreadsheet calls a column: A, B … AA."""
    first, second = divmod(column, 26)
    return (chr(64 + first) if first else "") + chr(65 + second)


def step_head(job: Job, t: Texts, step: int) -> str:
    """The heading of a step."""
    head = heading(t.label("imports.title"), t.label("contacts.title"), cut(job.file_name))
    return f"{head}\n{t('contacts.step', step=step, steps=STEPS)}"


def _table(job: Job, t: Texts, columns: range) -> str:
    """The first rows, turned: a line for each column, so that it fits a phone."""
    shown = job.sample[int(job.header) : int(job.header) + _SAMPLES]
    lines = []
    for column in columns:
        field = job.columns[column]
        name = t.label(f"field_short.{field}") if field else "—"
        cells = [_padded(row[column] if column < len(row) else "") for row in shown]
        lines.append(" ".join([f"{letter(column):<2}", f"{name:<9}", *cells]).rstrip())
    return str(Markup.escape("\n".join(lines)))


def _padded(cell: str) -> str:
    return f"{cut(cell, _CELL):<{_CELL}}"


def _column(job: Job, column: int, t: Texts) -> str:
    field = job.columns[column]
    name = t.label(f"field_short.{field}") if field else t.label("imports.column.none")
    return cut(f"{letter(column)} · {name}")


def chosen(yes: bool) -> Style | None:
    """How a button is drawn that is, or should be, pressed."""
    return Style.PRIMARY if yes else None


def _read_as(job: Job, t: Texts) -> str:
    table = job.table
    if table.workbook:
        return t("imports.read_sheet", sheet=cut(table.sheet))
    names = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar"}
    words = t(
        "imports.read_as",
        encoding=source_talk.encoding_name(job.layout.encoding),
        delimiter=t.label(f"imports.delimiter.{names[job.layout.delimiter]}"),
    )
    return f"{t('imports.read_member', name=cut(table.name))} {words}" if len(job.parts) > 1 else words


def last_rows(job: Job, t: Texts, back: Action | None = None) -> Rows:
    """Give it up, go back, go home."""
    return ((Button(t.label("nav.cancel"), Discard(job.id)),), *footer(t, back))


# --- handlers


@on(AskFile)
async def ask_file(action: AskFile, chat: Chat) -> Screen:
    """Ask for a file."""
    group = await _title(chat, action.group_id)
    return ask_screen(chat.t, group_id=action.group_id, group=group)


@on(SendExample)
async def send_example(action: SendExample, chat: Chat) -> Screen:
    """The example file, above the same question."""
    screen = ask_screen(chat.t, group_id=action.group_id, group=await _title(chat, action.group_id))
    header = ",".join(chat.t.label(f"field.{field}") for field in Field)
    content = f"{header}\r\n{_EXAMPLE}".encode("utf-8-sig")
    example = Document("contact_sample.csv", content, chat.t("imports.example.caption"))
    return Screen(screen.text, screen.rows, screen.expects, documents=(example,))


@on(ReceiveFile)
async def receive_file(action: ReceiveFile, chat: Chat) -> Screen:
    """Keep the file and show how it was read; what cannot be used is explained, and the question stays open."""
    t, upload = chat.t, chat.upload
    group = await _title(chat, action.group_id)
    if upload is None:
        return ask_screen(t, group_id=action.group_id, group=group)
    name = upload.name or t.label("imports.unnamed")
    if upload.size > UPLOAD_LIMIT:
        note = t("imports.refused.too_large", size=t.number(round(upload.size / 1e6, 1)), limit=UPLOAD_LIMIT // 10**6)
        return ask_screen(t, group_id=action.group_id, group=group, note=note)
    try:
        job_id = await imports.receive(
            chat.account.id,
            name,
            await upload.read(),
            person_id=chat.person_id,
            chat_id=chat.chat_id,
            group_id=action.group_id,
        )
    except FileRejected as error:
        return ask_screen(t, group_id=action.group_id, group=group, note=refused_words(error, t))
    return await show_preview(ShowPreview(job_id), chat)


@on(ShowPreview)
async def show_preview(action: ShowPreview, chat: Chat) -> Screen:
    """Show the columns; an import that runs or has ended is shown as it stands."""
    job = await imports.get(chat.account.id, action.job_id)
    if job.state is not ImportState.PREVIEW:
        return await result_talk.show(job, chat)
    before = await imports.before(chat.account.id, job.id)
    words = _before_words(before, chat) if before else ""
    return preview_screen(job, chat.t, page=action.page, before=words)


@on(AskColumn)
async def ask_column(action: AskColumn, chat: Chat) -> Screen:
    """Offer the fields."""
    job = await imports.get(chat.account.id, action.job_id)
    if job.state is not ImportState.PREVIEW or not 0 <= action.column < len(job.columns):
        return await show_preview(ShowPreview(job.id), chat)
    return column_screen(job, chat.t, column=action.column)


@on(SetColumn)
async def set_column(action: SetColumn, chat: Chat) -> Screen:
    """Note it and show the columns."""
    field = next((field for field in Field if field == action.field), None)
    await imports.set_column(chat.account.id, action.job_id, column=action.column, field=field)
    return await show_preview(ShowPreview(action.job_id, action.column // _COLUMNS), chat)


@on(SetHeader)
async def set_header(action: SetHeader, chat: Chat) -> Screen:
    """Note it and show the columns."""
    await imports.set_header(chat.account.id, action.job_id, header=action.header)
    return await show_preview(ShowPreview(action.job_id), chat)


@on(Discard)
async def discard(action: Discard, chat: Chat) -> Screen:
    """Give it up and show the groups."""
    await imports.discard(chat.account.id, action.job_id)
    screen = await group_talk.list_groups(group_talk.ListGroups(), chat)
    return Screen(screen.text, screen.rows, toast=chat.t.label("imports.discarded"))


def _before_words(before: Before, chat: Chat) -> str:
    if before.ended_at is None:
        return chat.t("imports.before.running", group=before.group)
    moment = chat.t.moment(before.ended_at, chat.account.zone)
    return chat.t("imports.before", moment=moment, group=before.group)


async def _title(chat: Chat, group_id: int | None) -> str:
    return (await groups.get(chat.account.id, group_id)).title if group_id is not None else ""
