"""A new user's first ten minutes: an empty home, nothing but Python, and the README."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.support.command import Ended
from tests.support.processes import HANG_S, started
from tests.support.wheels import NEWEST_WHEELHOUSE, WHEELHOUSE, built_wheel, newest_python

TOKEN = "ksh_first-minutes-0123456789abcdef"
COMPLETED = """\
eval "$(_KAITEN_SYNC_COMPLETE=bash_source kaiten-sync)"
complete -p kaiten-sync
COMP_WORDS=(kaiten-sync pl) COMP_CWORD=1
_kaiten_sync_completion kaiten-sync
echo "${COMPREPLY[@]}"
"""


@dataclass(frozen=True)
class Newcomer:
    """Somebody with an empty home and one Python, who has downloaded a release's wheel."""

    home: Path
    python: Path
    wheels: Path

    def types(self, script: str, folder: Path | None = None, **more: str) -> Ended:
        """What a shell does with lines that are typed; the README's `export` is among them."""
        installed = self.home / ".kaiten-sync" / "bin"
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-euo", "pipefail", "-c", script],
            cwd=folder or self.home,
            env={**self.environment(installed), **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=HANG_S,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def environment(self, *folders: Path) -> dict[str, str]:
        """Nothing of this machine's but its programs, and no package index."""
        path = os.pathsep.join([*map(str, folders), str(self.python.parent), "/usr/bin", "/bin"])
        return {
            "HOME": str(self.home),
            "PATH": path,
            "LANG": "C.UTF-8",
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "PIP_NO_COMPILE": "1",  # only what is imported is compiled, when it is
            "PIP_CONFIG_FILE": os.devnull,
        }


def readme_block(marker: str) -> str:
    """The indented lines of the README after a sentence."""
    text = Path("README.md").read_text(encoding="utf-8")
    found = re.search(rf"{re.escape(marker)}\n\n((?:    .*\n)+)", text)
    assert found, marker
    return re.sub(r"^    ", "", found[1], flags=re.M)


@pytest.fixture(scope="module", params=["this Python", "the newest Python"])
def newcomer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Newcomer:
    python, wheels = Path(os.path.realpath(sys.executable)), WHEELHOUSE
    if request.param == "the newest Python":
        newest = newest_python()
        if newest is None:
            pytest.skip("no newer Python beside ours (NEWEST_PYTHON= names one)")
        python, wheels = newest, NEWEST_WHEELHOUSE
    home = tmp_path_factory.mktemp("home")
    shutil.copy(built_wheel(tmp_path_factory.mktemp("dist")), home)
    someone = Newcomer(home=home, python=python, wheels=wheels)
    done = someone.types(readme_block("With nothing but Python:"))
    assert done.code == 0, done.stdout + done.stderr
    return someone


@pytest.fixture
def url(newcomer: Newcomer) -> Iterator[str]:
    """The server that the newcomer starts, with its data in the new home."""
    bin_folder = newcomer.home / ".kaiten-sync" / "bin"
    with started(
        [str(bin_folder / "kaiten-sync"), "serve", "--port", "0", "--bootstrap-token", TOKEN],
        env=newcomer.environment(),
        cwd=newcomer.home,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        ready = next(line for line in process.stdout if line.startswith("listening on "))
        yield ready.removeprefix("listening on ").strip()
        process.terminate()
        assert process.wait(HANG_S) == 0
    assert list(newcomer.home.rglob("kaiten.db"))


def test_from_the_readme_to_drift(newcomer: Newcomer, url: str) -> None:
    assert newcomer.types("kaiten-sync init my-catalog").code == 0
    folder = newcomer.home / "my-catalog"
    project = folder / "kaiten-sync.yaml"
    text = project.read_text(encoding="utf-8")
    project.write_text(text.replace("http://127.0.0.1:6060", url), encoding="utf-8")

    def run(line: str) -> Ended:
        return newcomer.types(f"kaiten-sync {line}", folder, KAITEN_AUTH_TOKEN=TOKEN)

    for line in (
        "validate",
        "doctor",
        "plan -o plans/local.plan.json",
        "apply plans/local.plan.json",
        "plan --detailed-exitcode",
        "drift --detailed-exitcode",
    ):
        done = run(line)
        assert done.code == 0, (line, done.stdout, done.stderr)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    family = httpx.get(f"{url}/api/license-families/team", headers=headers).json()
    assert family["currentVersion"]["slug"] == "team"
    answer = httpx.put(
        f"{url}/api/licenses/growth/entitlements/api-calls",
        json={"value": {"type": "number", "value": 5000}},
        headers=headers,
    )
    assert answer.status_code == 204
    drift = run("drift --detailed-exitcode")
    assert (drift.code, "license/growth/grant/api-calls" in drift.stdout) == (2, True)
    assert run("apply -t local --yes").code == 0
    assert run("drift --detailed-exitcode").code == 0


def test_the_shell_completes(newcomer: Newcomer) -> None:
    done = newcomer.types(COMPLETED)
    assert done.code == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "plan"


def test_the_tour_runs(newcomer: Newcomer) -> None:
    done = newcomer.types("kaiten-sync demo")
    assert done.code == 0, done.stderr
    assert "That was the main workflow" in done.stdout
