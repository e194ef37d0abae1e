"""Links and paths that a repository of others has: nothing is written outside it, nor into .git."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.scripted import Reply, Request, scripted

from kaiten_sync.cli.run import run

CATALOG = "version: 1\ngroups: {quotas: {name: Quotas}}\n"
ENDS = {"outside": "../victim", "git": ".git/hooks", "git in capitals": ".GIT/hooks"}
"""Where a link leads, from the root of the repository. Case does not count everywhere."""

COMMANDS = {
    "plan": ("plan", "-t", "local", "-o", "{}.json"),
    "impact": ("plan", "-t", "local", "--impact-out", "{}.json"),
    "fresh": ("plan", "-t", "local", "-o", "p.json", "--check", "--fresh", "{}.json"),
    "receipt": ("apply", "p.json", "--receipt", "{}.json"),
    "revert": ("drift", "-t", "local", "--revert", "-o", "{}.json"),
    "adopt": ("adopt", "-t", "local", "group/live", "--into", "{}.yaml"),
    "export": ("export", "-t", "local", "-o", "{}", "--force"),
    "overlay": ("export", "--overlay-of", "local", "-o", "{}.yaml", "--force"),
}


@pytest.fixture
def requests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Request]]:
    """A project in a repository, a folder beside it, and what the server is asked."""
    root = tmp_path / "repository"
    (tmp_path / "victim").mkdir()
    for hooks in (".git/hooks", ".GIT/hooks"):
        (root / hooks).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(root)
    monkeypatch.delenv("KAITEN_BASE_URL", raising=False)

    def answer(request: Request) -> Reply:
        items = [{"id": "1", "slug": "live", "name": "Live"}] if "groups" in request.path else []
        return Reply(body={"items": items, "hasMore": False})

    with scripted(answer) as server:
        declare(server.url)
        Path("c.yaml").write_text(CATALOG)
        assert run(["plan", "-t", "local", "-o", "p.json"]) == 0
        server.requests.clear()
        yield server.requests


def declare(url: str, overlay: str = "o.yaml") -> None:
    target = {"url": url, "overlays": [overlay]}
    settings = {"version": 1, "catalog": ["c.yaml"], "targets": {"local": target}}
    Path("kaiten-sync.yaml").write_text(json.dumps(settings))
    Path("o.yaml").write_text("version: 1\n")


def written() -> list[Path]:
    """The files outside the repository, and in what git keeps for itself."""
    places = ("../victim", ".git", ".GIT")
    return [path for place in places for path in Path(place).rglob("*") if path.is_file()]


@pytest.mark.parametrize("way", ["file", "folder", "two"])
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.usefixtures("requests")
def test_no_command_writes_through_a_link_that_leads_out(
    capsys: pytest.CaptureFixture[str], command: str, end: str, way: str
) -> None:
    name = "there/x" if way == "folder" else "x"
    args = [each.format(name) for each in COMMANDS[command]]
    place = Path(
        next(arg for arg, word in zip(args, COMMANDS[command], strict=True) if "{" in word)
    )
    place = place / "groups.yaml" if command == "export" else place
    place.parent.parent.mkdir(exist_ok=True)
    if way == "folder" and command != "export":
        place.parent.symlink_to(Path(ENDS[end]).absolute())
    else:
        place.parent.mkdir(exist_ok=True, parents=True)
        final = Path(ENDS[end]).absolute() / "made"
        if way == "two":
            Path("between").symlink_to(final)
            final = Path("between").absolute()
        place.symlink_to(final)
    assert run(args) == 3
    said = capsys.readouterr()
    assert "leads out of the repository" in said.out + said.err
    assert written() == []


@pytest.mark.parametrize("command", [("schema",), ("init", ".", "--ci", "github")])
@pytest.mark.parametrize("link", ["schemas", ".vscode", ".github", ".gitattributes"])
@pytest.mark.usefixtures("requests")
def test_a_project_is_set_up_in_its_repository_alone(
    capsys: pytest.CaptureFixture[str], command: tuple[str, ...], link: str
) -> None:
    Path(link).symlink_to("../victim/made" if link == ".gitattributes" else "../victim")
    run(command)
    said = capsys.readouterr()
    assert "this is a bug" not in said.err
    assert written() == []


@pytest.mark.parametrize(
    "overlay",
    [
        *("../victim/o.yaml", "../victim/", ".git/hooks/o.yaml", ".git/hooks/", "linked/"),
        *(".GIT/hooks/o.yaml", ".Git/hooks/"),  # the same where case does not count
    ],
)
def test_a_project_file_does_not_say_what_is_written_outside(
    requests: list[Request], capsys: pytest.CaptureFixture[str], overlay: str
) -> None:
    Path("linked").symlink_to("../victim")
    declare(json.loads(Path("kaiten-sync.yaml").read_text())["targets"]["local"]["url"], overlay)
    for command in (
        ("export", "--overlay-of", "local"),
        ("adopt", "-t", "local", "--into-overlay"),
    ):
        assert run(command) == 3
        assert "kaiten-sync.yaml:1:" in capsys.readouterr().err
    assert (written(), requests) == ([], [])


@pytest.mark.parametrize("path", [".git/config", "linked.yaml", "linked/", ".GIT/config"])
@pytest.mark.usefixtures("requests")
def test_what_git_keeps_for_itself_is_not_shown(
    capsys: pytest.CaptureFixture[str], path: str
) -> None:
    """There may be a credential in it."""
    for config in (".git/config", ".GIT/config"):
        Path(config).write_text("secret\n")
    Path("linked.yaml").symlink_to(".git/config")
    Path("linked").symlink_to(".git")
    Path("kaiten-sync.yaml").write_text(json.dumps({"version": 1, "catalog": [path]}))
    assert run(["validate"]) == 3
    said = capsys.readouterr()
    assert "secret" not in said.out + said.err
    assert "leads out of the repository" in said.out
