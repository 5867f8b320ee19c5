"""Who may do what: one table, read by the router for every tap and by screens for what to leave out."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from domain.rules.role import Role


class Permission(StrEnum):
    """What an action may need."""

    SEE = "see"  #: lists, results, exports of what is shown
    EDIT = "edit"  #: groups, contacts, imports, templates, blacklist
    SEND = "send"  #: start, stop, continue and cancel campaigns
    SETTLE = "settle"  #: let messages in doubt go again, though some may arrive twice
    GOVERN = "govern"  #: people, invitations, price and default sender ID


_TABLE: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.OWNER: frozenset(Permission),
    Role.OPERATOR: frozenset({Permission.SEE, Permission.EDIT, Permission.SEND}),
    Role.VIEWER: frozenset({Permission.SEE}),
}


def allows(role: Role, permission: Permission) -> bool:
    """Whether the role carries the permission."""
    return permission in _TABLE[role]
