"""Whether holders are named if nobody says so: not where everybody can read it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kaiten_sync.cli.impact_options import names_are_shown


@pytest.mark.parametrize(
    ("ci", "is_shown"),
    [
        ({}, True),
        ({"GITHUB_EVENT_PATH": "private.json"}, True),
        ({"GITHUB_EVENT_PATH": "public.json"}, False),
        ({"GITHUB_EVENT_PATH": "nowhere.json"}, False),
        ({"GITHUB_EVENT_PATH": "odd.json"}, False),
        ({"CI_PROJECT_VISIBILITY": "private"}, True),
        ({"CI_PROJECT_VISIBILITY": "internal"}, False),
        ({"CI_PROJECT_VISIBILITY": "public"}, False),
    ],
)
def test_names_are_for_those_who_may_read_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ci: dict[str, str], is_shown: bool
) -> None:
    for name in ("private", "public"):
        event = {"repository": {"private": name == "private"}}
        (tmp_path / f"{name}.json").write_text(json.dumps(event))
    (tmp_path / "odd.json").write_text('{"repository": {"private": "false"}}')
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_EVENT_PATH", "CI_PROJECT_VISIBILITY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ci.items():
        monkeypatch.setenv(name, value)
    assert names_are_shown(asked=None) == is_shown
    assert names_are_shown(asked=True)
    assert not names_are_shown(asked=False)
