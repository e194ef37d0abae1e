"""The conditions of workflows, as GitHub and GitLab read them; only what ours use."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_GITHUB = re.compile(
    r"'(?P<text>[^']*)'|(?P<call>\w+)\(|(?P<path>[A-Za-z_][\w.-]*)|(?P<sign>==|!=|&&|\|\||[!(),])"
    r"|(?P<space>\s+)"
)
_GITLAB = re.compile(
    r'"(?P<text>[^"]*)"|\$(?P<name>\w+)|(?P<sign>==|!=|&&|\|\||[()])|(?P<space>\s+)'
)
_PLACEHOLDER = re.compile(r"\$\{\{(.*?)\}\}")
_SIGNS = {"&&": " and ", "||": " or ", "!": " not "}


def github(expression: str, context: Mapping[str, Any], status: Mapping[str, bool]) -> Any:
    """The value of a GitHub expression. `status` answers `failure()`, `cancelled()` and so on."""
    functions: dict[str, Callable[..., Any]] = {
        **{name: lambda value=value: value for name, value in status.items()},
        "format": lambda text, *values: text.format(*values),
        "always": lambda: True,
        "contains": lambda text, part: part.lower() in text.lower(),
    }
    python = "".join(_github_token(found) for found in _tokens(_GITHUB, expression))
    names = {"get": lambda path: _at(context, path), **functions}
    return eval(python.strip(), {"__builtins__": {}}, names)


def filled(text: str, context: Mapping[str, Any]) -> str:
    """A text with its `${{ }}` replaced."""
    return _PLACEHOLDER.sub(lambda found: str(github(found[1], context, {})), text)


def condition(text: str | None, context: Mapping[str, Any], status: Mapping[str, bool]) -> bool:
    """Whether a job or step runs. One that does not ask for the status runs after success only."""
    if text is None:
        return status["success"]
    bare = text.strip().removeprefix("${{").removesuffix("}}")
    asks = re.search(r"\b(always|failure|cancelled|success)\(", bare)
    return bool(github(bare, context, status)) and (bool(asks) or status["success"])


def gitlab(expression: str, variables: Mapping[str, str]) -> bool:
    """Whether a rule of GitLab holds."""
    parts = []
    for found in _tokens(_GITLAB, expression):
        if found["text"] is not None:
            parts.append(repr(found["text"]))
        elif found["name"]:
            parts.append(repr(variables.get(found["name"])))
        else:
            parts.append(_SIGNS.get(found[0], found[0]))
    return bool(eval("".join(parts), {"__builtins__": {}}, {}))


def _tokens(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    found = list(pattern.finditer(text))
    assert "".join(each[0] for each in found) == text, f"cannot read {text!r}"
    return found


def _github_token(found: re.Match[str]) -> str:
    if found["text"] is not None:
        return repr(found["text"])
    if found["call"]:
        return f"{found['call']}("
    if found["path"]:
        return f"get({found['path']!r})"
    return _SIGNS.get(found[0], found[0])


def _at(context: Mapping[str, Any], path: str) -> Any:
    value: Any = context
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return "" if value is None else value
