"""Words on the command line that are not files or numbers."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import click


class PlainWord(click.ParamType[str]):
    """A text, which is never empty: that is what a shell makes of a variable that is not set.

    A server, a token or a target would otherwise be another one than the caller meant.
    """

    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Refuse the empty word."""
        if not value:
            self.fail("the value is empty; is a variable not set?", param, ctx)
        return value


class TokenWord(PlainWord):
    """A token, whose shape is checked like that of any other value: before anything is sent."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Refuse what cannot be a token, without repeating it."""
        from kaiten_sync.bootstrap import check_token
        from kaiten_sync.errors import CredentialError

        super().convert(value, param, ctx)
        try:
            return check_token(value)
        except CredentialError as error:
            self.fail(f"{error.message}; {error.hint}", param, ctx)


class ChoiceWord(click.Choice[str]):
    """One of a few words."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """The choices, and the one that was probably meant."""
        meant = get_close_matches(str(value).lower(), self.choices, n=1)
        listed = super().get_invalid_choice_message(value, ctx)
        return f"{listed} Did you mean '{meant[0]}'?" if meant else listed


WORD = PlainWord()
TOKEN = TokenWord()
