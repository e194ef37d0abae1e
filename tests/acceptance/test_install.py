"""What CI installs: from a named place, every file with its hash, by the real pip."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import venv
from collections.abc import Iterator
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from jsonschema.validators import validator_for
from tests.support.command import kaiten_sync
from tests.support.files_over_http import serving
from tests.support.linters import lint
from tests.support.processes import HANG_S
from tests.support.published import workflow_schema
from tests.support.wheels import WHEELHOUSE, built_wheel

from kaiten_sync import __version__

LOCK = "kaiten-sync.lock"
WORKFLOW = ".github/workflows/kaiten-sync.yml"
EXISTING = """\
version: 1
catalog: [catalog/]
targets:
  prod: {url: https://prod.example.com, token: {env: PROD_TOKEN}}
"""
ELSEWHERE = "https://git.example.com/r"
NAME = f"kaiten_sync-{__version__}-py3-none-any.whl"
HASH = "0" * 64


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_wheel(tmp_path_factory.mktemp("dist"))


def install_step(project: Path) -> str:
    """The command by which the workflow installs."""
    workflow = yaml.safe_load((project / WORKFLOW).read_text(encoding="utf-8"))
    steps = workflow["jobs"]["validate"]["steps"]
    return str(next(step["run"] for step in steps if step.get("name") == "Install"))


def run_step(project: Path, folder: Path, *, index: Path | None = None) -> tuple[int, str]:
    """Run the workflow's step in an environment that can reach no package index."""
    if not folder.exists():
        venv.create(folder, with_pip=True)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("KAITEN", "PYTHON", "PIP"))}
    offline = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "PIP_COMPILE": "0"}
    if index is not None:
        offline["PIP_FIND_LINKS"] = str(index)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", install_step(project)],
        cwd=project,
        env={**kept, **offline, "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def vendored(tmp_path: Path, wheel: Path) -> Path:
    """A project that keeps the wheels that CI installs."""
    folder = tmp_path / "project" / "vendor" / "wheels"
    shutil.copytree(WHEELHOUSE, folder)
    shutil.copy(wheel, folder)
    return tmp_path / "project"


def test_ci_installs_from_a_folder_of_the_project(vendored: Path, tmp_path: Path) -> None:
    done = kaiten_sync("init", ".", "--install-from", "vendor/wheels", cwd=vendored)
    assert done.code == 0, done.stderr
    assert "--no-index" in (vendored / LOCK).read_text(encoding="utf-8")
    kept = vendored / "vendor/wheels" / NAME
    content = kept.read_bytes()
    kept.write_bytes(content + b"evil")
    code, said = run_step(vendored, tmp_path / "venv")
    assert (code, "DO NOT MATCH THE HASHES" in said) == (1, True)
    kept.write_bytes(content)
    code, said = run_step(vendored, tmp_path / "venv")
    assert code == 0, said
    ended = subprocess.run(
        [tmp_path / "venv/bin/kaiten-sync", "validate"], cwd=vendored, timeout=HANG_S, check=False
    )
    assert ended.returncode == 0


def test_ci_installs_a_release(wheel: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    with serving(wheel.parent) as url:
        place = f"{url}/{wheel.name}"
        done = kaiten_sync("init", ".", "--install-from", f"{place}#sha256={sha256}", cwd=project)
        assert done.code == 0, done.stderr
        locked = (project / LOCK).read_text(encoding="utf-8")
        (project / LOCK).write_text(locked.replace(sha256, HASH), encoding="utf-8")
        code, said = run_step(project, tmp_path / "venv", index=WHEELHOUSE)
        assert (code, "DO NOT MATCH THE HASHES" in said) == (1, True)
        (project / LOCK).write_text(locked, encoding="utf-8")
        code, said = run_step(project, tmp_path / "venv", index=WHEELHOUSE)
        assert code == 0, said


@pytest.mark.parametrize(
    "words",
    [
        "--ci github --write-plans",
        "--ci gitlab --pipeline {}/-own.yml",
        "--ci gitlab --write-plans --name billing",
    ],
)
@pytest.mark.parametrize("folder", [".", "-our $plans"])
def test_the_place_is_named_as_the_warning_says(tmp_path: Path, folder: str, words: str) -> None:
    options = [each.format(folder) for each in words.split()]
    done = kaiten_sync("init", *options, "--", folder, cwd=tmp_path)
    (command,) = re.findall("`kaiten-sync (init [^`]*)`", done.stderr)
    place = f"{ELSEWHERE}/{NAME}#sha256={HASH}"
    again = command.replace("URL#sha256=HASH", place)
    done = kaiten_sync(*shlex.split(again), cwd=tmp_path)
    assert done.code == 0, done.stderr
    written = [line.rpartition("/")[2] for line in done.stdout.splitlines() if "wrote" in line]
    assert [each.removeprefix("wrote ") for each in written] == [LOCK, "kaiten-sync.yaml"]


def test_the_project_file_names_the_place(tmp_path: Path) -> None:
    place = f"{ELSEWHERE}/{NAME}#sha256={HASH}"
    (tmp_path / "kaiten-sync.yaml").write_text(EXISTING, encoding="utf-8")
    command = ("init", "--ci", "github")
    done = kaiten_sync(*command, cwd=tmp_path)
    assert (done.code, "CI cannot install kaiten-sync yet" in done.stderr) == (0, True)
    assert not (tmp_path / LOCK).exists()
    done = kaiten_sync(*command, "--install-from", place, cwd=tmp_path)
    assert (done.code, done.stderr) == (0, "")
    named = yaml.safe_load((tmp_path / "kaiten-sync.yaml").read_text(encoding="utf-8"))
    assert named.pop("installFrom") == place
    assert named == yaml.safe_load(EXISTING)
    locked = (tmp_path / LOCK).read_text(encoding="utf-8")
    assert kaiten_sync("validate", "--format", "json", cwd=tmp_path).code == 3  # no catalog yet
    again = kaiten_sync(*command, cwd=tmp_path)
    assert (again.code, "wrote" in again.stdout) == (0, False)
    other = kaiten_sync(*command, "--install-from", place.replace("/r/", "/s/"), cwd=tmp_path)
    assert (other.code, "says `installFrom:" in other.stderr) == (3, True)
    assert (tmp_path / LOCK).read_text(encoding="utf-8") == locked


def test_a_lock_of_another_version_is_written_again_and_one_by_hand_is_not(tmp_path: Path) -> None:
    place = f"{ELSEWHERE}/{NAME}#sha256={HASH}"
    (tmp_path / "kaiten-sync.yaml").write_text(
        f'{EXISTING}installFrom: "{place}"\n', encoding="utf-8"
    )
    command = ("init", "--ci", "gitlab")
    assert kaiten_sync(*command, cwd=tmp_path).code == 0
    locked = (tmp_path / LOCK).read_text(encoding="utf-8")
    (tmp_path / LOCK).write_text(locked.replace(HASH, "1" * 64), encoding="utf-8")
    assert kaiten_sync(*command, cwd=tmp_path).code == 0
    assert (tmp_path / LOCK).read_text(encoding="utf-8") == locked
    (tmp_path / LOCK).write_text("kaiten-sync\n", encoding="utf-8")
    done = kaiten_sync(*command, cwd=tmp_path)
    assert (done.code, "never overwrites" in done.stderr) == (3, True)


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("kaiten-sync==0.1.0", "no wheel of kaiten-sync in"),
        (f"{ELSEWHERE}/{NAME}", "cannot be installed from"),
        (f"{ELSEWHERE}/{NAME}#sha256=abc", "cannot be installed from"),
        (f"{ELSEWHERE}/{NAME}#md5={HASH}", "cannot be installed from"),
        (f"http://git.example.com/{NAME}#sha256={HASH}", "not installed over plain http"),
        (f"https://[git.example.com/{NAME}#sha256={HASH}", "not the URL of a wheel"),
        (f"https://u:s3cr3t@git.example.com/{NAME}#sha256={HASH}", "cannot be installed from"),
        (f"{ELSEWHERE}/{NAME}?token=s3cr3t", "cannot be installed from"),
        (f"{ELSEWHERE}/click-8.3.0-py3-none-any.whl#sha256={HASH}", "not a wheel of kaiten-sync"),
        (f"{ELSEWHERE}/x.whl#sha256={HASH}", "not a wheel"),
        (f"{ELSEWHERE}/kaiten_sync-9.9.9-py3-none-any.whl#sha256={HASH}", "this is kaiten-sync"),
        ("git+https://git.example.com/kaiten-sync", "cannot be installed from"),
        ("/opt/wheels", "cannot be installed from"),
        ("empty/", "no wheel of kaiten-sync in"),
        ("", "the value is empty"),
    ],
)
@pytest.mark.parametrize("is_new", [True, False])
def test_a_place_without_a_hash_is_refused(
    tmp_path: Path, place: str, says: str, is_new: bool
) -> None:
    if not is_new:
        (tmp_path / "kaiten-sync.yaml").write_text(EXISTING, encoding="utf-8")
    (tmp_path / "empty").mkdir()
    before = sorted(tmp_path.rglob("*"))
    done = kaiten_sync("init", ".", "--ci", "github", "--install-from", place, cwd=tmp_path)
    assert (done.code, says in done.stderr) == (3, True), done.stderr
    assert "s3cr3t" not in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


def locked(name: str) -> dict[str, str]:
    text = (files("kaiten_sync.jobs") / "templates" / "locks" / f"{name}.txt").read_text("utf-8")
    entries = re.findall(
        r"^([a-z0-9.-]+)==(\S+)(?: ; [^\\]+)? \\\n((?:    --hash=.+\n)+)", text, re.M
    )
    assert "".join(re.sub(r"    --hash.*\n", "", text)).count("==") >= len(entries) > 20
    assert all("sha256:" in hashes for _, _, hashes in entries)
    return {package: version for package, version, _ in entries}


def needed_by(name: str, extras: frozenset[str], seen: set[str]) -> Iterator[str]:
    from packaging.requirements import Requirement

    for text in distribution(name).requires or ():
        required = Requirement(text)
        contexts = [{"extra": extra} for extra in extras or {""}]
        if required.marker and not any(required.marker.evaluate(each) for each in contexts):
            continue
        package = re.sub(r"[-_.]+", "-", required.name).lower()
        yield package
        if package not in seen:
            seen.add(package)
            yield from needed_by(package, frozenset(required.extras), seen)


@pytest.mark.parametrize(
    ("name", "extras"), [("program", ("", "rules")), ("server", ("", "rules", "server"))]
)
def test_the_locks_have_everything_in_the_versions_of_ci(
    name: str, extras: tuple[str, ...]
) -> None:
    pinned = dict(re.findall(r"^(\S+)==(\S+)$", Path("constraints.txt").read_text("utf-8"), re.M))
    pinned = {re.sub(r"[-_.]+", "-", package).lower(): v for package, v in pinned.items()}
    found = locked(name)
    assert set(needed_by("kaiten-sync", frozenset(extras), set())) <= found.keys()
    assert {p: v for p, v in found.items() if pinned.get(p, v) != v} == {}, "run `make locks`"


def test_this_repository_installs_and_releases_by_clean_workflows() -> None:
    schema = workflow_schema()
    validator = validator_for(schema)(schema)
    for path in Path(".github/workflows").iterdir():
        text = path.read_text(encoding="utf-8").replace("\non:", "\n'on':")
        assert [e.message for e in validator.iter_errors(yaml.safe_load(text))] == [], path
    lint(Path.cwd(), "actionlint", "-no-color")
    lint(Path.cwd(), "zizmor", "--offline", "--no-progress", "--quiet", ".github/workflows")
