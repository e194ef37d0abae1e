"""A diff on the terminal obeys nobody whose text is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kaiten_sync.cli.output import file_diff
from kaiten_sync.jobs.adopting import FileChange


@pytest.mark.parametrize(
    "text",
    [
        "a ##[error]b",
        "##vso[task.complete]",
        "::error::x",
        "::stop-commands::t",
        "\x1b[31mred",
        "\u202eb",
    ],
)
def test_a_text_in_a_diff_is_no_command(text: str) -> None:
    block = f"name: |\n  {text}\n"
    before, after = f"{block}value: 1\n".encode(), f"{block}value: '{text}'\n".encode()
    change = FileChange(shown="c.yaml", path=Path("c.yaml"), before=before, after=after)
    shown = "".join(file_diff([change]))
    assert "-value: 1\n+value: '" in shown
    for line in shown.splitlines():
        assert text not in line or text.startswith("::")
        assert not line.lstrip(" ").startswith("::")


def test_the_ends_of_lines_are_no_difference_to_a_reader() -> None:
    change = FileChange(shown="c", path=Path("c"), before=b"a: 1\r\n", after=b"a: 2\r\n")
    assert list(file_diff([change]))[-2:] == ["-a: 1\n", "+a: 2\n"]
