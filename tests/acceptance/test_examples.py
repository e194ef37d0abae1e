"""Every example: the committed plan is what an empty server gives, and it applies as printed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.acceptance import migration_example
from tests.acceptance.conftest import Workplace
from tests.acceptance.examples import CASES, PLANS, Case


def test_every_example_is_run() -> None:
    names = {name for name, _ in CASES} | {migration_example.NAME}
    assert {path.name for path in PLANS.iterdir() if path.is_dir()} == names


@pytest.mark.parametrize(("name", "target"), CASES)
def test_the_committed_plan_is_right_and_applies(place: Workplace, name: str, target: str) -> None:
    folder = place.folder / "case"
    case = Case.copied(name, target, folder, place.url, place.token)
    committed = Path(PLANS / name / f"{target}.plan.json").read_bytes()
    content, printed = case.plan()
    assert content == committed, "run `make examples`"
    if case.has_holders:
        assert printed == (PLANS / name / f"{target}.plan.txt").read_text()
    assert case.apply() == (PLANS / name / f"{target}.apply.txt").read_text()
    assert case.run("plan", "-t", target, "--detailed-exitcode").code == 0
    assert case.run("drift", "-t", target, "--detailed-exitcode").code == 0


@pytest.mark.parametrize("seed", ["0", "1", "77"])
def test_plan_bytes_depend_neither_on_file_order_nor_on_the_hash_seed(
    place: Workplace, seed: str
) -> None:
    case = Case.copied("many-files", "prod", place.folder / "case", place.url, place.token)
    files = sorted((case.folder / "catalog").rglob("*.yaml"), reverse=seed != "0")
    options = [word for path in files for word in ("-f", str(path.relative_to(case.folder)))]
    planned = place.run_process(
        *("plan", "--project", "case/kaiten-sync.yaml", "-t", "prod", "-o", "p.json"),
        *[word.replace("catalog/", "case/catalog/") for word in options],
        KAITEN_PROD_TOKEN=place.token,
        PYTHONHASHSEED=seed,
    )
    assert planned.code == 0, planned.stderr
    first = place.run(
        *("plan", "--project", "case/kaiten-sync.yaml", "-t", "prod", "-o", "q.json"),
        *("-f", "case/catalog"),
        KAITEN_PROD_TOKEN=place.token,
    )
    assert first.code == 0, first.stderr
    assert (place.folder / "p.json").read_bytes() == (place.folder / "q.json").read_bytes()
