"""Whether holders are named if nobody says so: not where everybody can read it."""

from __future__ import annotations

import json
import os
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
        ({"GITHUB_EVENT_PATH": "twice.json"}, False),
        ({"GITHUB_EVENT_PATH": "deep.json"}, False),
        ({"GITHUB_EVENT_PATH": "large.json"}, False),
        ({"GITHUB_EVENT_PATH": "pipe"}, False),
        ({"GITHUB_EVENT_PATH": "/dev/zero"}, False),
        ({"GITHUB_EVENT_PATH": "x" * 300}, False),
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
    (tmp_path / "twice.json").write_text('{"repository": {"private": false, "private": true}}')
    (tmp_path / "deep.json").write_text("[" * 100_000)
    with (tmp_path / "large.json").open("wb") as large:
        large.truncate(2**40)
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_EVENT_PATH", "CI_PROJECT_VISIBILITY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ci.items():
        monkeypatch.setenv(name, value)
    assert names_are_shown(asked=None) == is_shown
    assert names_are_shown(asked=True)
    assert not names_are_shown(asked=False)
