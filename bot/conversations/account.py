"""*Mi cuenta*: what the account is called, its zone, sender ID and price, and the language of one's own screens."""

import dataclasses
from collections.abc import Sequence
from functools import cache
from zoneinfo import ZoneInfo

from bot.chat import Chat
from bot.layout import cut, footer, heading, pairs
from bot.screen import Action, Button, Screen, on, unpack
from domain.rules.permission import Permission
from domain.rules.sender_id import parse_sender_id
from domain.usecases import accounts, periods
from domain.usecases.overview import AccountCard, account_card
from locales import Catalogues, Texts, load, zones_named

# Actions


class OpenAccount(Action, code="a"):
    """The card of the account."""


class ChooseLanguage(Action, code="al"):
    """Which language the person's screens shall have."""


class SetLanguage(Action, code="as"):
    """That one."""

    language: str


class ChooseAccount(Action, code="ac"):
    """Which of one's accounts to work in."""


class SwitchAccount(Action, code="aw"):
    """That one."""

    account_id: int


class AskZone(Action, code="az", permission=Permission.GOVERN):
    """The zone shall be typed."""


class SaveZone(Action, code="aza", permission=Permission.GOVERN):
    """The zone was typed, or one of those offered was chosen."""

    zone: str | None = None


class AskSender(Action, code="ae", permission=Permission.GOVERN):
    """The default sender ID shall be typed."""


class SaveSender(Action, code="aea", permission=Permission.GOVERN):
    """The default sender ID was typed."""


class AskPrice(Action, code="ap", permission=Permission.GOVERN):
    """The price of a segment shall be typed."""


class SavePrice(Action, code="apa", permission=Permission.GOVERN):
    """The price of a segment was typed; ``clear``: there shall be none."""

    clear: bool = False


# Screens

_ZONES = (
    "America/Lima",
    "America/Bogota",
    "America/Mexico_City",
    "America/Santiago",
    "America/Sao_Paulo",
    "Europe/Madrid",
)
_OFFERED = 20  # zones of one name


def account_screen(card: AccountCard, chat: Chat, *, several: bool, languages: int, toast: str | None = None) -> Screen:
    """The settings, and for an owner the buttons that change them."""
    t = chat.t
    price = t.money(card.price.amount, card.price.currency) if card.price else t.label("account.no_price")
    text = "\n".join(
        [
            heading(t.label("account.title"), card.name),
            "",
            t("account.who", name=cut(chat.person_name, 64), role=t.label(f"role.{chat.role.value}")),
            t("account.zone", zone=card.time_zone, time=t.time(chat.now, chat.account.zone)),
            t("account.sender", sender=card.sender_id),
            t("account.price", price=price),
            t("account.language", language=t.label(f"language.{t.language}")),
        ]
    )
    buttons = []
    if chat.may(Permission.GOVERN):
        buttons = [
            Button(t.label("account.edit_zone"), AskZone()),
            Button(t.label("account.edit_sender"), AskSender()),
            Button(t.label("account.edit_price"), AskPrice()),
            Button(t.label("account.people"), unpack("ao")),
            Button(t.label("countries.open"), unpack("yc:")),
            Button(t.label("rules.title"), unpack("aj")),
            Button(t.label("limits.title"), unpack("ak")),
        ]
    if languages > 1:
        buttons.append(Button(t.label("account.edit_language"), ChooseLanguage()))
    if several:
        buttons.append(Button(t.label("account.switch"), ChooseAccount()))
    return Screen(text, (*pairs(buttons), *footer(t)), toast=toast)


def language_screen(languages: Sequence[str], t: Texts) -> Screen:
    """Each language by its own name."""
    buttons = [
        Button(f"{'✅ ' if language == t.language else ''}{t.label(f'language.{language}')}", SetLanguage(language))
        for language in languages
    ]
    head = heading(t.label("account.edit_language"), t.label("account.title"))
    return Screen(f"{head}\n\n{t('account.choose_language')}", (*pairs(buttons), *footer(t, OpenAccount())))


def accounts_screen(found: Sequence[tuple[int, str]], chat: Chat) -> Screen:
    """The accounts that the person is in."""
    t = chat.t
    rows = tuple(
        (Button(cut(f"{'✅ ' if account_id == chat.account.id else ''}{name}"), SwitchAccount(account_id)),)
        for account_id, name in found
    )
    head = heading(t.label("account.switch"), t.label("account.title"))
    return Screen(f"{head}\n\n{t('account.choose_account')}", (*rows, *footer(t, OpenAccount())))


def zone_screen(t: Texts, found: Sequence[str] = ()) -> Screen:
    """The zones of the region at a tap, any other typed. ``found``: those that have the name that was typed."""
    buttons = [Button(cut(t.zone(ZoneInfo(zone))), SaveZone(zone)) for zone in found[:_OFFERED] or _ZONES]
    head = heading(t.label("account.edit_zone"), t.label("account.title"))
    rows = (*pairs(buttons), *footer(t, OpenAccount()))
    text = t("account.which_zone", count=len(found)) if found else t("account.ask_zone")
    return Screen(f"{head}\n\n{text}", rows, expects=SaveZone())


def sender_screen(card: AccountCard, t: Texts) -> Screen:
    """What a sender ID may be."""
    head = heading(t.label("account.edit_sender"), t.label("account.title"))
    text = t("account.ask_sender", sender=card.sender_id)
    return Screen(f"{head}\n\n{text}", footer(t, OpenAccount()), expects=SaveSender())


def price_screen(card: AccountCard, t: Texts) -> Screen:
    """How a price is written; and that it may be unknown."""
    head = heading(t.label("account.edit_price"), t.label("account.title"))
    rows = ((Button(t.label("account.clear_price"), SavePrice(clear=True)),),) if card.price else ()
    return Screen(f"{head}\n\n{t('account.ask_price')}", (*rows, *footer(t, OpenAccount())), expects=SavePrice())


# Handlers


@on(OpenAccount)
async def open_account(_: OpenAccount, chat: Chat) -> Screen:
    """The settings as they are."""
    several = len(await accounts.accounts_of(chat.person_id)) > 1
    return account_screen(
        await account_card(chat.account.id), chat, several=several, languages=len(_catalogues().languages)
    )


@on(ChooseLanguage)
async def choose_language(_: ChooseLanguage, chat: Chat) -> Screen:
    """The languages that there are texts in."""
    return language_screen(_catalogues().languages, chat.t)


@on(SetLanguage)
async def set_language(action: SetLanguage, chat: Chat) -> Screen:
    """From this screen on."""
    language = _catalogues().known(action.language)
    await accounts.set_language(chat.person_id, language)
    speaking = dataclasses.replace(chat, t=_catalogues().texts(language, chat.account.region))
    return _saved(await open_account(OpenAccount(), speaking), speaking)


@on(ChooseAccount)
async def choose_account(_: ChooseAccount, chat: Chat) -> Screen:
    """One's accounts."""
    return accounts_screen(await accounts.accounts_of(chat.person_id), chat)


@on(SwitchAccount)
async def switch_account(action: SwitchAccount, chat: Chat) -> Screen:
    """From the next tap on everything is the other account's."""
    await accounts.choose_account(chat.person_id, action.account_id)
    names = dict(await accounts.accounts_of(chat.person_id))
    t = chat.t
    text = f"{heading(names[action.account_id])}\n\n{t('account.switched')}"
    return Screen(text, footer(t), toast=t.label("account.saved"))


@on(AskZone)
async def ask_zone(_: AskZone, chat: Chat) -> Screen:
    """Ask."""
    return zone_screen(chat.t)


@on(SaveZone)
async def save_zone(action: SaveZone, chat: Chat) -> Screen:
    """A city will do; where several have the name, they are offered."""
    typed = chat.text or ""
    found = (action.zone,) if action.zone else zones_named(typed)
    if len(found) > 1:
        return zone_screen(chat.t, found)
    await accounts.set_time_zone(chat.account.id, found[0] if found else typed)
    await periods.reckon(chat.account.id, now=chat.now)
    return _saved(await open_account(OpenAccount(), await _fresh(chat)), chat)


@on(AskSender)
async def ask_sender(_: AskSender, chat: Chat) -> Screen:
    """Ask."""
    return sender_screen(await account_card(chat.account.id), chat.t)


@on(SaveSender)
async def save_sender(_: SaveSender, chat: Chat) -> Screen:
    """In the form that goes on the wire."""
    await accounts.set_sender_id(chat.account.id, parse_sender_id(chat.text or ""))
    return _saved(await open_account(OpenAccount(), chat), chat)


@on(AskPrice)
async def ask_price(_: AskPrice, chat: Chat) -> Screen:
    """Ask."""
    return price_screen(await account_card(chat.account.id), chat.t)


@on(SavePrice)
async def save_price(action: SavePrice, chat: Chat) -> Screen:
    """Campaigns that have begun keep the price that they began with."""
    await accounts.set_price(chat.account.id, "" if action.clear else chat.text or "")
    return _saved(await open_account(OpenAccount(), chat), chat)


def _saved(screen: Screen, chat: Chat) -> Screen:
    return dataclasses.replace(screen, toast=chat.t.label("account.saved"))


async def _fresh(chat: Chat) -> Chat:
    """The chat with the account's zone as it is now."""
    card = await account_card(chat.account.id)
    return dataclasses.replace(chat, account=dataclasses.replace(chat.account, zone=ZoneInfo(card.time_zone)))


@cache
def _catalogues() -> Catalogues:
    return load()
