"""Open questions and strangers, on both engines."""

from domain.models import Conversation
from domain.usecases import conversations
from domain.usecases.conversations import Talk


async def test_a_question_is_opened_replaced_and_closed(database: str):
    """One row for each person in each chat; the live message is noted beside it."""
    await conversations.ask(1, 2, state="zq", question="zq:5")
    await conversations.set_live_message(1, 2, 77)
    await conversations.ask(1, 2, state="za", question="za")
    states = await conversations.open_states()
    talk = await conversations.talk_of(1, 2)
    await conversations.ask(1, 2, state=None, question=None)

    assert states == {(1, 2): "za"}
    assert talk == Talk("za", 77)
    assert await conversations.talk_of(1, 2) == Talk(None, 77)
    assert await conversations.talk_of(1, 3) == Talk()
    assert await Conversation.all().count() == 1


async def test_a_stranger_is_greeted_once(database: str):
    """Also where they were somebody before; and anew after they had come in."""
    await conversations.ask(1, 1, state="za", question="za")
    await conversations.set_live_message(2, 2, 7)
    greeted = [await conversations.greet_stranger(who, who) for who in (1, 1, 2, 2, 3, 3)]
    await conversations.welcome(3)

    assert greeted == [True, False] * 3
    assert await conversations.greet_stranger(3, 3)
    assert await conversations.open_states() == {}


async def test_dropping_a_person_forgets_their_questions_and_what_they_follow(database: str):
    """Others keep theirs."""
    for person in (1, 2):
        await conversations.ask(9, person, state="za", question="za")
        await conversations.follow(9, person, person_id=person, kind="campaign", subject_id=person, digest="")
    await conversations.drop_conversations(1)

    assert await conversations.open_states() == {(9, 2): "za"}
    assert [view.person_id for view in await conversations.live_views()] == [2]
