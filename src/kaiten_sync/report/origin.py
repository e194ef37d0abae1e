"""What a shown plan comes from. Stage 7."""

from enum import StrEnum


class Origin(StrEnum):
    """It was just compared with the server, undoes edits on it, or was read from a file.

    Only the first knows all that differs: a revert leaves alone what git is ahead with, and a file
    may be of a revert, or old.
    """

    COMPARISON = "comparison"
    REVERT = "revert"
    FILE = "file"
