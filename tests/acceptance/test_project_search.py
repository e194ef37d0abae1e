"""Which project file is used when none is named: the caller's own, in the same repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.support.command import kaiten_sync
from tests.support.scripted import Reply, scripted

from kaiten_sync.errors import UsageError
from kaiten_sync.jobs.workspace import foreign_owner, open_project
from kaiten_sync.model.ports import NoNotices

SOMEBODY = 54_321
PROJECT = (
    "version: 1\ncatalog: [catalog/]\ntargets: {local: {url: %s, token: {env: OTHER_SECRET}}}\n"
)
CATALOG = "version: 1\ngroups: {quotas: {name: Quotas}}\n"

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="giving files away takes root")


def project_in(folder: Path, url: str = "http://127.0.0.1:9") -> Path:
    (folder / "catalog").mkdir(parents=True)
    (folder / "catalog/c.yaml").write_text(CATALOG)
    path = folder / "kaiten-sync.yaml"
    path.write_text(PROJECT % url)
    return path


def given_away(path: Path, what: str) -> None:
    """Give the project file, its folder, or a link in the file's place to another user."""
    if what == "link":
        path.rename(path.with_name("real.yaml"))
        path.symlink_to("real.yaml")
    os.lchown(path.parent if what == "folder" else path, SOMEBODY, SOMEBODY)


@needs_root
@pytest.mark.parametrize("what", ["file", "folder", "link"])
@pytest.mark.parametrize("command", ["plan", "drift", "validate", "export -o out", "adopt"])
def test_another_users_project_file_is_not_used(tmp_path: Path, what: str, command: str) -> None:
    with scripted(lambda _: Reply(body={"items": [], "hasMore": False})) as server:
        path = project_in(tmp_path / "shared", server.url)
        (tmp_path / "shared/mine").mkdir()
        given_away(path, what)
        words = command.split()
        environment = {"OTHER_SECRET": "ksh_other"}
        folder = tmp_path / "shared/mine"
        refused = kaiten_sync(*words, cwd=folder, environment=environment)
        assert (refused.code, server.requests) == (3, [])
        assert f"the project file {path} is not used" in refused.stderr
        assert f"belongs to another user (uid {SOMEBODY})" in refused.stderr
        assert f"--project {path}" in refused.stderr
        named = kaiten_sync(*words, "--project", str(path), cwd=folder, environment=environment)
        assert "is not used" not in named.stderr
        assert server.requests or command == "validate"


@needs_root
def test_under_sudo_the_callers_file_is_used(tmp_path: Path) -> None:
    path = project_in(tmp_path)
    os.chown(path, SOMEBODY, SOMEBODY)
    os.chown(tmp_path, SOMEBODY, SOMEBODY)
    assert foreign_owner(path, {}) is not None
    assert foreign_owner(path, {"SUDO_UID": str(SOMEBODY)}) is None
    for wrong in (str(SOMEBODY + 1), "", "x", "-1", "9" * 40):
        assert foreign_owner(path, {"SUDO_UID": wrong}) is not None


@needs_root
@pytest.mark.parametrize(
    ("file_mode", "folder_mode", "is_foreign"),
    [
        (0o644, 0o755, False),
        (0o666, 0o755, True),
        (0o644, 0o777, True),
        (0o644, 0o1777, False),
    ],
)
def test_roots_file_is_used_if_only_root_can_write_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    file_mode: int,
    folder_mode: int,
    is_foreign: bool,
) -> None:
    path = project_in(tmp_path)
    path.chmod(file_mode)
    tmp_path.chmod(folder_mode)
    monkeypatch.setattr(os, "geteuid", lambda: SOMEBODY)
    assert (foreign_owner(path, {}) is not None) is is_foreign
    # sudo's variable counts for root only: anybody can set it.
    assert (foreign_owner(path, {"SUDO_UID": "0"}) is not None) is is_foreign


@pytest.mark.parametrize("marker", ["folder", "file"])
def test_the_search_ends_at_the_root_of_the_repository(tmp_path: Path, marker: str) -> None:
    project_in(tmp_path)
    root = tmp_path / "repository"
    inside = root / "a" / "b"
    inside.mkdir(parents=True)
    if marker == "folder":
        (root / ".git").mkdir()
    else:  # a worktree or a submodule
        (root / ".git").write_text("gitdir: elsewhere\n")
    assert open_project(None, inside, {}, NoNotices()) is None
    found = project_in(root)
    project = open_project(None, inside, {}, NoNotices())
    assert project is not None
    assert project.root == str(found.parent)


def test_a_project_file_that_was_found_is_named_once(tmp_path: Path) -> None:
    path = project_in(tmp_path)
    inside = tmp_path / "a"
    inside.mkdir()
    found = kaiten_sync("validate", cwd=inside)
    assert found.stderr == f"project file: {path}\n"
    here = kaiten_sync("validate", "--format", "json", cwd=tmp_path)
    assert here.stderr == "project file: kaiten-sync.yaml\n"
    named = kaiten_sync("validate", "--project", "../kaiten-sync.yaml", cwd=inside)
    assert (named.code, named.stderr) == (0, "")


@pytest.mark.parametrize("kind", ["dangling link", "folder", "pipe"])
def test_a_name_that_leads_to_no_file_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "kaiten-sync.yaml"
    match kind:
        case "dangling link":
            path.symlink_to("nowhere")
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
    for words in ((), ("--project", "kaiten-sync.yaml")):
        ended = kaiten_sync("validate", *words, cwd=tmp_path)
        assert ended.code == 3
        assert "kaiten-sync.yaml" in ended.stdout + ended.stderr


def test_a_project_file_that_is_named_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"the project file nowhere\.yaml does not exist"):
        open_project("nowhere.yaml", tmp_path, {}, NoNotices())


def test_the_folder_of_a_project_is_not_its_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder, not a project file") as refused:
        open_project(str(tmp_path), tmp_path, {}, NoNotices())
    assert str(tmp_path / "kaiten-sync.yaml") in str(refused.value.hint)


@pytest.mark.parametrize("command", ["validate", "plan", "doctor", "drift --all"])
def test_a_project_file_by_another_name_is_told(tmp_path: Path, command: str) -> None:
    (tmp_path / "kaiten-sync.yml").write_text("version: 1\n", encoding="utf-8")
    ended = kaiten_sync(*command.split(), cwd=tmp_path)
    assert ended.code == 3
    says = "kaiten-sync.yml is not read: a project file is called kaiten-sync.yaml"
    assert ended.stderr.count(says) == 1
    (tmp_path / "kaiten-sync.yaml").write_text("version: 1\n", encoding="utf-8")
    assert says not in kaiten_sync(*command.split(), cwd=tmp_path).stderr


def test_a_project_file_that_leads_out_of_its_repository_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hidden: x\n")
    (tmp_path / "theirs/.git").mkdir(parents=True)
    (tmp_path / "theirs/kaiten-sync.yaml").symlink_to(tmp_path / "password")
    refused = kaiten_sync("plan", cwd=tmp_path / "theirs")
    assert refused.code == 3
    assert "is not used: it is a link that leads out of its repository" in refused.stderr
    assert "hidden" not in refused.stdout + refused.stderr
