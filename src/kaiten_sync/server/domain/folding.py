"""How texts are compared in a search: without case, width and other forms of the same letter.

Databases do not agree on this: SQLite knows the case of ASCII only, and PostgreSQL that of its
locale. So texts are folded here, when they are written and when they are looked for.
"""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """A text in the form in which it is compared. Source: Unicode, section 3.13.5 (D145, D146)."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    # Composing can give a letter that folds again.
    again = unicodedata.normalize("NFKC", folded.casefold())
    return folded if again == folded else fold(again)
