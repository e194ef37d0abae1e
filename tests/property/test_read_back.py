"""Every file that is read back, with one thing in it changed: refused, or taken for what it says.

A plan is sealed again, since whoever changes one can do that. Nothing is written to a server that
the plan does not show, and every refusal has its exit code, its message and a next step.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.fakes.catalog import FakeCatalog
from tests.property.test_forged import DOCUMENT, LIVE
from tests.property.test_lying_server import Liar
from tests.support.forgeries import sealed
from tests.support.mutations import mutated
from tests.support.scripted import Reply, scripted

from kaiten_sync.cli.run import run
from kaiten_sync.errors import KaitenSyncError
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.model.change import Action
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.ports import NoProgress
from kaiten_sync.model.resource import LiveResource
from kaiten_sync.model.value import ABSENT, is_same
from kaiten_sync.pipeline import apply_plan
from kaiten_sync.plan.plan_file import read_plan

EXAMPLES = [
    json.loads(path.read_text(encoding="utf-8"))
    for path in sorted(Path("examples/plans").glob("*/*.plan.json"))
    if path.stat().st_size < 40_000
]
LONGEST = 5_000
"""Characters of a refusal, whatever the file has: it may repeat some of it."""


@settings(max_examples=200)
@given(document=mutated(DOCUMENT))
def test_a_changed_plan_writes_what_it_shows(document: Any) -> None:
    with contextlib.suppress(KaitenSyncError):
        plan = read_plan(sealed(document))
        catalog = FakeCatalog(*LIVE)
        before = dict(catalog.objects)
        event("read")
        with contextlib.suppress(KaitenSyncError):
            apply_plan(plan, catalog, progress=NoProgress(), is_stopped=lambda: False, workers=1)
        for address in before.keys() | catalog.objects.keys():
            there, now = before.get(address), catalog.objects.get(address)
            assert there == now or _is_shown(plan, there, now), address


def _is_shown(plan: Plan, before: LiveResource | None, after: LiveResource | None) -> bool:
    """Whether a plan shows what became of an object, but for what a server does by itself."""
    found = after or before
    assert found is not None
    changes = [each for each in plan.changes if each.address == found.address]
    if after is None:
        return any(each.action == Action.DELETE for each in changes)
    shown = {field.name: field.after for each in changes for field in each.fields}
    specs, old = spec_of(found.address.kind).fields, before.fields if before else {}
    return all(
        is_same(value, shown.get(name, ABSENT))
        or (before is None and name not in shown)  # the default of the server
        or bool(specs[name].one_per)  # which a server takes from a sibling
        for name, value in after.fields.items()
        if not is_same(value, old.get(name, ABSENT))
    )


@settings(max_examples=80)
@given(document=st.sampled_from(EXAMPLES).flatmap(mutated))
def test_a_changed_plan_is_shown_or_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], document: Any
) -> None:
    path = tmp_path / "changed.plan.json"
    try:
        path.write_bytes(sealed(document))
    except (ValueError, OverflowError):  # no JSON of ours: it is refused for its seal
        path.write_text(json.dumps(document), encoding="utf-8")
    for output_format in ("text", "markdown", "html"):
        code = run(["show", str(path), "--format", output_format])
        said = capsys.readouterr()
        _is_said(code, {0, 4}, said.err)
        assert not set("\x1b\u202e\u200b").intersection(said.out)


CATALOG = """\
version: 1
groups: {quotas: {name: Quotas}, extra: {name: Extra}}
licenses: {growth: {name: Growth, type: PAID}}
"""
PLANS = {name: f"plans/{name}.plan.json" for name in ("staging", "prod")}
SERVER = Liar()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project whose prod waits for staging, which is applied; the server knows no token now."""
    folder = tmp_path_factory.mktemp("promoted")
    (folder / "catalog.yaml").write_text(CATALOG, encoding="utf-8")
    (folder / "plans").mkdir()
    SERVER.reset()
    with scripted(SERVER.answer) as server, pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("TOKEN", "ksh_a-token")
        target = {"url": server.url, "token": {"env": "TOKEN"}}
        targets = {"staging": target, "prod": {**target, "after": ["staging"]}}
        project = {"version": 1, "catalog": ["catalog.yaml"], "targets": targets}
        (folder / "kaiten-sync.yaml").write_text(json.dumps(project), encoding="utf-8")
        for name, path in PLANS.items():
            assert run(["plan", "-t", name, "-o", path]) == 0
        assert run(["apply", PLANS["staging"], "--receipt", "receipt.json"]) == 0
        SERVER.lie = lambda _method, _path, _reply: Reply(status=401)
        yield folder
        SERVER.lie = Liar.lie


def _proof(receipt: Any) -> Any:
    """What a receipt proves: which plan was applied where, and how each of its changes ended."""
    outcomes = {(each["id"], each["status"]) for each in receipt["outcomes"]}
    return receipt["target"], receipt["planDigest"], receipt["state"], outcomes


@settings(max_examples=80)
@given(data=st.data())
def test_a_changed_receipt_proves_the_same_or_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str], data: st.DataObject
) -> None:
    """The right one leads to the server, which refuses the token."""
    receipt = json.loads((folder / "receipt.json").read_text(encoding="utf-8"))
    changed = data.draw(st.just(receipt) | mutated(receipt))
    (folder / "changed.json").write_text(json.dumps(changed), encoding="utf-8")
    code = run(["apply", PLANS["prod"], "--after-receipt", "changed.json"])
    said = capsys.readouterr().err
    _is_said(code, {3, 4, 6}, said)
    # Without a receipt of staging, staging itself is asked.
    is_taken = code == 6 and "prod waits for staging" not in said
    assert is_taken or changed != receipt
    assert not is_taken or _proof(changed) == _proof(receipt)


@settings(max_examples=80)
@given(data=st.data())
def test_a_changed_project_file_is_read_or_diagnosed(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], data: st.DataObject
) -> None:
    project = json.loads((folder / "kaiten-sync.yaml").read_text(encoding="utf-8")) | MORE
    path = tmp_path / "kaiten-sync.yaml"
    path.write_text(json.dumps(data.draw(mutated(project))), encoding="utf-8")
    code = run(["plan", "-t", "prod", "--project", str(path)])
    _is_said(code, {3, 6}, capsys.readouterr().err)


MORE = {
    "scope": {"licenses": ["*", "!legacy-*"]},
    "policy": {"prune": "owned", "maxDeletes": "30%", "maxUpdates": 5, "onTighten": "refuse"},
}


def _is_said(code: int, codes: set[int], text: str) -> None:
    event(f"code {code}")
    assert code in codes, text
    assert "this is a bug" not in text
    assert not set("\x1b\u202e").intersection(text)
    assert len(text) < LONGEST
    assert code == 0 or "  help: " in text or "error[" in text, text
