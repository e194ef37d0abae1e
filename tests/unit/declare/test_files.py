"""Which files paths, folders and globs mean."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.declare.conftest import Write

from kaiten_sync.declare import read_documents
from kaiten_sync.model.source import NamedPath, SourceRef
from kaiten_sync.pipeline import CatalogSource, validate

V = "version: 1\n"


def shown(root: Path, *paths: str) -> list[str]:
    documents, findings = read_documents(paths, root=root)
    assert findings == ()
    return [document.path for document in documents]


def rules(root: Path, *paths: str) -> list[tuple[str, str]]:
    documents, findings = read_documents(paths, root=root)
    assert all(
        not d.is_complete for d in documents if d.path in {f.ref.file for f in findings if f.ref}
    )
    return [(finding.rule, finding.ref.file) for finding in findings if finding.ref]


@pytest.fixture
def tree(write: Write, tmp_path: Path) -> Path:
    for name in ("c/b.yaml", "c/a.yml", "c/sub/z.yaml", "c/.hidden.yaml", "c/.git/x.yaml"):
        write(name, V)
    write("c/README.md", "# no")
    return tmp_path


def test_a_folder_means_its_yaml_files_sorted_and_without_hidden_ones(tree: Path) -> None:
    assert shown(tree, "c/") == ["c/a.yml", "c/b.yaml", "c/sub/z.yaml"]
    assert shown(tree, "./c") == ["c/a.yml", "c/b.yaml", "c/sub/z.yaml"]


def test_globs_match_files_and_folders(tree: Path) -> None:
    assert shown(tree, "c/*") == ["c/a.yml", "c/b.yaml", "c/sub/z.yaml"]
    assert shown(tree, "c/**/*.yaml") == ["c/b.yaml", "c/sub/z.yaml"]
    assert shown(tree, "c/[ab].*") == ["c/a.yml", "c/b.yaml"]


def test_a_path_is_shown_as_the_user_wrote_it(tree: Path) -> None:
    assert shown(tree / "c" / "sub", "../a.yml") == ["../a.yml"]
    assert shown(tree, str(tree / "c" / "a.yml")) == [(tree / "c" / "a.yml").as_posix()]


def test_a_file_that_two_paths_lead_to_is_read_once(tree: Path) -> None:
    assert shown(tree, "c/b.yaml", "c/", "c/*.yaml") == ["c/b.yaml", "c/a.yml", "c/sub/z.yaml"]


@pytest.mark.parametrize(
    ("given", "is_meant"),
    [
        ("c/", True),
        (".", True),
        ("c/*", True),
        ("c/s*", True),
        ("c/*/*.yaml", True),
        ("**/*.yaml", True),
        ("c/shared/../b.yaml", False),
        ("c/*.yaml", False),
        ("c/sub/", False),
        ("c/sub/**/*.yaml", False),
        ("c/b.yaml", False),
    ],
)
def test_a_submodule_that_is_not_checked_out_is_not_an_empty_folder(
    write: Write, tmp_path: Path, given: str, is_meant: bool
) -> None:
    for name in ("c/b.yaml", "c/sub/z.yaml", "c/there/y.yaml", ".git/config"):
        write(name, V)
    folders = ("c/shared", "c/there", "c/.hidden", "elsewhere")
    for each in folders:
        (tmp_path / each).mkdir(parents=True, exist_ok=True)
    listed = (*folders, "c/removed-by-git-rm")
    write(".gitmodules", "".join(f"[submodule]\n\tpath = {each}\n" for each in listed))
    expected = {("not-checked-out", "c/shared")} if is_meant else set()
    if given in (".", "**/*.yaml"):
        expected.add(("not-checked-out", "elsewhere"))
    assert set(rules(tmp_path, given)) == expected
    for each in folders:
        write(f"{each}/.git", "gitdir: ../.git/modules/any")
    assert rules(tmp_path, given) == []


def test_an_explicit_file_needs_no_suffix(write: Write, tmp_path: Path) -> None:
    write("catalog.txt", V)
    assert shown(tmp_path, "catalog.txt") == ["catalog.txt"]


def test_what_is_not_there_is_said(tree: Path) -> None:
    (tree / "empty").mkdir()
    assert rules(tree, "nothing.yaml") == [("no-such-file", "nothing.yaml")]
    assert rules(tree, "c/*.json") == [("no-such-file", "c/*.json")]
    assert rules(tree, "empty/") == [("no-such-file", "empty")]
    assert rules(tree, "a\0b") == [("no-such-file", "a\0b")]
    assert rules(tree, "x" * 5000)[0][0] == "unreadable-file"


def test_the_suffix_counts_in_any_case(write: Write, tmp_path: Path) -> None:
    for name in ("c/a.YML", "c/b.Yaml", "c/c.yML"):
        write(name, V)
    assert shown(tmp_path, "c") == ["c/a.YML", "c/b.Yaml", "c/c.yML"]
    assert shown(tmp_path, "c/*") == ["c/a.YML", "c/b.Yaml", "c/c.yML"]


LEFT_OUT = {
    "growth.yaml.disabled": "licenses:\n  growth: {name: Growth, type: PAID}\n",
    "growth.ymal": "version: 1\nentitlements: {}\n",
    "growth.yml~": "groups: {}\n",
    ".growth.yaml": "licenses : {}\n",
    "growth.json": '{"version": 1,\n "licenses": {}}',
    "line.json": '{"version":1,"licenses":{}}',
    "line.yaml.off": "{version: 1, groups: {}}",
    "catalog": '"entitlements": {}\n',
    "bundles.yaml.off": "bundles:\n  basics: {}\n",
    ".old/growth.yaml": "licenses: {}\n",
    ".old/2025/growth.YML": "licenses: {}\n",
    ".old/growth.yaml.disabled": "licenses: {}\n",
    "2025/.old/growth.yaml": "licenses: {}\n",
    "2025/.old/.growth.yaml": "groups: {}\n",
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_a_file_that_looks_like_a_catalog_is_not_left_out_silently(
    write: Write, tmp_path: Path, name: str
) -> None:
    write("c/a.yaml", V)
    write(f"c/{name}", LEFT_OUT[name])
    for given in ("c", "c/*", "c/**", "**/*", "."):
        documents, findings = read_documents([given], root=tmp_path)
        found = [(f.rule, f.severity.value, f.ref.file) for f in findings if f.ref]
        assert found == [("file-left-out", "warning", f"c/{name}")]
        assert [document.path for document in documents] == ["c/a.yaml"]
        assert all(document.is_complete for document in documents)


def test_files_that_are_no_catalogs_are_left_out_silently(write: Write, tmp_path: Path) -> None:
    write("c/a.yaml", V)
    write("c/README.md", "```yaml\nlicenses:\n```\n")
    write("c/notes.txt", "our licenses: see below\n")
    write("c/plan.json", '{"licenses of": 1}')
    os.mkfifo(tmp_path / "c" / "pipe")
    assert shown(tmp_path, "c") == ["c/a.yaml"]


def test_a_pattern_names_only_what_it_would_match(write: Write, tmp_path: Path) -> None:
    write("c/a.yaml", V)
    write("c/.hidden.yaml", "licenses: {}\n")
    write("c/.old/growth.yaml", "licenses: {}\n")
    assert rules(tmp_path, "c/*.yaml") == [("file-left-out", "c/.hidden.yaml")]
    assert rules(tmp_path, "c/**/*.yaml") == [
        ("file-left-out", "c/.hidden.yaml"),
        ("file-left-out", "c/.old/growth.yaml"),
    ]
    assert rules(tmp_path, "c/a*") == []


def test_a_pattern_that_names_one_ending_does_not_leave_the_other_out_silently(
    write: Write, tmp_path: Path
) -> None:
    write("c/a.yaml", V)
    write("c/b.YML", V + "licenses: {}\n")
    write("c/notes.yml", "on: push\n")
    write("c/d/e.yml", V + "licenses: {}\n")
    assert rules(tmp_path, "c/*.yaml") == [("file-left-out", "c/b.YML")]
    assert rules(tmp_path, "c/**/*.yaml") == [
        ("file-left-out", "c/b.YML"),
        ("file-left-out", "c/d/e.yml"),
    ]
    assert rules(tmp_path, "c/*.yaml", "c/b.YML") == []
    assert rules(tmp_path, "c/*.yaml", "c/[ab]*.yml") == []
    assert rules(tmp_path, "c/a*") == []


@pytest.mark.parametrize(
    ("given", "is_found"),
    [
        ("c", True),
        ("c/*", True),
        ("c/**", True),
        ("c/**/*.yaml", True),
        ("c/*/*.yaml", True),
        ("c/cr[m]/*.yaml", True),
        ("*/crm/*.yaml", False),
        ("**/*.yaml", False),
        (".", False),
        ("c/*.yaml", False),
        ("c/other/", False),
    ],
)
def test_a_link_to_a_folder_that_is_lost_is_not_left_out_silently(
    write: Write, tmp_path: Path, given: str, is_found: bool
) -> None:
    write("c/a.yaml", V)
    write("c/other/b.yaml", V)
    write("common/crm/c.yaml", V)
    link = tmp_path / "c" / "crm"
    for rule in ("no-such-file", "not-checked-out"):
        if rule == "no-such-file":
            link.symlink_to("../common/gone")
        else:
            link.unlink()
            link.write_text("../common/crm", encoding="utf-8")
        documents, findings = read_documents([given], root=tmp_path)
        found = [(f.rule, f.severity.value, f.ref.file) for f in findings if f.ref]
        lost = [(rule, "error", "c/crm")] if is_found else []
        # The root of a repository has links of other tools, too.
        assert found == lost
        assert all(each.is_complete for each in documents) is not is_found


@pytest.mark.parametrize(
    "given", ["c", "c/", "c/*", "c/**", "c/**/*.yaml", "c/*/*.yaml", "c/*/a.yaml"]
)
def test_a_folder_that_cannot_be_read_is_not_left_out_silently(
    write: Write, tmp_path: Path, given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("c/a/a.yaml", V)
    write("c/closed/b.yaml", V)

    def refusing(call: Callable[..., Any], place: str) -> Callable[..., Any]:
        def called(path: Any, **more: Any) -> Any:
            if str(path).startswith(f"{tmp_path}/c/{place}"):
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return call(path, **more)

        return called

    monkeypatch.setattr(os, "listdir", refusing(os.listdir, "closed"))
    monkeypatch.setattr(os, "scandir", refusing(os.scandir, "closed"))
    monkeypatch.setattr(os, "lstat", refusing(os.lstat, "closed/"))
    _, (finding,) = read_documents([given], root=tmp_path)
    assert finding.rule == "unreadable-file"
    assert finding.message in (
        "c/closed cannot be read: Permission denied",
        "c/closed/a.yaml cannot be read: Permission denied",
    )


def test_other_files_do_not_look_like_lost_links(write: Write, tmp_path: Path) -> None:
    write("c/a.yaml", V)
    (tmp_path / "c" / "d").mkdir()
    write("c/OWNERS", "d\n")
    write("c/none", "nowhere")
    write("c/lines", "d\nd")
    write("c/empty", "")
    (tmp_path / "c" / "README.md").symlink_to("gone")
    (tmp_path / "c" / ".#a.yaml").symlink_to("ada@machine.4711")
    (tmp_path / "c" / "bytes").write_bytes(b"\0\xff")
    for given in ("c", "c/*", "c/**/*.yaml"):
        assert rules(tmp_path, given) == []


def test_hidden_folders_of_others_are_left_out_silently(write: Write, tmp_path: Path) -> None:
    write("c/a.yaml", V)
    write("c/.git/growth.yaml", "licenses: {}\n")
    write("c/.github/workflows/ci.yaml", "on: push\njobs: {}\n")
    write("outside/growth.yaml", "licenses: {}\n")
    (tmp_path / "c" / ".old").mkdir()
    (tmp_path / "c" / ".old" / "linked").symlink_to(tmp_path / "outside")
    (tmp_path / "c" / ".old" / "again").symlink_to(tmp_path / "c")
    for given in ("c", "c/*", "c/**"):
        assert rules(tmp_path, given) == []


def test_a_file_that_another_path_names_is_not_left_out(write: Write, tmp_path: Path) -> None:
    write("c/a.yaml", V)
    write("c/.b.yaml", V)
    assert shown(tmp_path, "c", "c/.b.yaml") == ["c/a.yaml", "c/.b.yaml"]


def test_a_folder_with_nothing_but_what_is_left_out_is_an_error(
    write: Write, tmp_path: Path
) -> None:
    write("c/.old/a.yaml", "licenses: {}\n")
    for given in ("c", "c/*", "c/**/*.yaml"):
        assert rules(tmp_path, given) == [
            ("no-such-file", given),
            ("file-left-out", "c/.old/a.yaml"),
        ]


def test_an_empty_folder_is_not_advised_against_itself(write: Write, tmp_path: Path) -> None:
    write("c/README.md", "# no")
    _, (finding,) = read_documents(["c/"], root=tmp_path)
    assert (finding.rule, finding.hint) == ("no-such-file", "check the path")
    _, (finding,) = read_documents(["c/"], root=tmp_path, made_by="X makes it")
    assert finding.hint == "check the path; X makes it"


def test_a_hidden_folder_that_is_named_is_read(write: Write, tmp_path: Path) -> None:
    write("c/.old/growth.yaml", V)
    for given in ("c/.old", "c/.old/*.yaml"):
        assert shown(tmp_path, given) == ["c/.old/growth.yaml"]


def test_links_may_not_lead_out_of_the_folder(tree: Path, write: Write) -> None:
    write("outside/secret.yaml", V)
    (tree / "c" / "link.yaml").symlink_to(tree / "outside" / "secret.yaml")
    (tree / "c" / "linked").symlink_to(tree / "outside")
    (tree / "c" / "dangling.yaml").symlink_to(tree / "c" / "gone.yaml")
    assert rules(tree, "c") == [
        ("no-such-file", "c/dangling.yaml"),
        ("outside-folder", "c/link.yaml"),
        ("outside-folder", "c/linked"),
    ]
    assert ("outside-folder", "c/link.yaml") in rules(tree, "c/*.yaml")


def test_a_repository_shows_no_file_beside_it(write: Write, tmp_path: Path) -> None:
    """Whoever checks a repository of others would print what is in their own files."""
    write("password.yaml", "root: x\n")
    write("repository/.git/config", "")
    write("repository/catalog.yaml", V)
    root = tmp_path / "repository"
    (root / "link.yaml").symlink_to(tmp_path / "password.yaml")
    (root / "linked").symlink_to(tmp_path)
    outside = [("outside-folder", None)]
    for path in ("link.yaml", "linked", "linked/*.yaml", "linked/password.yaml"):
        assert [(rule, None) for rule, _ in rules(root, path)] == outside, path
    named = NamedPath("../password.yaml", SourceRef("kaiten-sync.yaml", 1, 1), None)
    for given in (named, named.below(root)):
        assert rules(root, given) == [("outside-folder", "kaiten-sync.yaml")]
    write("beside.yaml", V)
    assert shown(root, "../beside.yaml", "catalog.yaml") == ["../beside.yaml", "catalog.yaml"]


def test_links_inside_of_the_folder_are_followed_once(tree: Path) -> None:
    (tree / "c" / "again.yaml").symlink_to(tree / "c" / "b.yaml")
    (tree / "c" / "loop").symlink_to(tree / "c")
    assert shown(tree, "c") == ["c/a.yml", "c/again.yaml", "c/sub/z.yaml"]


def test_pipes_and_devices_do_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    assert rules(tmp_path, ".") == [("not-a-file", "pipe.yaml")]
    assert rules(tmp_path, "/dev/zero") == [("not-a-file", "/dev/zero")]


def test_a_folder_named_like_a_file_is_a_folder(write: Write, tmp_path: Path) -> None:
    write("c.yaml/a.yaml", V)
    assert shown(tmp_path, "c.yaml") == ["c.yaml/a.yaml"]
    assert shown(tmp_path, "*.yaml") == ["c.yaml/a.yaml"]


def test_a_very_deep_tree_is_walked(tmp_path: Path) -> None:
    here = tmp_path
    for _ in range(60):
        here = here / "d"
    here.mkdir(parents=True)
    (here / "a.yaml").write_text(V)
    assert len(shown(tmp_path, ".")) == 1


def test_a_glob_finds_files_whose_ending_is_in_other_case(write: Write, tmp_path: Path) -> None:
    for name in ("c/a.yaml", "c/b.YAML", "c/d.Yml"):
        write(name, "version: 1\n")
    assert shown(tmp_path, "c/*.yaml") == ["c/a.yaml", "c/b.YAML"]


def test_a_missing_folder_names_the_command_that_writes_it(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(V, encoding="utf-8")
    line = NamedPath("over/", SourceRef("kaiten-sync.yaml", 5, 1), None)
    for overlay in (line, line.below(tmp_path)):
        source = CatalogSource(root=tmp_path, catalog=("c.yaml",), overlays=(overlay,))
        _, (finding,) = validate(source)
        assert finding.message.endswith("the folder does not exist")
        assert "`kaiten-sync export --overlay-of TARGET` writes" in (finding.hint or "")
    _, (finding,) = validate(CatalogSource(root=tmp_path, catalog=("cat/",)))
    assert "`kaiten-sync export -o DIR` writes" in (finding.hint or "")
