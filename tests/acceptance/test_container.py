"""The container: its files linted, and its steps run in a clean folder, as a builder would."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema.validators import validator_for
from tests.support.linters import lint
from tests.support.processes import HANG_S, started
from tests.support.published import compose_schema
from tests.support.wheels import WHEELHOUSE

CONTAINERFILE = Path("Containerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load(Path("compose.yaml").read_text(encoding="utf-8"))
TOKEN = "ksh_0123456789abcdef0123456789abcdef"


def instruction(name: str) -> list[Any]:
    """An instruction that is written as a list."""
    (found,) = re.findall(rf"^{name} (\[.*\])$", CONTAINERFILE, re.M)
    return list(json.loads(found))


def test_the_container_file_is_clean() -> None:
    lint(Path.cwd(), "hadolint", "--failure-threshold", "style", "Containerfile")
    for script in ("install", "release", "run"):
        lint(Path.cwd(), "shellcheck", f".ci/{script}")


def test_the_container_has_no_rights_and_says_how_it_is() -> None:
    last = CONTAINERFILE[CONTAINERFILE.rindex("\nFROM ") :]
    assert re.search(r"^USER \d{4,}$", last, re.M)
    assert last.index("\nUSER ") < last.index("\nENTRYPOINT ")
    assert "HEALTHCHECK" in last


def test_compose_fits_its_published_schema_and_its_containers_write_nothing_else() -> None:
    schema = compose_schema()
    errors = [error.message for error in validator_for(schema)(schema).iter_errors(COMPOSE)]
    assert errors == []
    for name, service in COMPOSE["services"].items():
        assert service["read_only"] is True, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert name == "database" or service["cap_drop"] == ["ALL"], name
    assert COMPOSE["services"]["server"]["ports"] == ["127.0.0.1:6060:6060"]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the build stage makes, from nothing but what the builder is given."""
    if not WHEELHOUSE.is_dir():
        pytest.fail("no build/wheelhouse: run the tests through `make test`")
    folder = tmp_path_factory.mktemp("image")
    given = Path(".containerignore").read_text(encoding="utf-8").splitlines()
    assert given[1] == "*"
    for path in (line.removeprefix("!") for line in given if line.startswith("!")):
        if Path(path).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(path, folder / "source" / path, ignore=ignored)
        else:
            (folder / "source").mkdir(exist_ok=True)
            shutil.copy(path, folder / "source" / path)
    (step,) = re.findall(r"^RUN (\.ci/install \S+)$", CONTAINERFILE, re.M)
    assert step == ".ci/install /opt/kaiten-sync"
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("KAITEN", "PYTHON", "PIP"))}
    bin_folder = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(WHEELHOUSE), "PATH": bin_folder}
    done = subprocess.run(
        [".ci/install", folder / "opt"],
        cwd=folder / "source",
        env={**kept, **offline, "PIP_CONFIG_FILE": os.devnull},
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    shutil.rmtree(folder / "source")
    return folder / "opt"


def test_the_container_serves_and_is_healthy(image: Path, tmp_path: Path) -> None:
    program, *words = [*instruction("ENTRYPOINT"), *instruction("CMD")]
    environment = {
        "PATH": f"{image / 'bin'}{os.pathsep}/usr/bin:/bin",
        "XDG_DATA_HOME": str(tmp_path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "KAITEN_BOOTSTRAP_TOKEN": TOKEN,
    }
    before = sorted(image.rglob("*"))
    with started(
        [str(image / "bin" / program), *("0" if word == "6060" else word for word in words)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        ready = next(line for line in process.stdout if line.startswith("listening on"))
        port = ready.strip().rpartition(":")[2]
        assert is_healthy(environment, port)
        process.terminate()
        assert process.wait(HANG_S) == 0
    assert not is_healthy(environment, port)
    assert [path.name for path in tmp_path.iterdir()] == ["kaiten-sync"]
    assert sorted(image.rglob("*")) == before


def is_healthy(environment: dict[str, str], port: str) -> bool:
    """What the health check says of a server on another port than the container's."""
    (check,) = re.findall(r"^HEALTHCHECK [^\[]*CMD (\[.*\])$", CONTAINERFILE, re.M)
    command = [word.replace(":6060/", f":{port}/") for word in json.loads(check)]
    done = subprocess.run(
        command, env=environment, capture_output=True, timeout=HANG_S, check=False
    )
    return done.returncode == 0
