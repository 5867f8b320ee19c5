"""
*Plantillas de SMS*: the texts of an account, and how a text looks for a real contact. A template is a row from its
title on; one without a text yet is offered to no campaign.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from tortoise.exceptions import IntegrityError
from tortoise.expressions import F

from domain.errors import DomainError, NotFound, TitleTaken
from domain.models import Campaign, Contact, Template
from domain.rules.campaign_state import CampaignState
from domain.rules.gsm import Alphabet
from domain.rules.remedies import downgraded, plain_tokens, replaced, shortened
from domain.rules.template import FIELDS, CompiledTemplate, compile_template
from domain.rules.title import TITLE_LIMIT, clean_title

log = structlog.get_logger()

_DESCRIPTION_LIMIT: Final = 400  # characters, as wide as the column
_COPIES: Final = 50


class TextMissing(DomainError):
    """A message without any text."""

    key = "template.empty"


@dataclass(frozen=True, slots=True)
class Page:
    """Templates of a list by title, and how many there are in all."""

    templates: Sequence[Template]
    total: int


@dataclass(frozen=True, slots=True)
class Reader:
    """
    A real contact, for seeing a text as they will get it.

    Attributes:
        fields: By field of ``domain.rules.template``.
        before: Id of the contact before this one; None where there is no other.
        after: Id of the next one.
    """

    contact_id: int
    name: str
    msisdn: int
    fields: dict[str, str]
    before: int | None
    after: int | None


async def page(account_id: int, *, offset: int, limit: int, with_text: bool = False) -> Page:
    """A page of the account's templates by title; ``with_text``: only those that can be sent."""
    query = Template.filter(account_id=account_id)
    if with_text:
        query = query.exclude(text="")
    return Page(await query.order_by("title", "id").offset(offset).limit(limit), await query.count())


async def get(account_id: int, template_id: int) -> Template:
    """
    A template of the account.

    Raises:
        NotFound: It is gone, or another account's.
    """
    template = await Template.get_or_none(id=template_id, account_id=account_id)
    if template is None:
        raise NotFound(noun="template")
    return template


async def create(account_id: int, *, title: str | None) -> Template:
    """
    A template with a title; its text comes next.

    Raises:
        TitleMissing, TitleTooLong, TitleTaken: The title cannot be used.
    """
    clean = clean_title(title)
    try:
        template = await Template.create(account_id=account_id, title=clean, text="")
    except IntegrityError as error:
        raise TitleTaken(title=clean) from error
    log.info("template_created", template=template.id, account=account_id)
    return template


async def rename(account_id: int, template_id: int, *, title: str | None) -> Template:
    """
    Another title.

    Raises:
        TitleMissing, TitleTooLong, TitleTaken: It cannot be used.
        NotFound: The template is gone, or another account's.
    """
    clean = clean_title(title)
    try:
        changed = await Template.filter(id=template_id, account_id=account_id).update(title=clean)
    except IntegrityError as error:
        raise TitleTaken(title=clean) from error
    if not changed:
        raise NotFound(noun="template")
    return await get(account_id, template_id)


async def describe(account_id: int, template_id: int, *, description: str | None) -> Template:
    """
    Another description, cut at 400 characters.

    Raises:
        NotFound: The template is gone, or another account's.
    """
    clean = " ".join((description or "").split())[:_DESCRIPTION_LIMIT]
    if not await Template.filter(id=template_id, account_id=account_id).update(description=clean):
        raise NotFound(noun="template")
    return await get(account_id, template_id)


async def write(account_id: int, template_id: int, *, text: str | None) -> Template:
    """
    Another text. Drafts that use it count as changed, so that nobody launches what they have not seen.

    Raises:
        TextMissing, BadTemplate: It cannot be a template; nothing changed.
        NotFound: The template is gone, or another account's.
    """
    checked = checked_text(text)
    if not await Template.filter(id=template_id, account_id=account_id).update(text=checked.source):
        raise NotFound(noun="template")
    await Campaign.filter(template_id=template_id, state=CampaignState.DRAFT).update(revision=F("revision") + 1)
    return await get(account_id, template_id)


async def replace_foreign(account_id: int, template_id: int, *, alphabet: Alphabet = Alphabet.GSM7) -> Template:
    """
    Replace what makes the text UCS-2 by what reads the same, in the whole text.

    Raises:
        NotFound: The template is gone, or another account's.
    """
    template = await get(account_id, template_id)
    return await write(account_id, template_id, text=downgraded(template.text, alphabet=alphabet))


async def replace_character(account_id: int, template_id: int, *, character: str, replacement: str) -> Template:
    """
    Replace one character wherever the text has it; tokens are left alone.

    Raises:
        NotFound: The template is gone, or another account's.
        TextMissing, BadTemplate: What is left cannot be a template; nothing changed.
    """
    template = await get(account_id, template_id)
    return await write(account_id, template_id, text=replaced(template.text, character, replacement))


async def make_plain(account_id: int, template_id: int) -> Template:
    """
    Let its tokens bring values without what makes a text UCS-2.

    Raises:
        NotFound: The template is gone, or another account's.
        TemplateTooLong: There is no room for it.
    """
    template = await get(account_id, template_id)
    return await write(account_id, template_id, text=plain_tokens(template.text))


async def shorten(account_id: int, template_id: int, *, field: str, length: int) -> Template:
    """
    Let a token bring at most ``length`` characters.

    Raises:
        NotFound: The template is gone, or another account's.
        BadTemplate: There is no room for it.
    """
    template = await get(account_id, template_id)
    return await write(account_id, template_id, text=shortened(template.text, field, length))


async def copy(account_id: int, template_id: int, *, pattern: str) -> Template:
    """
    Another one with the same text.

    Args:
        pattern: Its title, with ``{title}`` and ``{number}`` in it: the first that is free is taken.

    Raises:
        NotFound: The template is gone, or another account's.
        TitleTaken: There are too many copies.
    """
    source = await get(account_id, template_id)
    for number in range(1, _COPIES + 1):
        room = TITLE_LIMIT - len(pattern.format(title="", number=number))
        title = pattern.format(title=source.title[:room].rstrip(), number=number)
        if await Template.filter(account_id=account_id, title=title).exists():
            continue
        made = await create(account_id, title=title)
        await Template.filter(id=made.id).update(text=source.text, description=source.description)
        return await get(account_id, made.id)
    raise TitleTaken(title=source.title)


async def delete(account_id: int, template_id: int) -> None:
    """Throw a template away; drafts that use it lose their text. A second call changes nothing."""
    await Campaign.filter(template_id=template_id, account_id=account_id, state=CampaignState.DRAFT).update(
        revision=F("revision") + 1
    )
    if await Template.filter(id=template_id, account_id=account_id).delete():
        log.info("template_deleted", template=template_id, account=account_id)


async def drafts_using(account_id: int, template_id: int) -> int:
    """How many drafts would lose their text."""
    return await Campaign.filter(account_id=account_id, template_id=template_id, state=CampaignState.DRAFT).count()


async def reader(account_id: int, contact_id: int | None = None) -> Reader | None:
    """A contact of the account to read a text as: this one, or the next that there is; None: there is none."""
    mine = Contact.filter(account_id=account_id)
    contact = await mine.filter(id__gte=contact_id or 0).order_by("id").first() or await mine.order_by("id").first()
    if contact is None:
        return None
    after = await mine.filter(id__gt=contact.id).order_by("id").first() or await mine.order_by("id").first()
    before = await mine.filter(id__lt=contact.id).order_by("-id").first() or await mine.order_by("-id").first()
    return Reader(
        contact_id=contact.id,
        name=f"{contact.first_name} {contact.last_name}".strip(),
        msisdn=contact.msisdn,
        fields=fields_of(contact),
        before=before.id if before and before.id != contact.id else None,
        after=after.id if after and after.id != contact.id else None,
    )


def checked_text(text: str | None) -> CompiledTemplate:
    """
    A typed text, without blanks around it, as a template.

    Raises:
        TextMissing, BadTemplate: It cannot be one.
    """
    stripped = (text or "").strip()
    if not stripped:
        raise TextMissing
    return compile_template(stripped)


def fields_of(contact: object) -> dict[str, str]:
    """A contact, or a row of one, as templates read it."""
    return {field: str(getattr(contact, field)) for field in FIELDS}
