"""Words as each shell wants them where an option and its value are one word: `--option=value`.

bash cuts such a word at `=`. zsh and fish replace all of it, so they get the option again, and
files from us: they would look for one whose name begins with the option.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
)


def register_shells() -> None:
    """Let click answer shells with the classes of this module."""
    for shell in (_Bash, _Zsh, _Fish):
        add_completion_class(shell)


class _Bash(BashComplete):
    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one that is typed, with those that bash cut joined again."""
        cut, incomplete = super().get_completion_args()
        words: list[str] = []
        for word in cut:
            before = words[-1] if words else ""
            if before.endswith("=") or (before.startswith("--") and word == "="):
                words[-1] += word
            else:
                words.append(word)
        return [*words[:-1], *(word.removesuffix("=") for word in words[-1:])], incomplete


class _WholeWords(ShellComplete):
    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        """Words that may replace all of the one that is typed."""
        found = super().get_completions(args, incomplete)
        option, equals, typed = incomplete.partition("=")
        if not equals or not option.startswith("--"):
            return found
        values = (value for item in found for value in _values(item, typed))
        return [CompletionItem(f"{option}={value}") for value in values]


class _Zsh(_WholeWords, ZshComplete):
    # `compdef` is there once zsh's completion is started, which a bare ~/.zshrc does not do.
    # Source: zshcompsys(1), "Initialization".
    source_template = ZshComplete.source_template.replace(
        "    compdef ",
        "    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i; }\n    compdef ",
    )


class _Fish(_WholeWords, FishComplete):
    # Names of files and descriptions have commas too: only the first one ends the type.
    source_template = FishComplete.source_template.replace("string split ", "string split --max 1 ")


def _values(item: CompletionItem, typed: str) -> Iterator[str]:
    if item.type == "plain":
        yield str(item.value)
        return
    folder = typed[: typed.rfind("/") + 1]
    begun = typed.removeprefix(folder)
    place = Path(folder or ".")
    for path in sorted(place.iterdir()) if place.is_dir() else ():
        is_meant = path.name.startswith(begun) and (begun or not path.name.startswith("."))
        if is_meant and (path.is_dir() or item.type == "file"):
            yield f"{folder}{path.name}{'/' if path.is_dir() else ''}"
