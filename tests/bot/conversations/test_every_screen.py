"""
A walk over every screen that buttons lead to, from home, in every language and role. A conversation that is added is
walked too: it only has to be reachable.
"""

import ast
from collections import deque
from pathlib import Path

import pytest

import bot.conversations
from bot.conversations.home import Home
from bot.screen import Action, actions, handler_of
from domain.errors import DomainError, NotAllowed
from domain.models import Account, BlacklistEntry, Campaign, Chunk, Message, Template
from domain.rules.campaign_state import CampaignState
from domain.rules.message_state import MessageState
from domain.rules.role import Role
from locales import Catalogues
from tests.audience import FIRST, group_of
from tests.bot.conversations.talk import Talk, talk_of
from tests.conftest import LANGUAGES, OWNER

FOLDER = Path(bot.conversations.__file__).parent
MOST_SCREENS = 400


@pytest.fixture
async def furnished(sqlite_account: Account) -> Account:
    """One of everything: the lists are not empty, and a campaign is in each of its states."""
    account = sqlite_account
    group = await group_of(account, "Clientes", 12)
    await group_of(account, "Vacío", 0)
    await BlacklistEntry.create(account=account, msisdn=FIRST, source="manual", created_ms=1)
    template = await Template.create(account=account, title="Aviso", text="Hola {{ nombre }}, debe {{ valor_1 }}")
    for state in CampaignState:
        campaign = await Campaign.create(
            account=account,
            name=f"Campaña {state}",
            state=state,
            template=template,
            text="Hola",
            text_title="Aviso",
            sender_id="PREGON",
            created_by=OWNER,
            chat_id=OWNER,
            segment_price=account.segment_price,
            currency=account.currency,
            started_at=None if state in {CampaignState.DRAFT, CampaignState.SCHEDULED} else account.created_at,
        )
        await campaign.groups.add(group)
        for number, fate in enumerate(MessageState):
            await Message.create(campaign_id=campaign.id, contact_id=1, msisdn=FIRST + number, state=fate, segments=1)
        ids = await Message.filter(campaign_id=campaign.id).order_by("id").values_list("id", flat=True)
        await Chunk.create(campaign_id=campaign.id, lo=ids[0], hi=ids[-1], state="done")
    return account


async def _walk(visitor: Talk) -> tuple[set[str], int]:
    """Press every button once; a screen that was seen with the same shape of buttons is not walked again."""
    seen: set[str] = set()
    codes: set[str] = set()
    waiting: deque[Action] = deque([Home()])
    while waiting and len(seen) < MOST_SCREENS:
        action = waiting.popleft()
        packed = action.pack()
        if packed in seen:
            continue
        seen.add(packed)
        codes.add(action.code)
        try:
            screen = await visitor.do(action)
        except NotAllowed:
            raise AssertionError(f"{visitor.chat.role} is offered {packed!r} and may not press it") from None
        except DomainError:
            continue  # shown as it is; what the button was for has changed by an earlier one
        leads = [button.action for row in screen.rows for button in row if button.action is not None]
        # Hours, days and pages lead to the same screen many times over: a few of each are enough.
        waiting.extend(lead for lead in leads if sum(one.startswith(f"{lead.code}:") for one in seen) < 12)
    return codes, len(seen)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", list(Role))
async def test_every_screen_fits_and_leads_back(
    furnished: Account, catalogues: Catalogues, language: str, role: Role
) -> None:
    """Each text exists, each button fits and is one that the role may press, each screen has a way home."""
    codes, screens = await _walk(talk_of(furnished, catalogues.texts(language, "PE"), role=role))

    assert screens > (60 if role is Role.OWNER else 20)
    assert {"h", "gl", "cl", "tl", "bl"} <= codes


@pytest.mark.parametrize("action", actions(), ids=lambda action: action.code)
def test_every_action_has_a_handler(action: type[Action]) -> None:
    """A button without one would say that it is old."""
    assert callable(handler_of(action))


def test_every_conversation_is_named() -> None:
    """A module that is not imported declares nothing."""
    named = {
        alias.name
        for node in ast.walk(ast.parse((FOLDER / "__init__.py").read_text()))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    assert named == {file.stem for file in FOLDER.glob("*.py")} - {"__init__"}
