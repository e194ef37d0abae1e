"""What a file was before, also under the names that it had."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from kaiten_sync.errors import UsageError
from kaiten_sync.git import show
from kaiten_sync.git.refusal import refusal
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


@pytest.mark.parametrize("follow", ["false", "true"])
def test_a_renamed_file_has_the_contents_of_its_names_before(repo: Path, follow: str) -> None:
    git(repo, "config", "log.follow", follow)
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


# A repository that is not to be trusted


def test_files_that_look_like_a_repository_have_no_history(
    repo: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whoever can commit files could otherwise say what was committed before."""
    (repo / "plans").mkdir()
    commit(repo, "plans/a.plan.json", "committed")
    forged = tmp_path_factory.mktemp("forged")
    git(forged, "clone", "--bare", str(repo), "bare.git")
    git(forged, "clone", "bare.git", "work")
    git(forged / "work", "config", "user.email", "a@example.com")
    git(forged / "work", "config", "user.name", "A")
    commit(forged / "work", "a.plan.json", "forged")
    git(forged / "work", "push", "-q", "origin", "main")
    shutil.copytree(forged / "bare.git", repo / "plans", dirs_exist_ok=True)
    assert versions(repo / "plans" / "a.plan.json") == ()


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("log.diffMerges", "off"),
        ("log.diffMerges", "combined"),
        ("log.showRoot", "false"),
        ("log.date", "nonsense"),
        ("diff.renames", "false"),
    ],
)
def test_no_setting_changes_what_was_committed(repo: Path, setting: str, value: str) -> None:
    commit(repo, "a.plan.json", "one")
    git(repo, "checkout", "-q", "-b", "side")
    commit(repo, "a.plan.json", "aside")
    git(repo, "checkout", "-q", "main")
    git(repo, "merge", "-q", "--no-ff", "side")
    git(repo, "config", setting, value)
    assert contents(repo / "a.plan.json", renamed=False) == ["aside", "one"]
    assert contents(repo / "a.plan.json", renamed=True) == ["aside", "one"]


@pytest.mark.parametrize("setting", ["log.abbrevCommit", "color.diff.meta"])
def test_a_setting_that_git_does_not_understand_is_the_reason(repo: Path, setting: str) -> None:
    commit(repo, "a.plan.json", "one")
    git(repo, "config", setting, "nonsense")
    assert versions(repo / "a.plan.json") == ()
    assert setting.lower() in (refusal(repo) or "").lower()


def test_history_is_not_cut_by_grafts(repo: Path) -> None:
    commit(repo, "a.plan.json", "one")
    commit(repo, "a.plan.json", "two")
    newest = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=repo, check=True, capture_output=True
    ).stdout
    (repo / ".git" / "info" / "grafts").write_bytes(newest)
    assert contents(repo / "a.plan.json", renamed=False) == ["two", "one"]


def test_a_file_that_is_large_when_unpacked_is_not_read(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(repo, "a.plan.json", "x" * 100)
    monkeypatch.setattr(show, "LARGEST_BYTES", 99)
    with pytest.raises(UsageError, match="larger than 99 bytes"):
        file_at("main:a.plan.json", repo)
