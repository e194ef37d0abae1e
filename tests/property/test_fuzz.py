"""Whatever stands in a plan file or in a catalog: an error that says so, never a traceback."""

from __future__ import annotations

import contextlib
import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.fakes.catalog import FakeCatalog, live
from tests.support.values import declared, desired, live_state, proposal

from kaiten_sync.cli.run import run
from kaiten_sync.errors import KaitenSyncError, PlanFileError
from kaiten_sync.model.canonical import digest
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.ports import NoProgress
from kaiten_sync.model.settings import Limit, Policy, Prune
from kaiten_sync.pipeline import CatalogSource, apply_plan, validate
from kaiten_sync.plan.plan_file import read_plan, write_plan
from kaiten_sync.report.plan_html import plan_html
from kaiten_sync.report.plan_markdown import plan_markdown
from kaiten_sync.report.plan_text import plan_text

EXAMPLES = sorted(Path("examples/plans").glob("*/*.yaml")) + sorted(
    Path("examples/plans").glob("*/catalog/**/*.yaml")
)
EVERYTHING = Policy(prune=Prune.ALL, max_deletes=Limit(percent=100), max_updates=Limit(percent=100))
NOWHERE = "http://127.0.0.1:9"
"""A server that is not there: what gets so far as to ask it was taken for right."""

LIVE = (
    live("group/old", name="Old"),
    live("entitlement/calls", name="Calls", type="NUMBER"),
    live("license/growth", name="Growth", type="PAID", lifecycleState="DRAFT"),
    live("license/growth/grant/calls", value=10),
)
PLAN = proposal(
    desired(
        declared("group/new", name="New"),
        declared("entitlement/calls", name="API calls", type="NUMBER", groups=["new"]),
        declared("license/growth", name="Growth", type="PAID", lifecycleState="PUBLISHED"),
        declared("license/growth/grant/calls", value={"theme": {"dark": [1, 2.5, None]}}),
        declared("license/starter", name="Starter", type="TRIAL", isDefault=True),
        declared("license/starter/grant/calls", value="unlimited"),
    ),
    live_state(*LIVE),
    EVERYTHING,
).plan
CONTENT = write_plan(PLAN)
DOCUMENT = json.loads(CONTENT)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["license/growth", "license/../x", "delete", "\0", "\u202e", "a" * 5000])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def broken_bytes(draw: st.DrawFn, content: bytes) -> bytes:
    """The content with some bytes replaced, removed, repeated or put in."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = draw(st.integers(start, min(len(content), start + 40)))
        again = content[start:end] * draw(st.integers(0, 3))
        content = content[:start] + draw(st.binary(max_size=8)) + again + content[end:]
    return content


@st.composite
def broken_document(draw: st.DrawFn) -> dict[str, Any]:
    """The plan's document with some of it replaced, renamed, repeated or removed, and sealed."""
    document: dict[str, Any] = copy.deepcopy(DOCUMENT)
    for _ in range(draw(st.integers(1, 3))):
        holder: Any = document
        for _ in range(draw(st.integers(0, 5))):
            inner = [value for value in _values(holder) if isinstance(value, dict | list) and value]
            if not inner:
                break
            holder = draw(st.sampled_from(inner))
        _break(draw, holder)
    document["digest"] = digest({k: v for k, v in document.items() if k != "digest"})
    return document


def _values(holder: Any) -> list[Any]:
    return list(holder.values()) if isinstance(holder, dict) else list(holder)


def _break(draw: st.DrawFn, holder: Any) -> None:
    keys = sorted(holder) if isinstance(holder, dict) else list(range(len(holder)))
    if not keys:
        return
    key = draw(st.sampled_from(keys))
    match draw(st.sampled_from(["replace", "remove", "repeat", "rename"])):
        case "replace":
            holder[key] = draw(JSON)
        case "remove":
            del holder[key]
        case "repeat" if isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        case _ if isinstance(holder, dict):
            holder[draw(st.text(max_size=8))] = holder.pop(key)


@settings(max_examples=600)
@given(content=broken_bytes(CONTENT))
def test_changed_bytes_are_refused_or_mean_the_same(content: bytes) -> None:
    with contextlib.suppress(PlanFileError):
        assert read_plan(content) == PLAN


@settings(max_examples=600)
@given(document=broken_document())
def test_a_resealed_plan_is_refused_or_harmless(document: dict[str, Any]) -> None:
    plan = _plan_or_hint(json.dumps(document).encode())
    if isinstance(plan, str):
        return
    for render in (plan_markdown, plan_html, write_plan):
        assert render(plan)
    assert plan_text(plan, color=False, width=100)
    allowed = {change.address for change in plan.changes}
    for catalog in (FakeCatalog(), FakeCatalog(*LIVE)):
        _apply(plan, catalog)
        written = {call.split(" ", 1)[1] for call in catalog.writes}
        assert written <= {str(address) for address in allowed}


def _plan_or_hint(content: bytes) -> Plan | str:
    """The plan, or what to do about a file that is not one."""
    try:
        return read_plan(content)
    except PlanFileError as error:
        return str(error.hint or pytest.fail(f"no hint: {error.message}"))


def _apply(plan: Plan, catalog: FakeCatalog) -> None:
    with contextlib.suppress(KaitenSyncError):
        apply_plan(plan, catalog, progress=NoProgress(), is_stopped=lambda: False, workers=1)


@settings(max_examples=60)
@given(content=broken_bytes(CONTENT))
def test_the_command_line_refuses_a_broken_plan(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    path = tmp_path / "broken.plan.json"
    path.write_bytes(content)
    with contextlib.suppress(PlanFileError):
        assume(read_plan(content) != PLAN)
    for command in (["show", str(path)], ["apply", str(path), "--base-url", NOWHERE]):
        code = run([*command, "--format", "json"])
        said = capsys.readouterr()
        assert code == 4, said.err
        assert "this is a bug" not in said.err
        assert json.loads(said.out)["error"]


@settings(max_examples=300)
@given(data=st.data(), example=st.sampled_from(EXAMPLES))
def test_broken_catalogs_are_diagnosed(tmp_path: Path, data: st.DataObject, example: Path) -> None:
    content = data.draw(broken_bytes(example.read_bytes()))
    (tmp_path / "catalog.yaml").write_bytes(content)
    wanted, findings = validate(CatalogSource(root=tmp_path, catalog=["catalog.yaml"]))
    assert (wanted is None) == any(finding.severity == "error" for finding in findings)
    for finding in findings:
        assert finding.message
        assert finding.ref
        assert finding.ref.line >= 1


@settings(max_examples=60)
@given(data=st.data(), example=st.sampled_from(EXAMPLES))
def test_the_command_line_says_what_is_wrong_with_a_catalog(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: st.DataObject, example: Path
) -> None:
    path = tmp_path / "catalog.yaml"
    path.write_bytes(data.draw(broken_bytes(example.read_bytes())))
    code = run(["validate", str(path), "--format", "json"])
    said = capsys.readouterr()
    assert code in (0, 3), said.err
    assert "this is a bug" not in said.err
    json.loads(said.out)
