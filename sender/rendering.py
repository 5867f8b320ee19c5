"""From a row of a claim to the text of its message. Encodes nothing and writes nothing."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from domain.rules.blanks import Blanks, filled
from domain.rules.template import CompiledTemplate, to_send
from domain.store import ContactRow, ToSend

_BLANK: Final[Sequence[Any]] = ContactRow(0, 0, "", "", "", "", "", "", "")


def renderer(template: CompiledTemplate, blanks: Blanks) -> Callable[[ToSend], str]:
    """
    What makes the text of a message. A deleted contact leaves its fields blank; its number is kept in the message.

    Raises (when called):
        TextTooLong, TextBlank: With what this contact has in its fields.
        HeldBack: It has nothing in a field that the campaign holds back for; it had when the messages were made.
    """
    if template.constant:
        text = template.render({})
        return lambda row: to_send(text)
    places = {name: ContactRow._fields.index(name) for name in template.tokens}
    wanted = {name: other for name, other in blanks.items() if name in template.tokens}
    if not wanted and "msisdn" not in places:
        by_position = template.by_position(places)
        return lambda row: to_send(by_position(row[-1] or _BLANK))

    def render(row: ToSend) -> str:
        contact = row.contact or _BLANK
        fields = {name: str(contact[place]) for name, place in places.items()}
        if "msisdn" in fields and row.contact is None:
            fields["msisdn"] = str(row.msisdn)  # otherwise the contact's: a test goes elsewhere
        return to_send(template.render(filled(fields, wanted) if wanted else fields))

    return render
