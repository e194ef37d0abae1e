"""Numbers and times on the dashboard: one spelling everywhere, and typed in any usual one."""

from __future__ import annotations

import math
import re
from types import SimpleNamespace

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.dash import Dash
from tests.support.embedded import EmbeddedServer
from tests.support.html import Html
from tests.support.metering import Meter, add_instance, metered, milliseconds
from tests.support.tenants import make

from kaiten_sync.licensing import Window
from kaiten_sync.server.dashboard.figures import (
    number_of,
    show_distance,
    show_end,
    show_number,
    show_overage,
    show_percent,
    show_start,
    spell_number,
    typed_amount,
    unit_names,
)

_MINUTE, _HOUR, _DAY = 60_000, 3_600_000, 86_400_000
_NOW = 1_800_000_000_000


@pytest.fixture
def meter(api: httpx.Client, server: EmbeddedServer) -> Meter:
    """An instance `main` with something to count."""
    metered_one = metered(api, server.database_url)
    metered_one.grant(10)
    return metered_one


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (0, "0"),
        (-0.0, "0"),
        (1750000, "1,750,000"),
        (1750000.0, "1,750,000"),
        (113400.00000000001, "113,400"),
        (99.9999999999986, "100"),
        (0.1 + 0.2, "0.3"),
        (5e-07, "0.0000005"),
        (-1234.5, "-1,234.5"),
        (2**53, "9,007,199,254,740,992"),
        (1e20, "100,000,000,000,000,000,000"),
        (1e300, "1 × 10³⁰⁰"),
        (-2.5e-300, "-2.5 × 10⁻³⁰⁰"),
        (5e-324, "4.94065645841 × 10⁻³²⁴"),
    ],
)
def test_a_number_is_shown_in_one_way(value: float | None, shown: str) -> None:
    assert show_number(value) == shown


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53))
def test_no_number_is_shown_with_an_exponent_of_a_program_or_far_from_itself(value: float) -> None:
    shown = show_number(value)
    assert not re.search("[eE]", shown)
    if "×" not in shown:
        assert math.isclose(float(shown.replace(",", "")), value, rel_tol=1e-11)


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53))
def test_a_number_that_is_sent_as_it_is_spelled_is_the_same(value: float) -> None:
    assert float(number_of(spell_number(value))) == float(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1000", 1000),
        ("1,000", 1000),
        (" 1,000,000.5 ", 1000000.5),
        ("-12,345", -12345),
        ("1_000", 1000),
        ("1 000 000", 1000000),
        ("1\u202f000", 1000),
        ("1\u00a0000", 1000),
        ("0.5", 0.5),
        ("1e3", 1000),
    ],
)
def test_a_number_is_typed_with_or_without_groups(text: str, value: float) -> None:
    assert number_of(text) == value


BYTES, CALLS = ("byte", "bytes"), ("call", "calls")


@pytest.mark.parametrize(
    ("text", "units", "value"),
    [
        ("50k", (), 50_000),
        ("1.5M", CALLS, 1_500_000),
        ("10GB", BYTES, 10**10),
        ("10\u202fGB", BYTES, 10**10),
        ("3 GiB", BYTES, 3 * 2**30),
        ("5,000 calls", CALLS, 5000),
        ("5k calls", CALLS, 5000),
        ("500 MB", ("GB", "GB"), 0.5),
        ("20 %", ("%",), 20),
    ],
)
def test_a_number_is_typed_as_a_catalog_spells_it(
    text: str, units: tuple[str, ...], value: float
) -> None:
    assert number_of(text, units) == value


@pytest.mark.parametrize(
    ("text", "units", "meant"),
    [("50K", (), "50k"), ("10gb", BYTES, "10GB"), ("1.000.000", (), "1000000")],
)
def test_what_is_meant_is_proposed(text: str, units: tuple[str, ...], meant: str) -> None:
    with pytest.raises(ValueError, match=rf"did you mean {meant}\?"):
        number_of(text, units)


@given(
    st.integers(0, 2**53) | st.floats(0, 1e6),
    st.sampled_from([BYTES, CALLS, ("GB", "GB"), ("bit", "bits"), ("", "")]),
)
def test_an_amount_that_is_sent_as_it_is_shown_is_the_same(
    value: float, unit: tuple[str, str]
) -> None:
    of = SimpleNamespace(unit_singular=unit[0], unit_plural=unit[1])
    assert float(number_of(typed_amount(value, of), unit_names(of))) == float(value)


@pytest.mark.parametrize(
    "text",
    [
        *("", "1,00", "1,0000", "10,00,000", "1,000 000", ",100", "1,000,", "1.000.000", "0,5"),
        *("١٢٣,٤٥٦", "true", "lots", "1,000x", "[1]", "9,999e"),
    ],
)
def test_what_is_not_a_number_is_refused_and_never_guessed(text: str) -> None:
    with pytest.raises(ValueError, match=r"type a number, such as 1,000 or 0\.5"):
        number_of(text)


@pytest.mark.parametrize(
    ("ratio", "shown"),
    [
        *((None, "–"), (0, "0 %"), (0.9999999, "99 %"), (1, "100 %"), (0.3 / 0.1 / 3, "100 %")),
        *((-0.5, "-50 %"), (-0.005, "-1 %"), (12.345, "1,234 %")),
    ],
)
def test_a_ratio_is_shown_in_percent_and_rounded_down(ratio: float | None, shown: str) -> None:
    assert show_percent(ratio) == shown


@pytest.mark.parametrize(
    ("percent", "shown"), [(None, "–"), (-1, "–"), (0, "–"), (20, "20 %"), (32767, "32,767 %")]
)
def test_an_overage_is_shown_in_percent(percent: int | None, shown: str) -> None:
    assert show_overage(percent) == shown


@pytest.mark.parametrize(
    ("at_ms", "shown"),
    [
        (_NOW, "just now"),
        (_NOW - _MINUTE + 1, "just now"),
        (_NOW - _MINUTE, "1 minute ago"),
        (_NOW - 59 * _MINUTE, "59 minutes ago"),
        (_NOW - _HOUR, "1 hour ago"),
        (_NOW - 2 * _DAY - 5 * _HOUR, "2 days ago"),
        (_NOW + 1, "in a moment"),
        (_NOW + 3 * _DAY, "in 3 days"),
        (_NOW - 31 * _DAY, "2026-12-15"),
        (_NOW + 400 * _DAY, "2028-02-19"),
    ],
)
def test_a_time_is_shown_by_its_distance(at_ms: int, shown: str) -> None:
    assert show_distance(at_ms, _NOW) == shown


def test_every_place_shows_a_number_in_the_same_way(dash: Dash, meter: Meter) -> None:
    meter.grant(1750000, slug="calls-a-month")
    for part in (113399.9, 0.1, 0.00000000001):
        meter.count(part, slug="calls-a-month")
    pages = ("/instances/main", "/entitlements/calls-a-month/usage", "/licenses/growth")
    for path in (*pages, "/entitlements/calls-a-month/licenses", "/instances/main/delete"):
        text = Html(dash.see(path)).text.partition("The same without this page")[0]
        assert "1750000" not in text, path
        assert "113,400.0" not in text, path
    rows = {row[0]: row for row in Html(dash.see("/instances/main")).rows()}
    assert rows["calls-a-month"][3:5] == ["113,400", "1,750,000"]
    fields = Html(dash.see("/licenses/growth")).sendable("/licenses/growth/thresholds")
    assert fields["value:calls-a-month"] == ["1,750,000"]


def test_a_threshold_is_typed_as_it_is_shown(dash: Dash, meter: Meter) -> None:
    form = "/licenses/growth/thresholds"
    review = Html(dash.send(form, {"value:calls": "2,500,000.5"}).text)
    dash.do(form, {**review.sendable(form), "again": ""})
    granted = meter.api.get("/licenses/growth/entitlements/calls").json()
    assert granted["value"] == {"type": "number", "value": 2500000.5}


def test_times_are_shown_by_their_distance_with_the_exact_one_beside(
    dash: Dash, meter: Meter
) -> None:
    meter.count(1)
    times = Html(dash.see("/instances/main/audit")).all("time")
    assert [each.text for each in times][:1] == ["just now"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", times[0].get("title") or "")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", times[0].get("datetime") or "")


def test_where_nothing_is_people_can_still_go_elsewhere(dash: Dash) -> None:
    for path in (
        "/nothing-here",
        "/entitlements/nothing",
        "/static/nothing.css",
        "/licenses/x/y/z",
    ):
        page = Html(dash.see(path, status=404))
        assert page.has_link("Licenses"), path
        assert "Sign out" in page.text, path


def test_an_empty_organization_is_led_through_the_first_steps(dash: Dash) -> None:
    page = Html(dash.see("/"))
    assert page.link("Create an entitlement") == "/new/entitlement"
    assert page.link("Report usage, with the curl line on the instance's page") == "/instances"


def test_steps_lead_to_what_the_steps_before_made(dash: Dash, api: httpx.Client) -> None:
    attach, report = "Attach the entitlement to the license, with a threshold", "Report usage"
    make(api, "/licenses", name="Growth", type="PAID")
    assert Html(dash.see("/")).link(attach) == "/licenses/growth"
    add_instance(api)
    page = Html(dash.see("/"))
    assert page.link(f"{report}, with the curl line on the instance's page") == "/instances/main"


def test_steps_that_are_done_are_marked_and_all_of_them_disappear(dash: Dash, meter: Meter) -> None:
    page = Html(dash.see("/"))
    assert not page.has_link("Create an entitlement")
    assert "Create an entitlement done" in page.text
    assert page.has_link("Report usage, with the curl line on the instance's page")
    meter.count(1)
    assert "First steps" not in dash.see("/")


@pytest.mark.parametrize(
    ("starts", "ends", "shown"),
    [
        ("2024-03-31T01:00:00Z", "2024-03-31T02:00:00Z", "2024-03-31 01:00 to 02:00 UTC"),
        ("2024-03-31T23:30:00Z", "2024-04-01T00:30:00Z", "2024-03-31 23:30 to 00:30 UTC"),
        ("2024-03-31T00:00:00Z", "2024-04-01T00:00:00Z", "2024-03-31 to 2024-04-01"),
        ("2024-01-31T10:30:00Z", "2024-02-29T10:30:00Z", "2024-01-31 to 2024-02-29"),
    ],
)
def test_a_window_of_an_hour_has_times(starts: str, ends: str, shown: str) -> None:
    window = Window(milliseconds(starts), milliseconds(ends))
    assert f"{show_start(window)} to {show_end(window)}" == shown


def test_pages_show_the_hour_in_which_usage_counts(meter: Meter, dash: Dash) -> None:
    meter.grant(10, "hourly", resetPeriod="HOUR")
    reading = meter.count(1, slug="hourly")
    window = Window(
        milliseconds(reading["currentPeriodStart"]), milliseconds(reading["currentPeriodEnd"])
    )
    of_instance = Html(dash.see("/instances/main")).text
    assert f"{show_start(window)} to {show_end(window)}" in of_instance
    assert f"until {show_end(window)}" in Html(dash.see("/entitlements/hourly/usage")).text
