"""
The errors a person can cause. Each carries a text key and its values, never a sentence: the words are in ``locales``.

DomainError                      shown to the person; the conversation goes on
├─ NotFound(noun)                it was deleted, or belongs to another account
├─ NotAllowed(permission)        the person's role does not carry it
├─ WrongState(now, wanted)       the button is old: redraw
├─ TitleMissing · TitleTooLong · TitleTaken
├─ InvitationSpent               used, revoked or expired
└─ those beside their rule, in ``domain.rules``
"""

from typing import ClassVar


class DomainError(Exception):
    """Something the person asked for cannot be done; shown to them, and nothing has changed."""

    key: ClassVar[str] = "error.unknown"

    def __init__(self, **values: object) -> None:
        super().__init__(f"{type(self).key} {values}" if values else type(self).key)
        self.values = values


class NotFound(DomainError):
    """The thing is gone, or it is another account's: the two are told apart to nobody. Values: ``noun``."""

    key = "error.not_found"


class NotAllowed(DomainError):
    """The person's role does not carry this permission. Values: ``permission``."""

    key = "error.not_allowed"


class WrongState(DomainError):
    """The thing has moved on since the button was drawn. Values: ``now``, ``wanted``."""

    key = "error.wrong_state"


class TitleMissing(DomainError):
    """A mandatory title or name is blank."""

    key = "error.title_missing"


class TitleTooLong(DomainError):
    """Values: ``limit`` and ``length``, in characters."""

    key = "error.title_too_long"


class TitleTaken(DomainError):
    """Another one of this account has the same title. Values: ``title``."""

    key = "error.title_taken"


class InvitationSpent(DomainError):
    """The link was used, revoked, or is past its hour."""

    key = "error.invitation_spent"
