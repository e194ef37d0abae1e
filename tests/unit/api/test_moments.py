"""Times of a server whose clock is not this machine's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from tests.support.scripted import Reply, scripted

from kaiten_sync.api.catalog import HttpCatalog
from kaiten_sync.api.moments import clock_ahead, zoned
from kaiten_sync.api.settings import ConnectionSettings
from kaiten_sync.impact import used_now


@pytest.mark.parametrize("end", ["T01:00:00Z", "T01:00:00.000+00:00", "T00:00:00-01:00"])
@pytest.mark.parametrize(("server_time", "counts"), [("00:30", 40), ("01:30", 0)])
@pytest.mark.parametrize("year", [2020, 2090])
def test_whether_a_window_has_ended_is_for_the_clock_of_the_server_to_say(
    year: int, server_time: str, counts: float, end: str
) -> None:
    """With a clock that is ahead of it, whoever is over would seem to have used nothing."""
    counter = {
        "entitlementSlug": "calls",
        "value": {"type": "number", "value": 40},
        "currentPeriodStart": f"{year}-03-02T00:00:00Z",
        "currentPeriodEnd": f"{year}-03-02{end}",
    }
    sent = datetime.fromisoformat(f"{year}-03-02T{server_time}:00Z")
    headers = {"date": format_datetime(sent, usegmt=True)}
    with (
        scripted(lambda _: Reply(body=[counter], headers=headers)) as server,
        HttpCatalog(ConnectionSettings(url=server.url)) as catalog,
    ):
        found = catalog.list_usage("acme")
    assert found is not None
    assert used_now(found[0], datetime.now(UTC)) == counts


@pytest.mark.parametrize(
    ("date", "ahead_s"),
    [
        ("Thu, 01 Jan 2026 00:00:00 GMT", 3600),
        ("Thu, 01 Jan 2026 02:00:00 GMT", -3600),
        ("Thu, 01 Jan 2026 00:59:58 GMT", 0),
        (None, 0),
        ("", 0),
        ("yesterday", 0),
        ("Mon, 30 Feb 2026 00:00:00 GMT", 0),
        ("Thu, 01 Jan 99999 00:00:00 GMT", 0),
    ],
)
def test_how_far_a_clock_is_ahead(date: str | None, ahead_s: int) -> None:
    now = datetime(2026, 1, 1, 1, tzinfo=UTC)
    assert clock_ahead(date, now) == timedelta(seconds=ahead_s)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
        ("2026-01-01T02:00:00+02:00", "2026-01-02T00:00:00Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        ("2026-01-01T00:00:00", None),
        ("soon", None),
        (7, None),
    ],
)
def test_a_time_is_moved_to_this_clock(text: object, found: str | None) -> None:
    wanted = None if found is None else datetime.fromisoformat(found)
    assert zoned(text, timedelta(days=1)) == wanted
