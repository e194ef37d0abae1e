"""How the command line writes to a terminal."""

from __future__ import annotations

import io

import pytest

from kaiten_sync.cli.output import use_color


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "has_color"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
    ],
)
def test_color_is_for_terminals_that_have_it(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], has_color: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert use_color(_Terminal()) is has_color
    assert use_color(io.StringIO()) is False
