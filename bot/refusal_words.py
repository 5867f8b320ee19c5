"""Why the operator refuses a campaign, in words, and the button that leads to those messages."""

from bot.detail_csv import error_words
from bot.layout import cut
from bot.screen import Action, Button, unpack
from domain.usecases.refusals import Refusal
from locales import Texts

_REASON = 60  # characters of a reason


def refusal_line(refusal: Refusal, t: Texts) -> str:
    """The reason and how many messages got it. HTML."""
    return t("results.refusal", reason=cut(reason_words(refusal.error, t), _REASON), count=refusal.messages)


def refusal_button(campaign_id: int, refusal: Refusal, t: Texts, *, below: bool = False) -> Button:
    """To the messages that share its fate."""
    return Button(t.label(f"results.see_{refusal.state.value}"), _messages(campaign_id, refusal, below=below))


def reason_words(error: str, t: Texts) -> str:
    """In words; a code of the operator's own as what it is."""
    words = error_words(error, t)
    return t.label("results.word", word=error, meaning=t.label("smpp.other")) if words == error else words


def _messages(campaign_id: int, refusal: Refusal, *, below: bool) -> Action:
    return unpack(f"rs:{campaign_id}:{refusal.state.value}:0:{int(below)}")
