"""What real sources hold where the catalog wants something else: each is told what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from kaiten_sync.pipeline import CatalogSource, validate

_BASE = """\
version: 1
entitlements:
  api-calls: {name: A, type: NUMBER}
  storage: {name: S, type: NUMBER, unitSingular: GB, unitPlural: GB}
  sso: {name: S, type: BOOLEAN}
  look: {name: L, type: CONFIG}
  requests-per-month: {name: R, type: NUMBER}
licenses:
"""


def grant(text: str, entitlement: str = "api-calls") -> str:
    return license_(f"entitlements: {{{entitlement}: {text}}}")


def license_(*lines: str, type_: str = "PAID") -> str:
    return _BASE + "\n    ".join(["  pro:", "name: Pro", f"type: {type_}", *lines]) + "\n"


def entitlement(fields: str) -> str:
    return _BASE.replace("name: A, type: NUMBER", fields)


HELP = {
    "Unlimited": (grant("Unlimited"), "write unlimited"),
    "no limit": (grant("no limit"), "write unlimited"),
    "none": (grant("none"), "write unlimited for no limit, 0 or false"),
    "a quoted number": (grant('"5000000"'), "write 5000000"),
    "a quoted number in a map": (grant('{value: "1000"}'), "write 1000"),
    "a quoted boolean": (grant('"true"', "sso"), "remove the quotes: true"),
    "included": (grant("included", "sso"), "write true"),
    "disabled": (grant("disabled", "sso"), "write false"),
    "comma": (grant('"1,000"'), "write 1000"),
    "commas": (grant('"1,000,000"'), "write 1000000"),
    "dots": (grant("1.000.000"), "write 1000000"),
    "apostrophes": (grant("1'000"), "write 1000"),
    "a power": (grant("1e6"), "write 1000000"),
    "a unit in lower case": (grant("10gb", "storage"), "write 10GB"),
    "no unit": (grant("10GB"), "`unitSingular: GB` and `unitPlural: GB`"),
    "a comma in braces": (grant("10,000 calls"), "in braces, a comma begins the next entry"),
    "a comma in braces, and no unit": (grant("10,000"), "in braces, a comma begins"),
    "a comma in braces, and no zeros": (grant("1,500"), "in braces, a comma begins"),
    "a quoted truth": (license_('protect: "true"'), "remove the quotes: true"),
    "a peak": (
        entitlement("name: A, type: NUMBER, aggregationMethod: HIGH_WATERMARK"),
        "write MAX",
    ),
    "unmetered": (grant("Unmetered"), "write unlimited"),
    "a version of a family": (
        license_("version: 3").replace("licenses:", "families:"),
        "the versions of a family are made by its plans",
    ),
    "a sign for yes": (grant("✅", "sso"), "write true"),
    "a picture for yes": (grant("✔\ufe0f", "sso"), "write true"),
    "a picture for no": (grant("❌", "sso"), "write false"),
    "nothing": (grant("–", "sso"), "0 or false for nothing"),
    "by contract": (grant("Custom"), "sell a special contract as its own license"),
    "an add-on": (grant("Paid add-on", "sso"), "an add-on is a license of its own"),
    "a quota for each seat": (grant("10GB / seat", "storage"), "the API does not multiply grants"),
    "a number for CONFIG": (grant("10 Gbps", "look"), "a map below `value`: `{value: {...}}`"),
    "a type in lower case": (license_(type_="paid"), "did you mean 'PAID'?"),
    "a period in lower case": (
        entitlement("name: A, type: NUMBER, resetPeriod: month"),
        "did you mean 'MONTH'?",
    ),
    "a duration": (entitlement("name: A, type: duration"), "write NUMBER"),
    "seats of a license": (license_("seats: 3"), "grants go below `entitlements:`"),
    "days of a trial": (license_("trialDays: 14"), "the end date of each instance"),
    "per seat": (grant("{value: 5, perSeat: true}"), "the API does not multiply grants"),
    "a unit's name": (
        entitlement("name: A, type: NUMBER, unit: hours"),
        "`unitSingular: hour` and `unitPlural: hours`",
    ),
    "a group as text": (_BASE + "groups: {db: Database}\n", "write a map: {name: Database}"),
    "one group": (entitlement("name: A, type: NUMBER, groups: db, x"), "write a list: [db]"),
    "licenses as a list": (_BASE + "  - name: Pro\n", "write each below its slug"),
    "no space before braces": (_BASE + "  pro:{name: Pro}\n", "write a space after the ':'"),
    "a dash": (grant("-").replace("{api-calls: -}", "\n      api-calls: -"), "quote a dash"),
    "a star": (grant("*"), "quote what begins with *"),
    "a text after quotes": (
        grant("5").replace("{api-calls: 5}", "\n      api-calls: '5' GB"),
        "quote the whole value",
    ),
    "a list": (license_("entitlements:", "  look: [a, b]"), "inside a map: `{value: {items:"),
    "a text": (grant("dark", "look"), "a map below `value`: `{value: {...}}`"),
    "a limit": (grant("{limit: 5}"), "did you mean 'value'?"),
    "a unit of a grant": (grant("{value: 5, unit: GB}"), "`unitSingular: GB`"),
    "overage in fractions": (grant("{value: 5, overagePercent: 2.5}"), "write 2 or 3"),
    "overage in percent": (grant("{value: 5, overagePercent: 20%}"), "write 20, without the"),
    "overage in units": (grant("{value: 5, overagePercent: 2GB}"), "without prefix or unit"),
    "unlimited of a unit": (grant("Unlimited GB", "storage"), "write unlimited"),
    "overage": (grant("{value: 5, overage: 20}"), "did you mean 'overagePercent'?"),
    "camel case": (license_("entitlements: {requestsPerMonth: 5}"), "did you mean 'requests-per"),
    "snake case": (license_("entitlements: {requests_per_month: 5}"), "'requests-per-month'?"),
    "capitals": (license_("entitlements: {APICalls: 5}"), "did you mean 'api-calls'?"),
    "entitlements as a list": (license_("entitlements: [sso]"), "write each as `slug: value`"),
    "features": (license_("features: {sso: true}"), "did you mean 'entitlements'?"),
    "free": (license_(type_="FREE"), "write COMMUNITY"),
    "enterprise": (license_(type_="Enterprise"), "write PAID"),
    "demo": (license_(type_="demo"), "write TRIAL"),
    "price": (license_("price: 10"), "the API has no prices"),
    "monthly price": (license_("monthlyPrice: 10"), "the API has no prices"),
    "currency": (license_("currency: EUR"), "the API has no prices"),
    "price of a grant": (grant("{value: 5, pricePerUnit: 1}"), "the API has no prices"),
    "prices at the top": (_BASE.replace("licenses:\n", "prices: {}\n"), "the API has no prices"),
    "plans at the top": (_BASE.replace("licenses:\n", "plans: {}\n"), "did you mean 'licenses'?"),
    "extends too short": (license_("extends: b"), "write a name, or a list"),
    "inherits": (license_("inherits: free"), "did you mean 'extends'?"),
    "extends at the top": (
        _BASE.replace("licenses:\n", "extends: a\n"),
        "directly below a license",
    ),
    "extends in a grant": (grant("{extends: free}"), "directly below a license"),
    "extends among entitlements": (
        license_("entitlements: {extends: free}"),
        "directly below a license",
    ),
    "extends in an entitlement": (
        entitlement("name: A, type: NUMBER, extends: b"),
        "directly below a license",
    ),
    "a text entitlement": (entitlement("name: A, type: STRING"), "write CONFIG"),
    "an integer entitlement": (entitlement("name: A, type: integer"), "write NUMBER"),
    "a flag": (entitlement("name: A, type: FLAG"), "write BOOLEAN"),
    "monthly": (entitlement("name: A, type: NUMBER, resetPeriod: monthly"), "write MONTH"),
    "unit": (entitlement("name: A, type: NUMBER, unit: call"), "`unitSingular: call`"),
    "a warning in percent": (
        entitlement("name: A, type: NUMBER, warningThresholdPercent: 80%"),
        "write 80, without the",
    ),
}


@pytest.mark.parametrize(("text", "hint"), HELP.values(), ids=HELP)
def test_the_help_line_says_what_to_write(tmp_path: Path, text: str, hint: str) -> None:
    (tmp_path / "catalog.yaml").write_text(text, encoding="utf-8")
    desired, found = validate(CatalogSource(root=tmp_path, catalog=("catalog.yaml",)))
    assert desired is None
    assert any(hint in (each.hint or "") for each in found), [each.hint for each in found]


@pytest.mark.parametrize(
    ("text", "value"),
    [("50_000", 50_000), ("50k", 50_000), ("-1", "unlimited"), ('"50_000"', 50_000)],
)
def test_what_is_clear_is_read(tmp_path: Path, text: str, value: object) -> None:
    (tmp_path / "catalog.yaml").write_text(grant(text), encoding="utf-8")
    desired, found = validate(CatalogSource(root=tmp_path, catalog=("catalog.yaml",)))
    assert found == ()
    assert desired is not None
    assert [each.fields["value"] for a, each in desired.resources.items() if a.parent] == [value]
