"""GitHub's workflow commands: lines of a log that its runner obeys. Stage 7."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kaiten_sync.report.safe_text import safe_text


def workflow_command(name: str, properties: Mapping[str, str], lines: Sequence[str]) -> str:
    """`::name key=value,...::text`, in which no text from outside ends a value or starts a command.

    Source: GitHub docs, "Workflow commands for GitHub Actions"; the escapes are those of
    actions/toolkit (`packages/core/src/command.ts`).
    """
    # A colon or a comma would end a property; in the text after the second `::` both are text.
    listed = ",".join(
        f"{key}={_data(value).replace(':', '%3A').replace(',', '%2C')}"
        for key, value in properties.items()
    )
    return f"::{name} {listed}::{'%0A'.join(_data(line) for line in lines)}"


def _data(text: str) -> str:
    # `safe_text` leaves no line feed, which alone would end the command.
    return safe_text(text).replace("%", "%25")
