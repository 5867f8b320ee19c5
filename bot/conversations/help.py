"""Help: the five steps of the manual, the meaning of each figure, the rules of the text. One page each."""

from typing import Final

from bot import views
from bot.chat import Chat
from bot.layout import footer, heading, pairs
from bot.screen import Action, Button, Screen, on
from domain.rules.template import tokens
from locales import Texts

TOPICS: Final = ("steps", "text", "figures", "safety")

# Actions


class Help(Action, code="hq"):
    """The topics."""


class HelpTopic(Action, code="ht"):
    """One of them."""

    topic: str


# Screens


def help_screen(t: Texts) -> Screen:
    """What it is in a few lines, and the topics."""
    buttons = [Button(t.label(f"help.{topic}.title"), HelpTopic(topic)) for topic in TOPICS]
    return Screen(f"{heading(t.label('help.title'))}\n\n{t('help.intro')}", (*pairs(buttons), *footer(t)))


def topic_screen(topic: str, t: Texts) -> Screen:
    """One topic; an unknown one shows the list."""
    if topic not in TOPICS:
        return help_screen(t)
    text = views.render("help", t=t, topic=topic, tokens=list(tokens(t.language)))
    return Screen(text, footer(t, Help()))


# Handlers


@on(Help)
async def show_help(_: Help, chat: Chat) -> Screen:
    """The topics."""
    return help_screen(chat.t)


@on(HelpTopic)
async def show_topic(action: HelpTopic, chat: Chat) -> Screen:
    """One topic."""
    return topic_screen(action.topic, chat.t)
