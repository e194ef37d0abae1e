"""Whatever one change ends with, every change has an outcome, and the run its end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.fakes.catalog import FakeCatalog, live
from tests.support.scenarios import EVERYTHING
from tests.support.values import declared, desired, live_state, proposal

from kaiten_sync.bootstrap import local_ports
from kaiten_sync.cli.exit_codes import ExitCode, code_of_apply
from kaiten_sync.errors import StoppedError
from kaiten_sync.jobs.receipt import Receipt
from kaiten_sync.model.address import Address, ChildList
from kaiten_sync.model.change import Action, Change, change_id
from kaiten_sync.model.outcome import ApplyResult, Status
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.ports import NeverStopped, NoNotices, NoProgress
from kaiten_sync.model.resource import LiveResource
from kaiten_sync.model.value import Fields
from kaiten_sync.pipeline import apply_plan

WANTED = desired(
    *(declared(f"group/g{n}", name=f"G{n}") for n in range(4)),
    declared("entitlement/calls", name="Calls", type="NUMBER"),
    declared("license/growth", name="Growth", type="PAID"),
    declared("license/growth/grant/calls", value=5),
)
PLAN = proposal(WANTED, live_state(), EVERYTHING).plan

ERRORS = [
    TypeError("unhashable type: 'list'"),
    RecursionError("maximum recursion depth exceeded"),
    OverflowError("int too large to convert to float"),
    KeyError("slug"),
    ValueError("Exceeds the limit (4300 digits) for integer string conversion"),
    MemoryError(),
    UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"),
]


class Broken(FakeCatalog):
    """Raises an error of Python's own where it creates or lists something."""

    def __init__(self, where: str, error: Exception, *objects: LiveResource) -> None:
        super().__init__(*objects)
        self._where, self._error = where, error

    def create(self, address: Address, fields: Fields) -> bool:
        if self._where == f"create {address}":
            raise self._error
        return super().create(address, fields)

    def list_children(self, children: ChildList) -> list[LiveResource] | None:
        if self._where == f"list {children.parent}" and children.parent in self.objects:
            raise self._error
        found = super().list_children(children)
        return None if found is None else list(found)


def apply(catalog: FakeCatalog, plan: Plan = PLAN, receipt: Path | None = None) -> ApplyResult:
    ports = local_ports(notices=NoNotices(), progress=NoProgress(), stop=NeverStopped())
    journal = None if receipt is None else Receipt(str(receipt), plan, ports)
    result = apply_plan(
        plan,
        catalog,
        progress=NoProgress(),
        is_stopped=lambda: False,
        journal=journal,
        workers=1,
    )
    if journal is not None:
        journal.close(result)
    return result


@pytest.mark.parametrize("error", ERRORS, ids=lambda each: type(each).__name__)
@pytest.mark.parametrize("where", ["create entitlement/calls", "list license/growth"])
def test_any_error_ends_only_its_change(where: str, error: Exception, tmp_path: Path) -> None:
    result = apply(Broken(where, error), receipt=tmp_path / "receipt.json")
    by_id = {outcome.change_id: outcome for outcome in result.outcomes}
    assert len(by_id) == len(PLAN.changes)
    failed = [o for o in result.outcomes if o.status is Status.FAILED]
    assert failed
    assert all(type(error).__name__ in (o.message or "") for o in failed)
    assert by_id["create:group/g3"].status is Status.DONE
    assert by_id["publish:license/growth"].status is Status.BLOCKED
    assert code_of_apply(result) is ExitCode.PARTLY_APPLIED
    receipt = json.loads((tmp_path / "receipt.json").read_text())
    assert receipt["state"] == "incomplete"
    assert len(receipt["outcomes"]) == len(PLAN.changes)


def test_what_failed_after_it_was_written_is_partly_applied() -> None:
    plan = proposal(
        desired(declared("license/growth/grant/calls", value=5)),
        live_state(
            live("entitlement/calls", name="Calls", type="NUMBER"),
            live("license/growth", name="Growth", type="PAID"),
        ),
    ).plan

    class Late(FakeCatalog):
        def list_children(self, children: ChildList) -> list[LiveResource] | None:
            found = list(super().list_children(children) or ())
            return [each.changed(fields={"value": 7}) for each in found]

    catalog = Late(
        live("entitlement/calls", name="Calls", type="NUMBER"),
        live("license/growth", name="Growth", type="PAID"),
    )
    result = apply(catalog, plan)
    assert [o.status for o in result.outcomes] == [Status.FAILED]
    assert code_of_apply(result) is ExitCode.PARTLY_APPLIED


def test_a_long_chain_of_changes_is_blocked_to_its_end() -> None:
    def change(n: int) -> Change:
        [made] = proposal(desired(declared(f"group/g{n}", name="G")), live_state()).plan.changes
        first = change_id(Action.CREATE, made.address)
        assert made.id == first
        return made.changed(depends_on=(f"create:group/g{n - 1}",) if n > 10 else ())

    changes = tuple(change(n) for n in range(10, 1510))
    observed = proposal(
        desired(*(declared(f"group/g{n}", name="G") for n in range(10, 1510))), live_state()
    ).plan.observed
    plan = PLAN.changed(changes=changes, observed=observed)
    result = apply(Broken("create group/g10", TypeError("odd")), plan)
    statuses = [outcome.status for outcome in result.outcomes]
    assert statuses == [Status.FAILED, *[Status.BLOCKED] * 1499]


def test_half_a_surrogate_pair_from_the_server_is_written_as_an_escape(tmp_path: Path) -> None:
    result = apply(
        Broken("create entitlement/calls", TypeError("bad \ud800 name")),
        receipt=tmp_path / "receipt.json",
    )
    assert not result.is_complete
    receipt = json.loads((tmp_path / "receipt.json").read_bytes())
    assert any("bad \ud800 name" in (o["message"] or "") for o in receipt["outcomes"])


@pytest.mark.parametrize("workers", [1, 8])
def test_what_the_server_turns_away_until_a_stop_is_not_tried(workers: int) -> None:
    """And the grants that were sent are verified all the same."""
    wanted = desired(
        *(declared(f"entitlement/e{n}x", name="E", type="BOOLEAN") for n in range(3)),
        declared("license/growth", name="Growth", type="PAID"),
        *(declared(f"license/growth/grant/e{n}x", value=True) for n in range(3)),
    )
    plan = proposal(wanted, live_state(), EVERYTHING).plan
    catalog = Broken("create license/growth/grant/e2x", StoppedError("not sent"))
    result = apply_plan(
        plan, catalog, progress=NoProgress(), is_stopped=lambda: False, workers=workers
    )
    ended = {outcome.change_id: outcome.status for outcome in result.outcomes}
    assert ended["create:license/growth/grant/e0x"] == Status.DONE
    assert ended["create:license/growth/grant/e2x"] == Status.NOT_TRIED
    assert ended["publish:license/growth"] == Status.NOT_TRIED
    assert {*ended.values()} == {Status.DONE, Status.NOT_TRIED}
    assert (result.interrupted, result.access_error) == (True, None)
    assert code_of_apply(result) == ExitCode.INTERRUPTED
