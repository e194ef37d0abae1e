"""Reading a live catalog: what is needed, whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Barrier, Event

import pytest
from tests.fakes.catalog import FakeCatalog, live
from tests.support.processes import HANG_S
from tests.support.values import address, declared, desired

from kaiten_sync.errors import DeclarationError, IncompleteReadingError, UnreachableError
from kaiten_sync.kinds.entitlement import ENTITLEMENT
from kaiten_sync.kinds.grant import GRANT
from kaiten_sync.kinds.group import GROUP
from kaiten_sync.kinds.license import LICENSE
from kaiten_sync.live.need import Need, need_of_everything, need_of_plan
from kaiten_sync.live.read import read_live
from kaiten_sync.model.address import Address, ChildList, Kind
from kaiten_sync.model.ports import NoProgress
from kaiten_sync.model.resource import LiveResource, Resource
from kaiten_sync.model.settings import Prune, Scope

CALLS = declared("license/growth/grant/calls", value=1)


def grants(license_slug: str) -> ChildList:
    return ChildList(address(f"license/{license_slug}"), GRANT.kind)


@pytest.mark.parametrize(
    ("resources", "kinds", "granting"),
    [
        ([], set(), set()),
        ([declared("group/g1", name="G")], {GROUP.kind}, set()),
        ([declared("entitlement/e1", name="E")], {ENTITLEMENT.kind}, set()),
        (
            [declared("entitlement/e1", name="E", groups=["g1"])],
            {GROUP.kind, ENTITLEMENT.kind},
            set(),
        ),
        ([declared("license/l1", name="L")], {LICENSE.kind}, set()),
        ([CALLS], {ENTITLEMENT.kind, LICENSE.kind}, {"growth"}),
    ],
)
def test_a_plan_needs_what_it_touches(
    resources: list[Resource], kinds: set[Kind], granting: set[str]
) -> None:
    need = need_of_plan(desired(*resources), Prune.NEVER)
    assert need == Need(kinds=frozenset(kinds), lists=frozenset(map(grants, granting)))


def test_pruning_needs_everything() -> None:
    assert need_of_plan(desired(), Prune.ALL) == need_of_everything()


NOTHING: tuple[str, ...] = ()


@pytest.mark.parametrize(
    ("scope", "managed", "kinds"),
    [
        ({"license": NOTHING, "family": NOTHING}, (), {GROUP.kind, ENTITLEMENT.kind}),
        ({"license": NOTHING}, (), {GROUP.kind, ENTITLEMENT.kind, LICENSE.kind}),
        ({"entitlement": NOTHING}, (), {GROUP.kind, ENTITLEMENT.kind, LICENSE.kind}),
        (dict.fromkeys(("license", "family", "entitlement"), NOTHING), (), {GROUP.kind}),
        (dict.fromkeys(("license", "family", "entitlement", "group"), NOTHING), (), set()),
        (
            {"license": NOTHING, "family": NOTHING},
            (CALLS.address,),
            {GROUP.kind, ENTITLEMENT.kind, LICENSE.kind},
        ),
    ],
)
def test_kinds_that_are_not_ours_and_that_ours_do_not_refer_to_are_not_read(
    scope: dict[str, tuple[str, ...]], managed: tuple[Address, ...], kinds: set[Kind]
) -> None:
    assert need_of_everything(None, Scope(scope), managed).kinds == kinds
    pruning = need_of_plan(desired(), Prune.ALL, managed, scope=Scope(scope))
    assert pruning.kinds == kinds


def test_grants_of_licenses_out_of_scope_are_not_read() -> None:
    catalog = FakeCatalog(live("license/legacy", name="L"), live("license/new", name="N"))
    found = read_live(catalog, need_of_everything(), Scope({"license": ("!legacy",)}), NoProgress())
    assert found.coverage.lists == {grants("new")}
    assert "list grants of legacy" not in catalog.calls


@pytest.mark.parametrize("connections", [1, 3])
def test_as_much_is_read_side_by_side_as_there_are_connections(connections: int) -> None:
    all_here = Barrier(connections)

    class Counting(FakeCatalog):
        reading = most = 0

        def list_children(self, children: ChildList) -> Sequence[LiveResource] | None:
            with self._lock:
                self.reading += 1
                self.most = max(self.most, self.reading)
            all_here.wait(HANG_S)
            with self._lock:
                self.reading -= 1
            return super().list_children(children)

    licenses = [live(f"license/l{number}", name="L") for number in range(6)]
    catalog = Counting(*licenses, connections=connections)
    read_live(catalog, need_of_everything(), Scope(), NoProgress())
    assert catalog.most == connections


def test_what_is_asked_beside_the_kinds_waits_for_none_of_them() -> None:
    all_here = Barrier(2)

    class Meeting(FakeCatalog):
        def list_kind(self, kind: Kind) -> Sequence[LiveResource]:
            all_here.wait(HANG_S)
            return super().list_kind(kind)

    catalog, need = Meeting(connections=2), Need(kinds=frozenset({LICENSE.kind}))
    read_live(catalog, need, Scope(), NoProgress(), lambda: all_here.wait(HANG_S))
    assert all_here.n_waiting == 0


@pytest.mark.parametrize("connections", [1, 8])
def test_what_is_wrong_beside_the_kinds_is_said_and_nothing_more_read(connections: int) -> None:
    def refuse() -> None:
        raise DeclarationError([])

    growth = live("license/growth", name="G")
    catalog = FakeCatalog(
        growth, fails={"list license": UnreachableError("gone")}, connections=connections
    )
    with pytest.raises(DeclarationError):
        read_live(catalog, need_of_everything(), Scope(), NoProgress(), refuse)
    assert not any(call.startswith("list grants") for call in catalog.calls)


def test_what_needs_no_answer_is_computed_while_grants_are_awaited() -> None:
    is_computed = Event()

    class Slow(FakeCatalog):
        def list_children(self, children: ChildList) -> Sequence[LiveResource] | None:
            assert is_computed.wait(HANG_S), "the grants were awaited first"
            return super().list_children(children)

    catalog = Slow(live("license/growth", name="G"))
    read_live(catalog, need_of_everything(), Scope(), NoProgress(), meanwhile=is_computed.set)


def test_a_license_that_disappears_while_reading_makes_the_reading_incomplete() -> None:
    class Vanishing(FakeCatalog):
        def list_children(self, children: ChildList) -> Sequence[LiveResource] | None:
            self.objects.pop(children.parent, None)
            return super().list_children(children)

    catalog = Vanishing(live("license/growth", name="G"))
    with pytest.raises(IncompleteReadingError, match="license/growth disappeared"):
        read_live(catalog, need_of_everything(), Scope(), NoProgress())


def test_one_failure_stops_the_reading() -> None:
    licenses = [live(f"license/l{i:03}", name="L") for i in range(200)]
    catalog = FakeCatalog(*licenses, fails={"list grants of l000": UnreachableError("gone")})
    with pytest.raises(UnreachableError):
        read_live(catalog, need_of_everything(), Scope(), NoProgress())
    assert len(catalog.calls) < 200


def test_a_version_is_named_by_the_family_that_its_first_version_opened() -> None:
    first = live("license/growth", name="G", version="1")
    second = live("license/growth-v2", name="G", version="2").changed(family_id=first.family_id)
    stranger = live("license/other-v2", name="O", version="2")
    catalog = FakeCatalog(first, second, stranger)
    found = read_live(catalog, need_of_everything(), Scope(), NoProgress()).resources
    assert found[second.address].fields["familySlug"] == "growth"
    assert "familySlug" not in found[stranger.address].fields
