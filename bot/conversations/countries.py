"""The countries that the account may write to: numbers of others are refused, and named."""

from collections.abc import Sequence
from typing import Final

from bot.chat import Chat
from bot.layout import cut, footer, heading, pairs
from bot.screen import Action, Button, Screen, handler_of, on, unpack
from domain.rules.permission import Permission
from domain.usecases import imports, numbering
from locales import Texts

#: Offered first: where our operators are.
_NEAR: Final = ("PE", "CO", "EC", "BO", "CL", "MX", "AR", "BR", "ES", "US")


# --- actions


class ListCountries(Action, code="yc", permission=Permission.GOVERN):
    """The countries. ``job_id``: the import that asked for another one."""

    job_id: int | None = None


class EnableCountry(Action, code="ye", permission=Permission.GOVERN):
    """That one too."""

    region: str
    job_id: int | None = None


class DisableCountry(Action, code="yd", permission=Permission.GOVERN):
    """That one no more."""

    region: str
    job_id: int | None = None


class TypeCountry(Action, code="yt", permission=Permission.GOVERN):
    """A country was typed: its two letters or its name."""

    job_id: int | None = None


# --- screens


def countries_screen(
    chat: Chat, enabled: Sequence[str], *, job_id: int | None = None, wanted: Sequence[str] = (), note: str = ""
) -> Screen:
    """What is enabled, and what may be. ``wanted``: regions of numbers that an import refused, offered first."""
    t = chat.t
    head = heading(t.label("countries.title"), t.label("account.title"))
    lines = [head, "", t("countries.about"), ""]
    lines += [f"✅ {flag(region)} {t.country(region)}" for region in enabled]
    offered = [region for region in dict.fromkeys((*wanted, *_NEAR)) if region not in enabled]
    own = [
        Button(cut(f"➖ {t.country(region)}"), DisableCountry(region, job_id))
        for region in enabled
        if region != chat.account.region
    ]
    more = [Button(cut(f"➕ {t.country(region)}"), EnableCountry(region, job_id)) for region in offered]
    lines += ["", t("countries.ask")]
    if note:
        lines.insert(2, note + "\n")
    rows = (*pairs(own), *pairs(more))
    back = unpack("a") if job_id is None else unpack(f"ir:{job_id}")
    return Screen("\n".join(lines), (*rows, *footer(t, back)), expects=TypeCountry(job_id))


def flag(region: str) -> str:
    """The region's flag: two regional indicator letters."""
    return "".join(chr(0x1F1E6 + ord(letter) - ord("A")) for letter in region)


# --- handlers


@on(ListCountries)
async def list_countries(action: ListCountries, chat: Chat) -> Screen:
    """Show them; those that an import missed first."""
    enabled = (await numbering.numbering_of(chat.account.id)).countries
    wanted = await imports.missed_countries(chat.account.id, action.job_id) if action.job_id is not None else ()
    return countries_screen(chat, enabled, job_id=action.job_id, wanted=wanted)


@on(EnableCountry)
async def enable_country(action: EnableCountry, chat: Chat) -> Screen:
    """Enable it; an import that asked for it is counted anew."""
    await numbering.enable(chat.account.id, [action.region], by=chat.person_id)
    return await _after(action.job_id, chat)


@on(DisableCountry)
async def disable_country(action: DisableCountry, chat: Chat) -> Screen:
    """Take it back."""
    await numbering.disable(chat.account.id, action.region, by=chat.person_id)
    if action.job_id is not None:
        await imports.recount(chat.account.id, action.job_id)
    return await list_countries(ListCountries(action.job_id), chat)


@on(TypeCountry)
async def type_country(action: TypeCountry, chat: Chat) -> Screen:
    """Enable what was typed."""
    region = region_named(chat.text or "", chat.t)
    if region is None:
        enabled = (await numbering.numbering_of(chat.account.id)).countries
        note = chat.t("countries.unknown", text=cut(chat.text or ""))
        return countries_screen(chat, enabled, job_id=action.job_id, note=note)
    await numbering.enable(chat.account.id, [region], by=chat.person_id)
    return await _after(action.job_id, chat)


async def _after(job_id: int | None, chat: Chat) -> Screen:
    if job_id is None:
        return await list_countries(ListCountries(), chat)
    await imports.recount(chat.account.id, job_id)
    review = unpack(f"ir:{job_id}")
    screen: Screen = await handler_of(type(review))(review, chat)
    return screen


def region_named(text: str, t: Texts) -> str | None:
    """The region that is called so; None: none is."""
    wanted = text.strip().casefold()
    return next(
        (region for region in numbering.regions() if wanted in {region.casefold(), t.country(region).casefold()}), None
    )
