"""The JSON documents are as their schemas say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from tests.unit.report.strategies import LEAN, drift_reports, plans
from tests.unit.report.test_apply_text import DONE, FAILED, result

from kaiten_sync.errors import UnreachableError
from kaiten_sync.model.drift import DriftReport
from kaiten_sync.model.outcome import Status
from kaiten_sync.model.plan import Plan
from kaiten_sync.plan.plan_file import write_plan
from kaiten_sync.report.apply_json import apply_json
from kaiten_sync.report.drift_json import drift_json, drifts_json
from kaiten_sync.report.failure import failure_document

SCHEMAS = Path(__file__).parents[3] / "schemas"
NAMES = ("plan", "drift", "apply", "table", "validation")


def schema(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))
    return loaded


VALIDATORS = {name: Draft202012Validator(schema(name)) for name in NAMES}


def check(name: str, document: Any) -> None:
    found = [
        error.message for error in VALIDATORS[name].iter_errors(json.loads(json.dumps(document)))
    ]
    assert found == []


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_valid_and_needs_no_network(name: str) -> None:
    loaded = schema(name)
    Draft202012Validator.check_schema(loaded)
    assert loaded["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert loaded["$id"] == f"urn:kaiten-sync:schema:{name}:1"
    assert loaded["additionalProperties"] is False
    assert '"$ref": "http' not in json.dumps(loaded)


@pytest.mark.parametrize("name", NAMES)
def test_every_property_is_described_with_examples_that_fit(name: str) -> None:
    loaded = schema(name)
    described = [loaded, *loaded["$defs"].values()]
    parts = [(key, part) for each in described for key, part in each.get("properties", {}).items()]
    parts += list(loaded["$defs"].items())
    assert len(parts) > 12
    for key, part in parts:
        assert len(part["description"]) > 5, key
        assert part["examples"], key
        validator = Draft202012Validator({**part, "$defs": loaded["$defs"]})
        for example in part["examples"]:
            assert validator.is_valid(example), (key, example)


def test_a_real_plan_fits_its_schema(plan: Plan, nothing_to_do: Plan) -> None:
    assert any(not observed.fields for observed in plan.observed)
    check("plan", json.loads(write_plan(plan)))
    check("plan", json.loads(write_plan(nothing_to_do)))


@LEAN
@given(plans().filter(lambda plan: bool(plan.digest)))
def test_any_sealed_plan_fits_its_schema(plan: Plan) -> None:
    check("plan", json.loads(write_plan(plan)))


def test_a_plan_with_a_key_too_many_does_not_fit(plan: Plan) -> None:
    document: dict[str, Any] = json.loads(write_plan(plan))
    assert not VALIDATORS["plan"].is_valid({**document, "token": "x"})
    absent = {"address": "license/a", "exists": False, "id": "x"}
    assert not VALIDATORS["plan"].is_valid({**document, "observed": [absent]})
    assert not VALIDATORS["plan"].is_valid(
        {**document, "observed": [{"address": "license/a", "exists": True}]}
    )


def test_a_drift_report_has_both_sides(drift: DriftReport) -> None:
    document: dict[str, Any] = json.loads(json.dumps(drift_json(drift)))
    check("drift", document)
    assert document["hasDrift"] is True
    assert {name: count for name, count in document["summary"].items() if count} == {
        "missing": 3,
        "changed": 3,
        "unmanaged": 1,
    }
    changed = {d["address"]: d for d in document["differences"]}["license/growth/grant/api-calls"]
    assert changed == {
        "address": "license/growth/grant/api-calls",
        "class": "changed",
        "isDeclared": True,
        "isLive": True,
        "isDrift": True,
        "effect": "tightens",
        "fields": [
            {
                "name": "value",
                "effect": "tightens",
                "source": None,
                "inner": [],
                "live": 1000,
                "git": 500,
            }
        ],
        "source": {"file": "catalog.yaml", "line": 1},
        "serverEdited": None,
        "declaredBy": None,
        "commands": {
            "adopt": "kaiten-sync adopt license/growth/grant/api-calls",
            "revert": "kaiten-sync drift license/growth/grant/api-calls --revert"
            " -o prod.revert.plan.json",
        },
        "updatedAt": "2025-11-20T10:00:00Z",
        "updatedBy": "ann@example.com",
    }


@LEAN
@given(drift_reports())
def test_any_drift_report_fits_its_schema(report: DriftReport) -> None:
    check("drift", drift_json(report))


def test_the_reports_of_all_targets_fit_their_schema(drift: DriftReport) -> None:
    gone = UnreachableError("no answer from https://kaiten.example.com")
    document = drifts_json([drift, drift], {"gone": failure_document(gone, 6)})
    registry = Registry().with_resource(
        "urn:kaiten-sync:schema:drift:1", Resource.from_contents(schema("drift"))
    )
    together = Draft202012Validator(schema("drift-all"), registry=registry)
    assert list(together.iter_errors(json.loads(json.dumps(document)))) == []
    assert [report["target"]["name"] for report in document["reports"]] == ["prod", "prod"]  # type: ignore[call-overload,index,union-attr]


def test_an_apply_result_counts_every_status() -> None:
    document: dict[str, Any] = apply_json(result(DONE, FAILED))
    check("apply", document)
    assert document["summary"] == {
        **dict.fromkeys((status.value for status in Status), 0),
        "done": 1,
        "failed": 1,
    }
    assert document["outcomes"][1]["errorId"] == "e-17"
    assert document["isComplete"] is False
