"""A team for a while: git changes, somebody edits the server, plans are made, committed, applied.

In any order, on the real server: nothing is written that no plan contains, nothing is touched
that git never managed, and only what a plan before owned is ever deleted.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)
from tests.support.embedded import EmbeddedServer
from tests.support.values import declared, desired

from kaiten_sync.api.catalog import HttpCatalog
from kaiten_sync.api.settings import ConnectionSettings
from kaiten_sync.errors import ProblemError, StalePlanError
from kaiten_sync.kinds.addresses import grant_address, parse_address
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action
from kaiten_sync.model.outcome import Status
from kaiten_sync.model.plan import Plan, TargetRef
from kaiten_sync.model.ports import Look, NoProgress
from kaiten_sync.model.resource import DesiredState, LiveResource, Resource
from kaiten_sync.model.settings import Limit, Policy, Prune, Scope
from kaiten_sync.model.value import Fields
from kaiten_sync.pipeline import apply_plan, make_plan, read_catalog
from kaiten_sync.plan.plan_file import read_plan, write_plan

TARGET = TargetRef("team", "http://127.0.0.1")
OWNED = Policy(prune=Prune.OWNED, max_deletes=Limit(percent=100), max_updates=Limit(percent=100))
GROUPS = ("group/red", "group/blue")
ENTITLEMENTS = ("entitlement/calls", "entitlement/seats")
LICENSES = ("license/growth", "license/starter")
FOREIGN = ("group/foreign", "entitlement/foreign", "license/foreign")
NAMES = st.sampled_from(["One", "Two", "Three"])


class Recorder(HttpCatalog):
    """A client that keeps what it wrote."""

    def __init__(self, settings: ConnectionSettings) -> None:
        super().__init__(settings)
        self.written: list[tuple[Action, Address]] = []

    def create(self, address: Address, fields: Fields) -> bool:
        return self._note(Action.CREATE, address, super().create(address, fields))

    def update(self, address: Address, fields: Fields, look: Look) -> bool:
        return self._note(Action.UPDATE, address, super().update(address, fields, look))

    def delete(self, address: Address, look: Look) -> bool:
        return self._note(Action.DELETE, address, super().delete(address, look))

    def _note(self, action: Action, address: Address, has_written: bool) -> bool:
        if has_written:
            self.written.append((action, address))
        return has_written


class Team(RuleBasedStateMachine):
    """One organization on one server, one repository, two people."""

    plans = Bundle("plans")
    server: EmbeddedServer

    def __init__(self) -> None:
        super().__init__()
        token = self.server.new_organization()
        connection = ConnectionSettings(url=self.server.url, token=token)
        self.catalog = Recorder(connection)
        self.person = HttpCatalog(connection)
        self.git: dict[str, dict[str, Any]] = {}
        self.committed: bytes | None = None
        self.ever_declared: set[str] = set()
        for text in FOREIGN:
            self._add(text, "Theirs")
        self.foreign = self._foreign()

    def teardown(self) -> None:
        self.catalog._client.close()
        self.person._client.close()

    # -- git ----------------------------------------------------------------------------------

    @rule(text=st.sampled_from([*GROUPS, *ENTITLEMENTS, *LICENSES]), name=NAMES)
    def declare(self, text: str, name: str) -> None:
        self.git[text] = _plain_fields(text, name)

    @rule(
        license_=st.sampled_from(LICENSES),
        entitlement=st.sampled_from(ENTITLEMENTS),
        value=st.integers(0, 5),
    )
    def grant(self, license_: str, entitlement: str, value: int) -> None:
        if license_ in self.git and entitlement in self.git:
            self.git[f"{license_}/grant/{entitlement.split('/')[1]}"] = {"value": value}

    @rule(text=st.sampled_from([*GROUPS, *ENTITLEMENTS, *LICENSES]))
    def undeclare(self, text: str) -> None:
        kind, slug = text.split("/")
        for other in list(self.git):
            is_grant_of_it = other.startswith(f"{text}/grant/") or (
                kind == "entitlement" and other.endswith(f"/grant/{slug}")
            )
            if other == text or is_grant_of_it:
                del self.git[other]

    # -- the server, by hand ------------------------------------------------------------------

    @rule(text=st.sampled_from([*GROUPS, *ENTITLEMENTS, *LICENSES]), name=NAMES)
    def somebody_edits(self, text: str, name: str) -> None:
        address = parse_address(text)
        if self.person.get(address) is None:
            self._add(text, name)
        else:
            self.person.update(address, {"name": name}, lambda _: True)

    @rule(text=st.sampled_from([*GROUPS, *ENTITLEMENTS, *LICENSES]))
    def somebody_deletes(self, text: str) -> None:
        try:
            self.person.delete(parse_address(text), lambda _: True)
        except ProblemError as refused:
            if refused.status != 409:
                raise

    @rule(
        license_=st.sampled_from(LICENSES),
        entitlement=st.sampled_from(ENTITLEMENTS),
        value=st.integers(0, 5),
    )
    def somebody_grants(self, license_: str, entitlement: str, value: int) -> None:
        if self.person.get(parse_address(license_)) and self.person.get(parse_address(entitlement)):
            grant = grant_address(license_.split("/")[1], entitlement.split("/")[1])
            self.person.create(grant, {"value": value})

    # -- plans --------------------------------------------------------------------------------

    @rule(target=plans)
    def plan(self) -> bytes | None:
        previous = read_plan(self.committed) if self.committed else None
        proposal = make_plan(
            self._desired(),
            self.catalog,
            target=TARGET,
            scope=Scope(),
            policy=OWNED,
            progress=NoProgress(),
            previous=previous,
        )
        if proposal.refusals:
            return None
        self._check_ownership(proposal.plan, previous)
        self.committed = write_plan(proposal.plan)
        self.ever_declared |= set(self.git)
        return self.committed

    @precondition(lambda self: self.committed is not None)
    @rule(content=plans)
    def apply(self, content: bytes | None) -> None:
        if content is None:
            return
        plan = read_plan(content)
        self.catalog.written.clear()
        try:
            result = apply_plan(
                plan, self.catalog, progress=NoProgress(), is_stopped=lambda: False, workers=2
            )
        except StalePlanError:
            assert self.catalog.written == []
            return
        planned = {change.address for change in plan.changes}
        assert {address for _, address in self.catalog.written} <= planned
        assert {a for act, a in self.catalog.written if act == Action.DELETE} <= {
            change.address for change in plan.changes if change.action == Action.DELETE
        }
        if result.is_complete:
            self._check_done(plan)
        failed = [o for o in result.outcomes if o.status is Status.FAILED]
        assert all(outcome.message for outcome in failed)

    @invariant()
    def nothing_foreign_is_touched(self) -> None:
        assert self._foreign() == self.foreign

    # -- helpers ------------------------------------------------------------------------------

    def _desired(self) -> DesiredState:
        resources: list[Resource] = [declared(text, **fields) for text, fields in self.git.items()]
        owning = tuple(text.split("/")[1] for text in self.git if text in LICENSES)
        return desired(*resources, owns=owning)

    def _check_ownership(self, plan: Plan, previous: Plan | None) -> None:
        owned = set()
        if previous is not None:
            owned = set(previous.managed) | {
                c.address for c in previous.changes if c.action == Action.DELETE
            }
        for change in plan.changes:
            if change.action == Action.DELETE:
                assert change.address in owned
                assert str(change.address) not in self.git

    def _check_done(self, plan: Plan) -> None:
        """What the plan deletes is not there, and what it writes is."""
        last = {change.address: change.action for change in plan.changes}
        for address, action in last.items():
            assert (self.person.get(address) is None) == (action == Action.DELETE)

    def _foreign(self) -> Mapping[Address, LiveResource]:
        found = read_catalog(self.person, scope=Scope(), progress=NoProgress()).resources
        return {a: live for a, live in found.items() if a.slug == "foreign"}

    def _add(self, text: str, name: str) -> None:
        self.person.create(parse_address(text), _plain_fields(text, name))


def _plain_fields(text: str, name: str) -> dict[str, Any]:
    more = {"entitlement": {"type": "NUMBER"}, "license": {"type": "PAID"}}
    return {"name": name, **more.get(text.split("/")[0], {})}


def test_a_team_for_a_while() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedServer(Path(folder)) as server,
    ):
        Team.server = server
        from hypothesis.stateful import run_state_machine_as_test

        run_state_machine_as_test(
            Team,
            settings=settings(
                max_examples=18,
                stateful_step_count=30,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
