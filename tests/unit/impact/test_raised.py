"""Who has met a limit that a plan raises."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from tests.fakes.catalog import FakeCatalog

from kaiten_sync.errors import CredentialError, KaitenSyncError, ProblemError, ServerError
from kaiten_sync.impact import raised_limits, whom_to_ask
from kaiten_sync.kinds.addresses import parse_address
from kaiten_sync.live import read_refusals
from kaiten_sync.model.change import Action
from kaiten_sync.model.holder import Instance, Usage
from kaiten_sync.model.impact import Affected
from kaiten_sync.model.ports import NoProgress

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


def raised(threshold: float = 10, before: float = 12) -> Affected:
    return Affected(
        address=parse_address("license/growth/grant/seats"),
        action=Action.UPDATE,
        version="growth",
        entitlement="seats",
        is_metered=True,
        before=before,
        after=50,
        threshold=threshold,
    )


def instance(slug: str, license_slug: str = "growth") -> Instance:
    return Instance(slug=slug, name=slug, license=license_slug, customer="acme")


def seats(value: float, **more: float | datetime) -> Usage:
    return Usage(entitlement="seats", value=value, reports=1, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "usage", "is_at_limit"),
    [
        (raised(), seats(9), False),
        (raised(), seats(10), True),  # into the overage: the threshold is what is bought
        (raised(), seats(13), True),
        (raised(), seats(10, limit=20.0), False),  # an add-on
        (raised(), seats(10, limit=float("inf")), False),
        (raised(), seats(10, period_end=NOW), False),  # the window is over
        (raised(), seats(10, period_end=NOW + timedelta(seconds=1)), True),
        (raised(threshold=0, before=0), seats(0), False),
        (raised(), Usage(entitlement="calls", value=99, reports=1), False),
    ],
)
def test_who_uses_the_threshold_or_more_is_at_the_limit(
    change: Affected, usage: Usage, is_at_limit: bool
) -> None:
    asking = whom_to_ask([change], [instance("one")], seed="", budget=9)
    (found,) = raised_limits([change], asking, {"one": [usage]}, {}, NOW)
    assert found.at_limit == int(is_at_limit)


@pytest.mark.parametrize(
    ("refused", "count"),
    [
        ({}, 0),
        ({"one": ["seats"], "two": ["seats", "calls"]}, 2),
        ({"one": ["calls"]}, 0),
        ({"other": ["seats"]}, 0),
        (None, None),
    ],
)
def test_refusals_count_once_for_each_holder(
    refused: Mapping[str, Collection[str]] | None, count: int | None
) -> None:
    held = [instance("one"), instance("two"), instance("other", "free")]
    asking = whom_to_ask([raised()], held, seed="", budget=9)
    (found,) = raised_limits([raised()], asking, {}, refused, NOW)
    assert (found.holders, found.refused) == (2, count)


@pytest.mark.parametrize(
    "error",
    [
        ProblemError("GET /instances/one/audit-trails", status=404),
        ProblemError("GET /instances/one/audit-trails", status=422),
        ServerError("GET /instances/one/audit-trails: the answer is not a list"),
        CredentialError("the server refused the token"),
    ],
)
def test_a_server_that_does_not_tell_is_asked_once(error: KaitenSyncError) -> None:
    catalog = FakeCatalog(fails={"list refusals of one": error})
    names = ["one", "two", "three"]
    assert read_refusals(catalog, names, NOW, progress=NoProgress()) == (None, 1)
    assert catalog.calls == ["list refusals of one"]


def test_everybody_is_asked_once_where_the_server_tells() -> None:
    catalog = FakeCatalog()
    catalog.refusals = {"two": ["seats"]}
    found, sent = read_refusals(catalog, ["one", "two"], NOW, progress=NoProgress())
    assert (found, sent) == ({"one": (), "two": ["seats"]}, 2)
    assert len(catalog.calls) == 2
