"""Reports of usage and what they leave behind, over HTTP. Source: API facts, section 1."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.support.embedded import EmbeddedServer
from tests.support.metering import Meter, client, done, metered, pair, path

CODE = "ReportEntitlementUsageMetric"
MANY = 2**31 - 1


@pytest.fixture
def meter(server: EmbeddedServer, api: httpx.Client) -> Meter:
    return metered(api, server.database_url)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    return answer.status_code, body["code"].removeprefix(f"{CODE}.")


class TestFolding:
    @pytest.mark.parametrize(
        ("method", "values", "expected"),
        [
            ("SUM", [1, 2.5, -1], 2.5),
            ("COUNT", [7, -3, 0], 3),
            ("AVERAGE", [60, 40, 20], 40),
            ("MAX", [3, 8, 5], 8),
            ("MAX", [-3, -8], 0),
            ("MIN", [5, 7], 0),
            ("MIN", [5, -7, -2], -7),
            ("LATEST", [5, 7, 6], 6),
        ],
    )
    def test_appends_are_folded(
        self, meter: Meter, method: str, values: list[float], expected: float
    ) -> None:
        meter.grant(-1, aggregationMethod=method)
        assert meter.total(*values) == (expected, len(values))

    def test_a_set_overwrites_and_counts_as_one_report(self, meter: Meter) -> None:
        meter.grant(-1, aggregationMethod="AVERAGE")
        assert meter.total(10, 20, 30) == (20, 3)
        assert meter.total(60, behavior="set") == (60, 1)
        assert meter.total(40) == (50, 2)

    def test_a_minimum_can_be_given_a_start(self, meter: Meter) -> None:
        meter.grant(-1, aggregationMethod="MIN")
        assert meter.total(9, behavior="set") == (9, 1)
        assert meter.total(5, 7) == (5, 3)

    def test_ai_credits_are_numbers(self, meter: Meter) -> None:
        meter.grant(10, type="NUMBER_AI_CREDIT")
        assert meter.total(4, 5) == (9, 2)

    def test_the_event_count_stops_where_its_type_ends(self, meter: Meter) -> None:
        meter.grant(-1)
        meter.count(1)
        meter.write_counter(event_count=MANY - 1)
        assert meter.total(1) == (2, MANY)
        assert meter.total(1) == (3, MANY)


class TestLimits:
    @pytest.mark.parametrize(
        ("cap", "overage", "accepted", "refused"),
        [
            (10, None, 10, 10.000001),
            (10, 50, 15, 15.000001),
            (0, None, 0, 0.1),
            (2.5, 10, 2.75, 2.76),
            (-5, None, -5, 0),
        ],
    )
    def test_the_maximum_itself_is_accepted(
        self, meter: Meter, cap: float, overage: int | None, accepted: float, refused: float
    ) -> None:
        meter.grant(cap, overage=overage)
        meter.count(accepted, behavior="set")
        answer = meter.report(refused, behavior="set")
        assert refusal(answer) == (409, "ThresholdExceeded")
        assert pair(meter.read()) == (accepted, 1)

    def test_unlimited_is_unlimited(self, meter: Meter) -> None:
        meter.grant(-1, warningThresholdPercent=50)
        assert meter.total(1e300, 1) == (1e300, 2)
        assert meter.names() == ["USAGE_REPORT_ACCEPTED"] * 2

    def test_above_a_lowered_maximum_only_a_way_below_it_is_accepted(self, meter: Meter) -> None:
        meter.grant(100)
        meter.count(90)
        meter.regrant(50)
        for value in (0, -10):
            assert refusal(meter.report(value)) == (409, "ThresholdExceeded")
        assert meter.total(-40) == (50, 2)
        meter.regrant(20)
        assert meter.total(20, behavior="set") == (20, 1)

    def test_a_sum_can_go_below_zero(self, meter: Meter) -> None:
        meter.grant(10)
        assert meter.total(-4) == (-4, 1)

    def test_dates_and_states_do_not_matter(self, meter: Meter) -> None:
        meter.grant(10)
        done(meter.api.post("/licenses/growth/archive"))
        meter.write_instance(status="INCIDENT", start_license_date=1, end_license_date=2)
        assert meter.total(1) == (1, 1)

    @pytest.mark.parametrize("cap", [-1, 1e308])
    def test_a_result_that_is_no_number_is_refused_and_leaves_nothing(
        self, meter: Meter, cap: float
    ) -> None:
        meter.grant(cap)
        meter.count(1e308)
        assert refusal(meter.report(1e308)) == (422, "NotFinite")
        assert pair(meter.read()) == (1e308, 1)
        assert meter.names().count("USAGE_REPORT_REJECTED") == 0

    def test_an_average_is_refused_where_its_sum_is_no_number(self, meter: Meter) -> None:
        meter.grant(-1, aggregationMethod="AVERAGE")
        assert meter.total(1e308) == (1e308, 1)
        assert refusal(meter.report(1e308)) == (422, "NotFinite")


class TestEvents:
    def test_an_accepted_report_tells_what_was_reported(self, meter: Meter) -> None:
        meter.grant(10)
        meter.count(2, 3.5)
        *_, last = meter.usage_events()
        assert last.name == "ENTITLEMENT_USAGE_REPORT_ACCEPTED"
        assert last.type == "com.kaiten.instance.entitlement.v1.usage_report_accepted"
        assert last.instance_slug == "main"
        assert last.payload == {
            "entitlement_slug": "calls",
            "value": 3.5,
            "behavior": "append",
            "event_count": 2,
            "status": "ACCEPTED",
        }

    def test_a_refused_report_tells_what_it_would_have_been(self, meter: Meter) -> None:
        meter.grant(10)
        meter.count(2)
        assert refusal(meter.report(9)) == (409, "ThresholdExceeded")
        *_, last = meter.usage_events()
        assert last.name == "ENTITLEMENT_USAGE_REPORT_REJECTED"
        assert last.payload == {
            "entitlement_slug": "calls",
            "value": 9,
            "behavior": "append",
            "event_count": 2,
            "status": "REJECTED",
        }
        assert [counter.report_seq for counter in meter.counters()] == [1]

    @pytest.mark.parametrize(
        ("reports", "expected"),
        [
            ([10], ["USAGE_REACHED"]),
            ([9, 2], ["CAP_EXCEEDED"]),
            ([9, 1, 1], ["USAGE_REACHED"]),
            ([10, 0, 0], ["USAGE_REACHED"] * 3),
            ([11, 1], ["CAP_EXCEEDED"]),
            ([11, -2, 3], ["CAP_EXCEEDED"] * 2),
            ([5, 4], []),
        ],
    )
    def test_the_cap_is_told_of_as_upstream_does(
        self, meter: Meter, reports: list[float], expected: list[str]
    ) -> None:
        meter.grant(10, overage=100)
        meter.count(*reports)
        names = [name for name in meter.names() if name != "USAGE_REPORT_ACCEPTED"]
        assert names == expected

    def test_a_hard_limit_is_never_exceeded(self, meter: Meter) -> None:
        meter.grant(10)
        meter.report(11)
        assert meter.names() == ["USAGE_REPORT_REJECTED"]

    def test_reached_carries_the_usage_itself(self, meter: Meter) -> None:
        meter.grant(10)
        usage = meter.count(10)
        reached = next(row for row in meter.usage_events() if row.name.endswith("USAGE_REACHED"))
        assert reached.payload == usage

    def test_exceeded_carries_the_overage(self, meter: Meter) -> None:
        meter.grant(10, overage=50)
        meter.count(12.5)
        exceeded = next(row for row in meter.usage_events() if row.name.endswith("CAP_EXCEEDED"))
        assert exceeded.payload == {
            "entitlement_slug": "calls",
            "threshold": 10,
            "value": 12.5,
            "overage": 2.5,
        }

    def test_a_warning_fires_once_per_rise(self, meter: Meter) -> None:
        meter.grant(10, warningThresholdPercent=75)
        meter.count(7)
        meter.count(1, 1)
        meter.count(2, behavior="set")
        meter.count(6)
        warnings = [row.payload for row in meter.usage_events() if "WARNING_THRESHOLD" in row.name]
        shared = {"entitlement_slug": "calls", "threshold": 10, "boundary": 7.5}
        assert warnings == [{**shared, "value": 8}, {**shared, "value": 8}]

    @pytest.mark.parametrize(("value", "cap_event"), [(10, "USAGE_REACHED"), (11, "CAP_EXCEEDED")])
    def test_everything_at_once_has_its_order(
        self, meter: Meter, value: float, cap_event: str
    ) -> None:
        meter.grant(10, overage=50, warningThresholdPercent=100)
        meter.count(value)
        assert meter.names() == [
            "USAGE_REPORT_ACCEPTED",
            cap_event,
            "USAGE_WARNING_THRESHOLD_REACHED",
        ]

    def test_metadata_is_taken_and_kept_nowhere(self, meter: Meter) -> None:
        meter.grant(10)
        meter.count(1, metadata={"order": "number 4711"}, transactionId="one")
        assert "number 4711" not in str([*meter.events(), *meter.counters(), *meter.reports()])


class TestBodies:
    @pytest.mark.parametrize("value", [42, 42.5, {"type": "number", "value": 42}])
    def test_a_number_may_be_plain_or_tagged(self, meter: Meter, value: Any) -> None:
        meter.grant(-1)
        assert meter.count(value)["value"]["type"] == "number"

    def test_what_is_read_only_in_a_value_is_dropped(self, meter: Meter) -> None:
        meter.grant(-1)
        assert meter.total({"type": "number", "value": 1, "event_count": 50}) == (1, 1)

    @pytest.mark.parametrize(
        "value", [{"type": "boolean", "value": True}, {"type": "object", "value": {}}]
    )
    def test_other_values_cannot_be_reported(self, meter: Meter, value: Any) -> None:
        meter.grant(10)
        assert refusal(meter.report(value)) == (422, "InvalidValueType")

    @pytest.mark.parametrize(
        ("body", "location", "message"),
        [
            ({"value": "42"}, "body.value", "expected number or object"),
            ({"value": True}, "body.value", "expected number or object"),
            ({"value": None}, "body.value", "expected number or object"),
            (
                {"value": {"type": "text", "value": 1}},
                "body.value.type",
                "expected one of boolean, number, object",
            ),
            ({"value": {"value": 1}}, "body.value", "'type' is a required property"),
            ({"value": {"type": "number"}}, "body.value", "'value' is a required property"),
            (
                {"value": {"type": "number", "value": "1"}},
                "body.value.value",
                "expected number",
            ),
            ({}, "body", "'value' is a required property"),
            ({"value": 1, "behavior": "add"}, "body.behavior", "expected one of append, set"),
            ({"value": 1, "metadata": None}, "body.metadata", "expected object"),
            ({"value": 1, "timestamp": "x"}, "body.timestamp", "unexpected property"),
            ({"value": 1, "transactionId": 7}, "body.transactionId", "expected string"),
        ],
    )
    def test_a_wrong_body_is_explained(
        self, meter: Meter, body: dict[str, Any], location: str, message: str
    ) -> None:
        answer = meter.api.post(path(), json=body)
        assert refusal(answer) == (422, "UNPROCESSABLE")
        (error,) = answer.json()["errors"]
        assert (error["location"], error["message"]) == (location, message)

    @pytest.mark.parametrize("key", ["", "a b", "ä", "x" * 129, "a/b", "line\n"])
    def test_a_wrong_key_is_refused(self, meter: Meter, key: str) -> None:
        meter.grant(10)
        answer = meter.report(1, transactionId=key)
        assert refusal(answer) == (422, "InvalidTransactionId")

    def test_what_cannot_be_metered_is_refused(self, meter: Meter) -> None:
        meter.grant(True, "sso", type="BOOLEAN")
        meter.grant({"theme": 1}, "branding", type="CONFIG")
        for slug in ("sso", "branding"):
            answer = meter.report(1, slug=slug)
            assert refusal(answer) == (400, "UnsupportedEntitlementType")

    def test_what_is_not_there_or_not_granted_is_one_code(self, meter: Meter) -> None:
        meter.grant(10)
        done(meter.api.post("/entitlements", json={"name": "seats", "type": "NUMBER"}))
        for where in (path("calls", "none"), path("none"), path("seats"), path("No Slug")):
            answer = meter.api.post(where, json={"value": 1})
            assert refusal(answer) == (404, "ContextNotFound")

    def test_other_organizations_are_not_there(self, server: EmbeddedServer, meter: Meter) -> None:
        meter.grant(10)
        with client(server.url, server.new_organization()) as stranger:
            assert refusal(stranger.post(path(), json={"value": 1})) == (404, "ContextNotFound")
            assert stranger.get(path()).status_code == 404

    def test_scopes(self, server: EmbeddedServer) -> None:
        with client(server.url, server.new_organization("read:instances")) as reader:
            assert reader.post(path(), json={"value": 1}).status_code == 403
            assert reader.get(path()).status_code == 404


class TestKeys:
    def test_a_repeated_report_is_answered_as_it_was(self, meter: Meter) -> None:
        meter.grant(10)
        first = done(meter.report(4, transactionId="a.b_c:d-1"))
        assert "Idempotent-Replayed" not in first.headers
        meter.count(5)
        meter.regrant(50)
        before = meter.names()
        again = done(meter.report(4.0, transactionId="a.b_c:d-1"))
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.content == first.content
        assert meter.names() == before
        assert pair(meter.read()) == (9, 2)

    @pytest.mark.parametrize(("value", "behavior"), [(5, "append"), (4, "set"), (-4, "append")])
    def test_another_report_under_the_same_key_is_refused(
        self, meter: Meter, value: float, behavior: str
    ) -> None:
        meter.grant(10)
        meter.count(1, 1)
        meter.count(4, transactionId="k")
        before = meter.names()
        answer = meter.report(value, behavior=behavior, transactionId="k")
        assert refusal(answer) == (409, "TransactionIdReused")
        (error,) = answer.json()["errors"]
        original = error["value"]
        assert original.pop("reportedAt").endswith("Z")
        assert original == {"reportSeq": 3, "behavior": "append", "value": 4}
        assert error["location"] == "body.transactionId"
        assert meter.names() == before

    def test_a_refused_report_does_not_use_its_key_up(self, meter: Meter) -> None:
        meter.grant(10)
        assert refusal(meter.report(11, transactionId="k")) == (409, "ThresholdExceeded")
        assert refusal(meter.report(11, transactionId="k")) == (409, "ThresholdExceeded")
        assert meter.reports() == []
        meter.regrant(20)
        assert meter.total(11, transactionId="k") == (11, 1)
        assert meter.names() == ["USAGE_REPORT_REJECTED"] * 2 + ["USAGE_REPORT_ACCEPTED"]

    def test_a_key_is_of_one_instance_and_one_entitlement(self, meter: Meter) -> None:
        meter.grant(10)
        meter.grant(10, "seats")
        meter.add_instance("other")
        assert meter.total(1, transactionId="k") == (1, 1)
        assert meter.total(2, slug="seats", transactionId="k") == (2, 1)
        body = {"value": 3, "transactionId": "k"}
        other = done(meter.api.post(path("calls", "other"), json=body))
        assert pair(other.json()) == (3, 1)

    def test_reports_are_numbered_without_gaps(self, meter: Meter) -> None:
        meter.grant(10)
        for number in range(1, 5):
            meter.count(1, transactionId=f"k{number}")
            meter.report(100, transactionId="too-much")
        assert sorted(row.report_seq for row in meter.reports()) == [1, 2, 3, 4]


class TestReading:
    def test_usage_stands_next_to_its_limit(self, meter: Meter) -> None:
        meter.grant(10)
        usage = meter.count(2.5)
        license_id = meter.api.get("/licenses/growth").json()["id"]
        entitlement_id = meter.api.get("/entitlements/calls").json()["id"]
        assert usage == {
            "entitlementId": entitlement_id,
            "entitlementSlug": "calls",
            "licenseId": license_id,
            "licenseSlug": "growth",
            "value": {"type": "number", "value": 2.5, "event_count": 1},
            "limit": {"type": "number", "value": 10},
        }
        assert meter.read() == usage

    def test_reading_one_leaves_an_event(self, meter: Meter) -> None:
        meter.grant(10)
        meter.grant(True, "sso", type="BOOLEAN")
        usage, sso = meter.read(), meter.read("sso")
        number, boolean = meter.usage_events()
        assert number.name == "ENTITLEMENT_VALUE_GET"
        assert number.instance_slug == "main"
        assert number.payload.pop("timestamp").endswith("Z")
        assert number.payload == {
            "entitlement_id": usage["entitlementId"],
            "instance_id": meter.instance_id,
            "license_id": usage["licenseId"],
            "organization_id": number.organization_id,
            "type": "number",
            "value": {"type": "number", "value": 0, "event_count": 0},
            "entitlement_slug": "calls",
        }
        assert (boolean.payload["type"], boolean.payload["value"]) == ("boolean", sso["value"])

    def test_what_cannot_be_metered_reads_as_what_is_granted(self, meter: Meter) -> None:
        meter.grant(True, "sso", type="BOOLEAN")
        meter.grant({"theme": "dark"}, "branding", type="CONFIG")
        for slug, granted in (
            ("sso", {"type": "boolean", "value": True}),
            ("branding", {"type": "object", "value": {"theme": "dark"}}),
        ):
            usage = meter.read(slug)
            assert usage["value"] == usage["limit"] == granted

    def test_what_is_missing_is_named(self, meter: Meter) -> None:
        meter.grant(10)
        done(meter.api.post("/entitlements", json={"name": "seats", "type": "NUMBER"}))
        for where, code in (
            (path("calls", "none"), "InstanceNotFound"),
            (path("none"), "EntitlementNotFound"),
            (path("No Slug"), "EntitlementNotFound"),
            (path("seats"), "EntitlementNotAssigned"),
        ):
            answer = meter.api.get(where)
            assert answer.status_code == 404
            assert answer.json()["code"] == f"GetEntitlementUsageMetrics.{code}"
        assert meter.usage_events() == []

    def test_all_is_listed_by_slug_without_events(self, meter: Meter) -> None:
        meter.grant(5, "b-two")
        meter.grant(5, "b2")
        meter.grant(True, "aa", type="BOOLEAN")
        meter.grant(-1, "zz")
        meter.count(3, slug="b2")
        listed = done(meter.api.get("/instances/main/entitlements/usage")).json()
        assert [each["entitlementSlug"] for each in listed] == ["aa", "b-two", "b2", "zz"]
        assert [each["value"].get("event_count") for each in listed] == [None, 0, 1, 0]
        assert listed[2] == meter.read("b2")
        assert meter.names() == ["USAGE_REPORT_ACCEPTED", "VALUE_GET"]

    def test_a_list_may_be_empty_but_needs_an_instance(self, meter: Meter) -> None:
        assert meter.api.get("/instances/main/entitlements/usage").json() == []
        missing = meter.api.get("/instances/none/entitlements/usage")
        assert missing.status_code == 404
        assert missing.json()["code"] == "GetEntitlementsUsageMetrics.InstanceNotFound"

    def test_a_counter_outlives_the_grant(self, meter: Meter) -> None:
        meter.grant(10)
        meter.count(4)
        done(meter.api.delete("/licenses/growth/entitlements/calls"))
        assert refusal(meter.report(1)) == (404, "ContextNotFound")
        granted = {"entitlementSlug": "calls", "value": {"type": "number", "value": 9}}
        done(meter.api.post("/licenses/growth/entitlements", json=granted))
        assert meter.total(1) == (5, 2)


class TestGroups:
    WHERE = "/entitlement-groups/quotas/usage"

    @pytest.fixture(autouse=True)
    def group(self, meter: Meter) -> None:
        done(meter.api.post("/entitlement-groups", json={"name": "Quotas"}))

    def listed(self, meter: Meter) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = done(
            meter.api.get(self.WHERE, params={"instance": "main"})
        ).json()
        return found

    def test_all_members_are_listed_by_slug(self, meter: Meter) -> None:
        member: dict[str, Any] = {"groupSlugs": ["quotas"]}
        meter.grant(10, "seats", **member)
        meter.grant(True, "sso", type="BOOLEAN", **member)
        meter.grant(10, "calls", **member)
        meter.grant(10, "outside")
        done(meter.api.post("/entitlements", json={"name": "ai", "type": "NUMBER", **member}))
        meter.count(3)
        ai, calls, seats, sso = self.listed(meter)
        assert (ai["entitlementSlug"], seats["entitlementSlug"]) == ("ai", "seats")
        assert ai.keys() == {
            "entitlementId",
            "entitlementSlug",
            "entitlementName",
            "entitlementType",
        }
        assert calls["licenseValue"] == {"type": "number", "value": 10}
        assert calls["usageValue"] == {"type": "number", "value": 3, "event_count": 1}
        assert "usageValue" not in seats
        assert sso["licenseValue"] == {"type": "boolean", "value": True}
        assert "usageValue" not in sso

    def test_usage_of_what_is_no_longer_granted_is_listed(self, meter: Meter) -> None:
        meter.grant(10, groupSlugs=["quotas"])
        meter.count(3)
        done(meter.api.delete("/licenses/growth/entitlements/calls"))
        (calls,) = self.listed(meter)
        assert "licenseValue" not in calls
        assert calls["usageValue"]["value"] == 3

    def test_a_group_may_be_empty(self, meter: Meter) -> None:
        assert self.listed(meter) == []

    def test_what_is_missing_is_named(self, meter: Meter) -> None:
        for where, instance, code in (
            (self.WHERE, "none", "InstanceNotFound"),
            (self.WHERE, "", "InstanceNotFound"),
            ("/entitlement-groups/none/usage", "main", "GroupNotFound"),
        ):
            answer = meter.api.get(where, params={"instance": instance})
            assert answer.status_code == 404
            assert answer.json()["code"] == f"GetEntitlementGroupUsage.{code}"

    def test_the_instance_is_required(self, meter: Meter) -> None:
        answer = meter.api.get(self.WHERE)
        assert refusal(answer) == (422, "UNPROCESSABLE")
        assert answer.json()["errors"][0]["location"] == "query.instance"
