"""Who wrote a line: after renames, moved blocks and squashed merges, and where git cannot say."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from kaiten_sync.errors import UsageError
from kaiten_sync.git import run
from kaiten_sync.git.blame import blame_lines
from kaiten_sync.git.merges import unmerged_sides
from kaiten_sync.git.refusal import refusal
from kaiten_sync.git.show import file_at, versions
from kaiten_sync.model.attribution import Attribution

BLOCK = """\
  growth:
    name: Growth
    type: PAID
    description: For teams that have outgrown the free plan
    entitlements: {api-calls: 1000, seats: 25}
"""
DATES = {"Ada": "2026-01-05T10:00:00+01:00", "Ben": "2026-02-05T10:00:00-05:00"}


class Repository:
    """A repository in which people commit."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "--initial-branch", "main", who="Ada")

    def git(self, *args: str, who: str) -> str:
        said = {
            **os.environ,
            "GIT_CONFIG_GLOBAL": os.devnull,
            **{f"GIT_{role}_NAME": who for role in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{role}_EMAIL": f"{who}@example.com" for role in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{role}_DATE": DATES[who] for role in ("AUTHOR", "COMMITTER")},
        }
        done = subprocess.run(
            ["git", *args], cwd=self.folder, env=said, check=True, capture_output=True, text=True
        )
        return done.stdout

    def commit(self, who: str, **files: str) -> str:
        for name, text in files.items():
            (self.folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        self.git("add", "--all", who=who)
        self.git("commit", "--message", f"By {who}", who=who)
        return self.git("rev-parse", "HEAD", who=who).strip()

    def who(self, name: str, line: int) -> Attribution | None:
        return blame_lines(self.folder / f"{name}.yaml", [line]).get(line)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_names_are_read_whatever_encoding_the_terminal_has(repository: Repository) -> None:
    repository.commit("Ada", a="licenses:\n" + BLOCK)
    repository.git("commit", "--amend", "--no-edit", "--author", "Zoë <z@example.com>", who="Ada")
    repository.git("config", "i18n.logOutputEncoding", "ISO-8859-1", who="Ada")
    found = repository.who("a", 2)
    assert found is not None
    assert found.author == "Zoë"


def test_each_line_has_its_author(repository: Repository) -> None:
    first = repository.commit("Ada", a="licenses:\n" + BLOCK)
    second = repository.commit("Ben", a="licenses:\n" + BLOCK.replace("1000", "2000"))
    assert repository.who("a", 2) == Attribution(commit=first, author="Ada", date=DATES["Ada"])
    assert repository.who("a", 6) == Attribution(commit=second, author="Ben", date=DATES["Ben"])


def test_it_follows_a_renamed_file(repository: Repository) -> None:
    repository.commit("Ada", a="licenses:\n" + BLOCK)
    repository.git("mv", "a.yaml", "b.yaml", who="Ben")
    repository.commit("Ben", b="version: 1\nlicenses:\n" + BLOCK)
    found = repository.who("b", 5)
    assert found is not None
    assert found.author == "Ada"


def test_it_follows_a_block_that_moved_to_another_file(repository: Repository) -> None:
    repository.commit("Ada", a="version: 1\nlicenses:\n" + BLOCK, b="version: 1\n")
    indented = BLOCK.replace("  ", "    ")
    repository.commit("Ben", a="version: 1\n", b="version: 1\nlicenses:\n" + indented)
    for line in (4, 5, 6, 7):
        found = repository.who("b", line)
        assert found is not None
        assert found.author == "Ada", line


def test_a_squashed_merge_is_its_author(repository: Repository) -> None:
    repository.commit("Ada", a="licenses:\n" + BLOCK)
    repository.git("checkout", "-b", "topic", who="Ben")
    repository.commit("Ben", a="licenses:\n" + BLOCK.replace("1000", "1500"))
    repository.commit("Ben", a="licenses:\n" + BLOCK.replace("1000", "2000"))
    repository.git("checkout", "main", who="Ada")
    repository.git("merge", "--squash", "topic", who="Ada")
    merged = repository.commit("Ada")
    found = repository.who("a", 6)
    assert found is not None
    assert found.commit == merged


@pytest.mark.parametrize("line_break", ["\r", "\v", "\f", "\x1c", "\x85", "\u2028"])
@pytest.mark.parametrize("said", ["{0} 1", "{0} 2 2{1}author Eve{1}\tx"])
def test_what_looks_like_a_line_of_git_is_none(
    repository: Repository, line_break: str, said: str
) -> None:
    """Only a line feed ends a line of git's; for Python, so do these. Source: git-blame(1)."""
    odd = f"so{line_break}{said.format('a' * 40, line_break)}"
    repository.commit("Ada", a=f"licenses:\n{BLOCK}# {odd}\n# end\n")
    repository.git("commit", "--amend", "-m", odd, who="Ada")
    first = repository.git("rev-parse", "HEAD", who="Ada").strip()
    found = blame_lines(repository.folder / "a.yaml", range(1, 9))
    assert set(found) == set(range(1, 9))
    assert {(each.commit, each.author) for each in found.values()} == {(first, "Ada")}


def test_a_line_that_is_not_committed_has_nobody(repository: Repository) -> None:
    repository.commit("Ada", a="licenses:\n" + BLOCK)
    path = repository.folder / "a.yaml"
    path.write_text("licenses:\n" + BLOCK.replace("1000", "3000"), encoding="utf-8")
    assert repository.who("a", 6) == Attribution()


def test_without_git_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.yaml").write_text("x: 1\n", encoding="utf-8")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert blame_lines(tmp_path / "a.yaml", [1]) == {}
    assert blame_lines(tmp_path / "nothing.yaml", [1]) == {}
    monkeypatch.setenv("PATH", str(tmp_path))
    assert blame_lines(tmp_path / "a.yaml", [1]) == {}
    with pytest.raises(UsageError, match="no `git` program"):
        file_at("main:a.yaml", tmp_path)


def test_a_file_as_it_was(repository: Repository) -> None:
    first = repository.commit("Ada", a="x: 1\n")
    repository.commit("Ben", a="x: 2\n")
    assert file_at(f"{first}:a.yaml", repository.folder) == b"x: 1\n"
    assert file_at("main:./a.yaml", repository.folder) == b"x: 2\n"
    for spec in ("main:b.yaml", "nothing:a.yaml", "main:", "-main:a.yaml"):
        with pytest.raises(UsageError):
            file_at(spec, repository.folder)


# A repository that is not to be trusted


def program(folder: Path, name: str) -> tuple[Path, Path]:
    """A program that leaves its environment in a file when it runs, and that file."""
    path, trace = folder / name, folder / f"{name}.ran"
    path.write_text(f"#!/bin/sh\nenv > '{trace}'\ncat\n", encoding="utf-8")
    path.chmod(0o755)
    return path, trace


@pytest.mark.parametrize(
    "settings",
    [
        ("core.fsmonitor",),
        ("diff.odd.textconv",),
        ("filter.odd.clean",),
        ("filter.odd.smudge",),
        ("filter.odd.process",),
        ("filter.odd.clean", "filter.odd.required=true"),
        ("filter.A. b.clean",),
        ("core.sshCommand",),
        ("core.pager",),
        ("pager.blame",),
    ],
    ids=str,
)
def test_no_program_of_the_repository_runs(
    repository: Repository, tmp_path: Path, settings: tuple[str, ...]
) -> None:
    ran, trace = program(tmp_path, "odd-program")
    first = repository.commit("Ada", a="x: 1\n")
    repository.commit("Ben", a="x: 2\n")
    name = settings[0].split(".")[1] if settings[0].startswith(("filter", "diff")) else "odd"
    attributes = f"*.yaml filter={name} diff={name}\n"
    (repository.folder / ".gitattributes").write_text(attributes, encoding="utf-8")
    for setting in settings:
        key, _, value = setting.partition("=")
        repository.git("config", key, value or str(ran), who="Ada")
    (repository.folder / "a.yaml").write_text("x: 3\n", encoding="utf-8")  # its stat has changed
    assert repository.who("a", 1) == Attribution()
    assert file_at(":a.yaml", repository.folder) == b"x: 2\n"
    assert file_at(f"{first}:a.yaml", repository.folder) == b"x: 1\n"
    assert not trace.exists()


@pytest.mark.parametrize(
    "setting",
    [
        "blame.ignoreRevsFile",
        "core.attributesFile",
        "core.excludesFile",
        "diff.orderFile",
        "mailmap.file",
    ],
)
def test_no_device_is_read_to_an_end_that_it_has_not(repository: Repository, setting: str) -> None:
    first = repository.commit("Ada", a="x: 1\n")
    repository.git("config", setting, "/dev/zero", who="Ada")
    assert len(versions(repository.folder / "a.yaml")) == 1
    who = repository.who("a", 1)
    assert who is not None
    assert who.author == "Ada"
    assert file_at(f"{first}:a.yaml", repository.folder) == b"x: 1\n"


@pytest.mark.parametrize(
    "name",
    [
        *(".git/config", ".git/HEAD", ".git/shallow", ".git/objects/info/alternates"),
        ".gitattributes",
    ],
)
def test_a_pipe_is_not_waited_for_again_and_again(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    repository.commit("Ada", a="x: 1\n")
    pipe = repository.folder / name
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    waited: list[str] = []
    wait = subprocess.Popen.communicate

    def communicate(process: subprocess.Popen[bytes], timeout: float) -> tuple[bytes, bytes]:
        try:
            return wait(process, timeout=timeout)
        except subprocess.TimeoutExpired:
            waited.append(str(process.args))
            raise

    monkeypatch.setattr(run, "TIMEOUT_S", 2.0)
    monkeypatch.setattr(run, "_silent_until", {})
    monkeypatch.setattr(subprocess.Popen, "communicate", communicate)
    for _ in range(3):
        repository.who("a", 1)
        versions(repository.folder / "a.yaml")
        unmerged_sides(repository.folder / "a.yaml")
    assert 1 <= len(waited) <= 2  # a blame, and any other command


def test_a_blame_that_takes_long_hides_no_plan(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit("Ada", a="x: 1\n")
    monkeypatch.setattr(run, "_silent_until", {"blame": float("inf")})
    assert repository.who("a", 1) is None
    assert len(versions(repository.folder / "a.yaml")) == 1


BLAME_WITH_LITTLE_MEMORY = """\
import pathlib, resource
from kaiten_sync.git import blame, run
run.MEMORY_BYTES = 64 * 1024 * 1024
print(blame.blame_lines(pathlib.Path("a.yaml"), [1]))
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits another process")
@pytest.mark.parametrize("name", ["info/attributes", "objects/info/alternates"])
def test_git_does_not_fill_the_memory(repository: Repository, name: str) -> None:
    repository.commit("Ada", a="x: 1\n")
    (repository.folder / ".git" / name).symlink_to("/dev/zero")
    # In a process of its own: the system knows only the largest child that a process ever had.
    command = [sys.executable, "-c", BLAME_WITH_LITTLE_MEMORY]
    done = subprocess.run(command, cwd=repository.folder, capture_output=True, check=True)
    found, largest_kb = done.stdout.split()
    assert found == b"{}"
    assert int(largest_kb) < 512 * 1024


def test_what_was_committed_is_not_replaced(repository: Repository) -> None:
    first = repository.commit("Ada", a="x: 1\n")
    second = repository.commit("Ben", a="x: 2\n")
    repository.git("replace", first, second, who="Ben")
    assert file_at(f"{first}:a.yaml", repository.folder) == b"x: 1\n"


def test_git_gets_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    ran, trace = program(tmp_path / "bin", "git")
    ran.write_text(ran.read_text(encoding="utf-8") + "echo 0\n", encoding="utf-8")
    path = os.environ["PATH"]
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{path}")
    for name in ("KAITEN_AUTH_TOKEN", "KAITEN_PROD_TOKEN", "AWS_SECRET_ACCESS_KEY", "GIT_ASKPASS"):
        monkeypatch.setenv(name, "secret-value")
    assert file_at("main:a.yaml", tmp_path) == b"0\n"
    given = trace.read_text(encoding="utf-8")
    assert "HOME=" in given
    assert "secret-value" not in given


def test_a_git_beside_the_files_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, trace = program(tmp_path, "git")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", ".")
    with pytest.raises(UsageError, match="no `git` program"):
        file_at("main:a.yaml", tmp_path)
    assert not trace.exists()


def test_where_a_shallow_clone_ends_nobody_is_the_author(
    repository: Repository, tmp_path: Path
) -> None:
    repository.commit("Ada", a="licenses:\n" + BLOCK)
    last = repository.commit("Ben", a="licenses:\n" + BLOCK.replace("1000", "2000"))
    for depth, line, author in ((1, 2, None), (1, 6, None), (2, 2, None), (2, 6, "Ben")):
        clone = tmp_path / f"clone-{depth}-{line}"
        source = f"file://{repository.folder}"
        repository.git("clone", "--quiet", f"--depth={depth}", source, str(clone), who="Ada")
        found = blame_lines(clone / "a.yaml", [line])[line]
        expected = Attribution(is_cut_off=True)
        if author is not None:
            expected = Attribution(commit=last, author=author, date=DATES[author])
        assert found == expected, (depth, line)


# Settings of git's, and variables with which git names a repository


@pytest.mark.parametrize(
    ("content", "is_followed"),
    [
        (None, True),  # people name `.git-blame-ignore-revs` for all their repositories
        ("", True),
        ("not a commit\n", True),
        ("# only spaces changed\n{second}\n", False),
    ],
    ids=["missing", "empty", "wrong", "of the last commit"],
)
@pytest.mark.parametrize("prefix", ["", ":(optional)"])
def test_commits_that_blame_ignores(
    repository: Repository, content: str | None, is_followed: bool, prefix: str
) -> None:
    first = repository.commit("Ada", a="x: 1\n")
    second = repository.commit("Ben", a="x: 2\n")
    if content is not None:
        ignored = repository.folder / ".git-blame-ignore-revs"
        ignored.write_text(content.format(second=second), encoding="utf-8")
    repository.git("config", "blame.ignoreRevsFile", f"{prefix}.git-blame-ignore-revs", who="Ada")
    who = repository.who("a", 1)
    assert who is not None
    assert who.commit == (second if is_followed else first)


@pytest.mark.parametrize("current", ["top", "below", "elsewhere"])
@pytest.mark.parametrize(
    "named",
    [
        {"GIT_DIR": "{git_dir}"},  # a hook in a linked worktree
        {"GIT_DIR": "{git_dir}", "GIT_INDEX_FILE": "{git_dir}/index"},
        {"GIT_DIR": "{other}/.git"},  # a hook of another repository
        {"GIT_DIR": "{other}/.git", "GIT_INDEX_FILE": "{other}/.git/index"},
        {"GIT_DIR": "{git_dir}", "GIT_WORK_TREE": "{top}"},
    ],
    ids=lambda named: " ".join(f"{name}={value}" for name, value in named.items()),
)
def test_variables_that_name_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, current: str, named: dict[str, str]
) -> None:
    for name in ("main", "other", "elsewhere"):
        (tmp_path / name).mkdir()
    Repository(tmp_path / "other").commit("Ben", b="x: 1\n")
    main = Repository(tmp_path / "main")
    main.commit("Ada", a="x: 1\n")
    (main.folder / "below").mkdir()
    main.git("mv", "a.yaml", "below/a.yaml", who="Ada")
    main.commit("Ada")
    top = tmp_path / "linked"
    main.git("worktree", "add", str(top), who="Ada")
    places = {
        "top": top,
        "other": tmp_path / "other",
        "git_dir": main.folder / ".git/worktrees/linked",
    }
    for name, value in named.items():
        monkeypatch.setenv(name, value.format(**places))
    monkeypatch.chdir(
        {"top": top, "below": top / "below", "elsewhere": tmp_path / "elsewhere"}[current]
    )
    path = top / "below/a.yaml"
    assert [who.author for who in blame_lines(path, [1]).values()] == ["Ada"]
    assert len(versions(path)) == 1
    assert file_at("HEAD:./a.yaml", path.parent) == b"x: 1\n"
    assert unmerged_sides(path) == ()


def test_a_repository_away_from_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As people keep files of their home folder: `git --git-dir=... --work-tree=...`.
    for name in ("home", "home/below", "kept"):
        (tmp_path / name).mkdir()
    Repository(tmp_path / "home").commit("Ada", **{"below/a": "x: 1\n"})
    (tmp_path / "home/.git").rename(tmp_path / "kept/.git")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.chdir(tmp_path / "home")
    path = Path("below/a.yaml")
    assert blame_lines(path, [1]) == {}
    monkeypatch.setenv("GIT_DIR", "../kept/.git")
    assert [who.author for who in blame_lines(path, [1]).values()] == ["Ada"]
    monkeypatch.setenv("GIT_WORK_TREE", ".")
    assert len(versions(path)) == 1


@pytest.mark.parametrize("objects", ["blob:none", "tree:0"])
def test_a_partial_clone_is_named_as_the_reason(
    repository: Repository, tmp_path: Path, objects: str
) -> None:
    first = repository.commit("Ada", a="x: 1\n")
    repository.commit("Ben", a="x: 2\n")
    repository.git("config", "uploadpack.allowFilter", "true", who="Ada")
    clone = tmp_path / "clone"
    source = f"file://{repository.folder}"
    assert refusal(repository.folder) is None
    repository.git("clone", "--quiet", f"--filter={objects}", source, str(clone), who="Ada")
    assert file_at("HEAD:a.yaml", clone) == b"x: 2\n"
    with pytest.raises(UsageError, match=f"cannot read {first}:a.yaml") as caught:
        file_at(f"{first}:a.yaml", clone)
    assert "hint" not in caught.value.message
    assert "warning" not in caught.value.message
    assert "--no-filter" in (caught.value.hint or "")
    assert blame_lines(clone / "a.yaml", [1]) == {}
    assert refusal(clone) == caught.value.hint
    with pytest.raises(UsageError) as wrong:
        file_at("HEAD:b.yaml", clone)
    assert "--no-filter" not in (wrong.value.hint or "")
    repository.git("-C", str(clone), "fetch", "--refetch", "--no-filter", who="Ada")
    assert file_at(f"{first}:a.yaml", clone) == b"x: 1\n"
    assert refusal(clone) is None
