"""What a file was before, also under the names that it had."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from kaiten_sync.git.show import file_at, versions

BODY = "".join(f"what stays {number}\n" for number in range(9))


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "config", "user.email", "a@example.com")
    git(tmp_path, "config", "user.name", "A")
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder: Path, name: str, text: str, *, instead_of: str = "") -> None:
    if instead_of:
        git(folder, "mv", instead_of, name)
    (folder / name).write_text(text, encoding="utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", name)


def contents(path: Path, *, renamed: bool) -> list[str]:
    specs = versions(path, renamed=renamed)
    return [file_at(each, path.parent).decode().splitlines()[0] for each in specs]


def test_a_renamed_file_has_the_contents_of_its_names_before(repo: Path) -> None:
    commit(repo, "a.plan.json", f"one\n{BODY}")
    commit(repo, "a.plan.json", f"two\n{BODY}")
    commit(repo, "b.plan.json", f"three\n{BODY}", instead_of="a.plan.json")
    commit(repo, "b.plan.json", f"four\n{BODY}")
    path = repo / "b.plan.json"
    assert contents(path, renamed=True) == ["four", "three", "two", "one"]
    assert contents(path, renamed=False) == ["four", "three"]


def test_a_renamed_plan_may_have_little_in_common_with_the_one_before(repo: Path) -> None:
    """The first plan creates everything, and the next one changes one field."""
    first = "".join(f"create number {number} of many\n" for number in range(300))
    commit(repo, "a.plan.json", f"one\n{first}{BODY}")
    commit(repo, "b.plan.json", f"two\n{BODY}", instead_of="a.plan.json")
    assert contents(repo / "b.plan.json", renamed=True) == ["two", "one"]


def test_another_file_that_was_there_before_under_the_name_is_not_taken(repo: Path) -> None:
    commit(repo, "a.plan.json", f"old\n{BODY}")
    commit(repo, "b.plan.json", f"one\n{BODY}", instead_of="a.plan.json")
    commit(repo, "a.plan.json", f"two\n{BODY}", instead_of="b.plan.json")
    assert contents(repo / "a.plan.json", renamed=True) == ["two", "one", "old"]


def test_a_file_that_git_does_not_know_has_none(repo: Path, tmp_path: Path) -> None:
    (repo / "new.plan.json").write_text("x", encoding="utf-8")
    assert versions(repo / "new.plan.json", renamed=True) == ()
