"""CEL, through Google's cel-expr-python: the only module that imports it.

Runs in the worker's process. Source of the words of its errors: version 0.1.3, pinned; tests read
them. The library itself bounds nesting (32) and the steps of loops (10,000 for an evaluation).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from cel_expr_python import cel

from kaiten_sync.expressions.functions import glob, within
from kaiten_sync.expressions.language import CheckedExpression, Language, Mistake, Unjudged, Verdict
from kaiten_sync.expressions.wording import worded
from kaiten_sync.model.value import Json

_MISTAKE = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*)$", re.MULTILINE)
_STATUS = re.compile(r"^[A-Z_]+: | \[[A-Z_]+\]$")
_LACKS = re.compile(r'No value with name "([^"]+)" found in Activation')
_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'.*")
_HAS = re.compile(r"\bhas\(\s*([\w.]+)\s*\)")
_SYNTAX = "Syntax error: "
_LONGEST_REASON = 500
"""Characters. The library repeats values whole, and an expression can make a value of any size."""
_INT64 = 2**63
"""The integers of CEL are of 64 bits, with a sign: the library refuses any other."""


class Expression:
    """One expression in one language."""

    def __init__(self, text: str, language: Language) -> None:
        self._types = language.variables
        self._compiled = cel.NewEnv(
            variables={name: cel.Type(type_) for name, type_ in language.variables.items()},
            functions=[
                cel.FunctionDecl(
                    function.__name__,
                    [
                        cel.Overload(
                            f"string_{function.__name__}",
                            return_type=cel.Type.BOOL,
                            parameters=[cel.Type.STRING, cel.Type.STRING],
                            is_member=True,
                            impl=function,
                        )
                    ],
                )
                for function in (glob, within)
            ],
        ).compile(text)
        if self._compiled.return_type() not in (cel.Type.BOOL, cel.Type.DYN):
            found = self._compiled.return_type().name().lower()
            raise WrongError((Mistake(1, 1, f"this is of type {found}; it must be true or false"),))

    def verdict(self, row: Mapping[str, Json]) -> Verdict:
        """The expression's answer on one row."""
        values = {name: _as_type(value, self._types[name]) for name, value in row.items()}
        try:
            found = self._compiled.eval(data=values)
        except RuntimeError as error:  # the bound of the library
            return Unjudged(reason=worded(_plain(str(error))))
        if found.type() == cel.Type.BOOL:
            return bool(found.value())
        if found.type() == cel.Type.ERROR:
            message = _plain(str(found.value()))
            lacks = _LACKS.search(message)
            if lacks:
                return Unjudged(reason=f"{lacks[1]} is not known", lacks=lacks[1])
            return Unjudged(reason=worded(message))
        return Unjudged(reason=f"the answer is of type {found.type().name().lower()}")


class WrongError(Exception):
    """An expression is wrong."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__(str(mistakes))
        self.mistakes = mistakes


def compiled(text: str, language: Language) -> Expression:
    """An expression that is ready to be judged.

    Raises:
        WrongError: it is not one in this language.
    """
    try:
        return Expression(text, language)
    except (RuntimeError, WrongError) as error:
        asked = next((a for a in _HAS.finditer(text) if a[1] in language.variables), None)
        if asked is not None:
            raise WrongError((_needless(asked),)) from error
        if isinstance(error, WrongError):
            raise
        message = str(error)
        # The library lists them with a drawing of each place, and some of them twice.
        found = dict.fromkeys(
            Mistake(max(1, int(line)), max(1, int(column)), _said(what, language))
            for line, column, what in _MISTAKE.findall(message)
        )
        if not found:
            raise WrongError((Mistake(1, 1, worded(_plain(message))),)) from error
        # After the first mistake of syntax, the library has lost its place.
        syntax = sorted(each for each in found if each.message.startswith(_SYNTAX))
        raise WrongError(tuple(syntax[:1] or found)) from error


def _needless(asked: re.Match[str]) -> Mistake:
    """The library takes `has(impact.over)` for the number itself, and would say that of it."""
    before = asked.string[: asked.start()]
    return Mistake(
        before.count("\n") + 1,
        len(before) - before.rfind("\n"),
        f"has() asks for a field of a map, and '{asked[1]}' is a variable: use it without has()",
    )


def checked(text: str, language: Language) -> CheckedExpression:
    """What is wrong with an expression, or else which groups of variables it uses."""
    try:
        compiled(text, language)
    except WrongError as error:
        return CheckedExpression(mistakes=error.mistakes)
    return CheckedExpression(
        # The library does not say which variables it found. An expression uses a group if it is
        # wrong without it.
        uses=frozenset(g for g in language.groups if not _is_in(text, language.without(g)))
    )


def _is_in(text: str, language: Language) -> bool:
    try:
        compiled(text, language)
    except WrongError:
        return False
    return True


def _as_type(value: Json, type_: str) -> Any:
    """A JSON value as the library takes it. Integers end at 64 bits there."""
    match value:
        case bool() | None:
            return value
        case str():
            return datetime.fromisoformat(value) if type_ == "timestamp" else value
        case int() if type_ == "int":
            return max(-_INT64, min(_INT64 - 1, value))
        case int() if type_ == "double" or not -_INT64 <= value < _INT64:
            return float(value)
        case int() | float():
            return value
        case Mapping():
            return {key: _as_type(item, "dyn") for key, item in value.items()}
        case _:
            return [_as_type(item, "dyn") for item in value]


def _said(text: str, language: Language) -> str:
    """A mistake in words of ours, if the library's are about its own inside."""
    plain = _plain(text)
    if undeclared := _UNDECLARED.match(plain):
        close = get_close_matches(undeclared[1], language.variables, n=1)
        suggested = f"; did you mean '{close[0]}'?" if close else ""
        return f"there is no variable or function '{undeclared[1]}'{suggested}"
    return worded(plain)


def _plain(message: str) -> str:
    """A message without the library's status words, shortened."""
    if len(message) > _LONGEST_REASON:
        message = f"{message[:_LONGEST_REASON]}..."
    return _STATUS.sub("", _STATUS.sub("", message))
