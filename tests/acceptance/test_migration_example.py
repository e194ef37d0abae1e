"""The example of a migration: the committed plan is what its server gives, and applies as shown."""

from __future__ import annotations

from tests.acceptance.conftest import Workplace
from tests.acceptance.migration_example import FOLDER, MigrationExample


def test_the_committed_migration_is_right_and_applies(place: Workplace) -> None:
    example = MigrationExample.copied(place.folder / "case", place.url, place.token)
    example.seed()
    content, printed = example.plan()
    assert content == (FOLDER / "growth.migration.json").read_bytes(), "run `make examples`"
    assert _steady(printed) == _steady((FOLDER / "growth.migrate.txt").read_text())
    assert example.apply() == (FOLDER / "growth.apply.txt").read_text()
    again = example.run("show", str(FOLDER.resolve() / "growth.migration.json"))
    assert again.code == 0, again.stderr


def _steady(printed: str) -> str:
    """Without the guess of when somebody reaches a limit, which depends on today."""
    return "".join(line.partition(", reaches it by")[0] + "\n" for line in printed.splitlines())
