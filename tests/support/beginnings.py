"""Where a scenario begins: made once, and brought back for each of the cases that begin there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

from tests.support.embedded import EmbeddedServer
from tests.support.fault_proxy import FaultProxy
from tests.support.scenarios import TARGET, Scenario, plan_for, prepare
from tests.support.values import desired

from kaiten_sync.api.catalog import HttpCatalog
from kaiten_sync.api.settings import ConnectionSettings
from kaiten_sync.model.address import Address
from kaiten_sync.model.plan import Plan, TargetRef
from kaiten_sync.model.ports import NoProgress
from kaiten_sync.model.resource import LiveResource, Resource
from kaiten_sync.model.settings import Scope
from kaiten_sync.pipeline import read_catalog


@dataclass(frozen=True)
class Beginning:
    """An organization as a scenario begins, a client that nothing hurts, and what is to do."""

    scenario: Scenario
    bystanders: Sequence[Resource]
    token: str
    catalog: HttpCatalog
    plan: Plan
    others: Mapping[Address, LiveResource]
    """Everything that the plan does not change."""

    saved: sqlite3.Connection

    def is_finished(self) -> bool:
        """Whether nothing is left to do, and all else is as it was."""
        wanted = desired(*self.bystanders, *self.scenario.after)
        left = plan_for(wanted, self.catalog, self.plan.target)
        return left.is_empty and beside(self.plan, self.catalog) == self.others


class Beginnings:
    """The beginnings of scenarios on one server, whose requests all come through the proxy."""

    def __init__(
        self,
        server: EmbeddedServer,
        proxy: FaultProxy,
        bystanders: Sequence[Resource],
        target: TargetRef,
        stack: ExitStack,
    ) -> None:
        self._server = server
        self._proxy = proxy
        self._bystanders = bystanders
        self._target = target
        self._known: dict[int, Beginning] = {}
        self._stack = stack

    def of(self, scenario: Scenario) -> Beginning:
        """Bring the server there; what it has for other scenarios may be gone."""
        self._proxy.wait_until_idle()
        known = self._known.get(id(scenario))
        if known is not None:
            self._server.restore(known.saved)
            return known
        return self._known.setdefault(id(scenario), self._made(scenario))

    def _made(self, scenario: Scenario) -> Beginning:
        token = self._server.new_organization()
        settings = ConnectionSettings(url=self._server.url, token=token)
        catalog = self._stack.enter_context(HttpCatalog(settings))
        prepare([*self._bystanders, *scenario.before], catalog)
        plan = plan_for(desired(*self._bystanders, *scenario.after), catalog, self._target)
        saved = self._stack.enter_context(closing(self._server.saved()))
        others = beside(plan, catalog)
        return Beginning(scenario, self._bystanders, token, catalog, plan, others, saved)


@contextmanager
def beginnings(
    server: EmbeddedServer,
    proxy: FaultProxy,
    *,
    bystanders: Sequence[Resource] = (),
    target: TargetRef = TARGET,
) -> Iterator[Beginnings]:
    """The beginnings of plans for this target, beside objects that none of them is about."""
    with ExitStack() as stack:
        yield Beginnings(server, proxy, bystanders, target, stack)


def beside(plan: Plan, catalog: HttpCatalog) -> Mapping[Address, LiveResource]:
    """Everything that the plan does not change, as it is now."""
    found = read_catalog(catalog, scope=Scope(), progress=NoProgress()).resources
    changed = {change.address for change in plan.changes}
    return {a: resource for a, resource in found.items() if a not in changed}
