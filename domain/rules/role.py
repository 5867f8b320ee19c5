"""The roles of an account."""

from enum import StrEnum


class Role(StrEnum):
    """A name; what it may do is in ``domain.rules.permission``."""

    OWNER = "owner"
    OPERATOR = "operator"
    VIEWER = "viewer"
