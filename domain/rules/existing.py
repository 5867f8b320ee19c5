"""What an import does with a contact that is there already."""

from enum import StrEnum


class Existing(StrEnum):
    """Its memberships are added in each case; a column that the file does not have is never touched."""

    FILL = "fill"  #: what is filled in the file wins; a blank leaves what is there
    LEAVE = "leave"  #: its fields stay as they are
    REPLACE = "replace"  #: the file's columns win, also where they are blank
