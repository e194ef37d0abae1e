"""Overlays: what null takes away, what it may not, and how grants are merged."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.declare.conftest import Write

from kaiten_sync.declare import build_desired, merge_documents
from kaiten_sync.declare.content import split_lines
from kaiten_sync.declare.yaml_reader import parse_yaml
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import Document
from kaiten_sync.model.value import Json
from kaiten_sync.pipeline import CatalogSource, load, read_project, validate
from kaiten_sync.validate import check

BASE = """version: 1
groups:
  quotas: {name: Quotas}
entitlements:
  seats: {name: Seats, type: NUMBER}
  theme: {name: Theme, type: CONFIG}
licenses:
  growth-v2:
    name: Growth
    type: PAID
    description: For teams
    versionName: null
    entitlements:
      seats: 5
      theme: {value: {color: {dark: black, light: white}, logo: true}}
  bare: {name: Bare, type: PAID}
"""


def doc(name: str, text: str) -> Document:
    document, diagnostics = parse_yaml(name, text, split_lines(text))
    assert diagnostics == []
    return document


def found(*overlays: str, base: str = BASE) -> list[Diagnostic]:
    documents = [doc(f"over{n}.yaml", f"version: 1\n{text}\n") for n, text in enumerate(overlays)]
    merged, diagnostics = merge_documents([doc("base.yaml", base)], documents)
    return [*diagnostics, *check(merged)]


@pytest.mark.parametrize(
    ("overlay", "address", "column", "hint"),
    [
        ("licenses: {growht-v2: null}", "license/growht-v2", 12, "did you mean 'growth-v2'?"),
        ("licenses: {zz: null}", "license/zz", 12, "remove the line"),
        ("groups: {quoats: null}", "group/quoats", 10, "did you mean 'quotas'?"),
        ("entitlements: {seets: null}", "entitlement/seets", 16, "did you mean 'seats'?"),
        (
            "licenses: {seats: null}",
            "license/seats",
            12,
            "did you mean entitlement/seats, below `entitlements`?",
        ),
        (
            "licenses: {growth-v2: {entitlements: {seets: null}}}",
            "license/growth-v2/grant/seets",
            39,
            "did you mean 'seats'?",
        ),
        (
            "licenses: {growth-v2: {descripton: null}}",
            "license/growth-v2",
            24,
            "did you mean 'description'?",
        ),
        ("licenses: {bare: {description: null}}", "license/bare", 19, "remove the line"),
        ("licenses: {bare: {descripton: null}}", "license/bare", 19, "did you mean 'description'?"),
        ("licenses: {bare: {entitlements: null}}", "license/bare", 19, "remove the line"),
        ("licenses: {bare: {entitlements: {seats: null}}}", None, 34, "remove the line"),
        (
            "licenses: {growth-v2: {entitlements: {seats: {overagePercent: null}}}}",
            "license/growth-v2/grant/seats",
            47,
            "remove the line",
        ),
        (
            "entitlements: {seats: {resetPriod: null}}",
            "entitlement/seats",
            24,
            "did you mean 'resetPeriod'?",
        ),
        ("groups: {new: {name: New, description: null}}", "group/new", 27, "remove the line"),
    ],
)
def test_a_removal_that_removes_nothing_is_an_error(
    overlay: str, address: str | None, column: int, hint: str
) -> None:
    (diagnostic,) = found(overlay)
    assert diagnostic.rule == "removes-nothing"
    assert str(diagnostic.ref) == f"over0.yaml:2:{column}"
    assert diagnostic.line_text == overlay
    assert address in (None, diagnostic.address)
    assert diagnostic.hint == hint


@pytest.mark.parametrize(
    "overlay",
    [
        "licenses: {growth-v2: null}",
        "licenses: {growth-v2: {description: null, versionName: null}}",
        "licenses: {growth-v2: {entitlements: null}}",
        "licenses: {growth-v2: {entitlements: {seats: null, theme: null}}}",
        "licenses: {growth-v2: {entitlements: {theme: {value: {logo: null, other: null}}}}}",
        "licenses: {bare: {entitlements: {theme: {value: {a: {b: null}}}}}}",
        "groups: {quotas: null}",
    ],
)
def test_a_removal_of_what_is_there_and_a_null_in_a_config_value_are_fine(overlay: str) -> None:
    assert found(overlay) == []


def test_a_later_overlay_takes_away_what_an_earlier_one_added() -> None:
    added = "licenses: {bare: {description: D}}"
    removed = "licenses: {bare: {description: null}}"
    assert found(added, removed) == []
    assert [f.rule for f in found(removed, added)] == ["removes-nothing"]
    assert [str(f.ref) for f in found(added, removed, removed)] == ["over2.yaml:2:19"]


def test_a_null_of_a_base_file_still_clears_a_field() -> None:
    merged, _ = merge_documents([doc("base.yaml", BASE)], ())
    (license_,) = (r for a, r in build_desired(merged).resources.items() if a.slug == "growth-v2")
    assert license_.fields["versionName"] is None


def test_a_base_that_cannot_be_read_whole_makes_no_removal_wrong() -> None:
    broken, _ = parse_yaml("broken.yaml", "licenses: [\n", ("licenses: [",))
    overlay = doc("over.yaml", "version: 1\nlicenses: {other: null, third: {description: X}}\n")
    _, diagnostics = merge_documents([doc("base.yaml", BASE), broken], [overlay])
    assert [f.rule for f in diagnostics] == []


@pytest.mark.parametrize(
    ("overlay", "address", "hint"),
    [
        ("licenses: {growht-v2: {description: X}}", "license/growht-v2", "mean 'growth-v2'?"),
        ("licenses: {old: {entitlements: {seats: 9}}}", "license/old", "with `name` and `type`"),
        ("groups: {quoats: {description: X}}", "group/quoats", "mean 'quotas'?"),
        ("entitlements: {seets: {unit: x}}", "entitlement/seets", "mean 'seats'?"),
        ("licenses: {seats: {description: x}}", "license/seats", "mean entitlement/seats"),
        (
            "licenses: {growth-v2: {entitlements: {seets: {overagePercent: 5}}}}",
            "license/growth-v2/grant/seets",
            "mean 'seats'?",
        ),
    ],
)
def test_an_overlay_of_what_the_base_no_longer_has_says_so(
    overlay: str, address: str, hint: str
) -> None:
    first = next(f for f in found(overlay) if f.rule != "undeclared-entitlement")
    assert (first.rule, first.address) == ("overlay-without-base", address)
    assert hint in str(first.hint)
    assert first.line_text == overlay
    assert "missing-field" not in [f.rule for f in found(overlay)]


def grant(base: str, overlay: str) -> tuple[Json, list[str]]:
    under = (
        f"version: 1\nlicenses: {{growth: {{name: G, type: PAID, entitlements: {{xx: {base}}}}}}}"
    )
    over = f"version: 1\nlicenses: {{growth: {{entitlements: {{xx: {overlay}}}}}}}"
    merged, diagnostics = merge_documents([doc("b.yaml", under)], [doc("o.yaml", over)])
    assert diagnostics == ()
    node = merged.root.plain()["licenses"]["growth"]["entitlements"]["xx"]  # type: ignore[index,call-overload]
    rules = [f.rule for f in check(merged) if f.rule != "undeclared-entitlement"]
    return node, rules


@pytest.mark.parametrize(
    ("base", "overlay", "merged"),
    [
        ("5", "{overagePercent: 10}", {"value": 5, "overagePercent": 10}),
        ("{value: 5}", "{overagePercent: 10}", {"value": 5, "overagePercent": 10}),
        (
            "{type: number, value: 5}",
            "{overagePercent: 10}",
            {"type": "number", "value": 5, "overagePercent": 10},
        ),
        ("5", "{type: number, value: 6}", {"type": "number", "value": 6}),
        ("unlimited", "{protect: true}", {"value": "unlimited", "protect": True}),
        ("true", "{protect: true}", {"value": True, "protect": True}),
        ("0", "{overagePercent: 10}", {"value": 0, "overagePercent": 10}),
        ("{value: 5, overagePercent: 10}", "7", 7),
        ("5", "unlimited", "unlimited"),
        ("{value: 5, overagePercent: 10}", "{overagePercent: null}", {"value": 5}),
        ("{value: {a: 1, b: 2}}", "{value: {b: 3, c: 4}}", {"value": {"a": 1, "b": 3, "c": 4}}),
        ("{value: {a: 1}}", "{value: {a: null}}", {"value": {"a": None}}),
        ("{value: {a: {b: 1}}}", "{value: {a: {c: null}}}", {"value": {"a": {"b": 1, "c": None}}}),
        (
            "{value: {a: 1, b: 2}}",
            "{type: object, value: {b: 3}}",
            {"type": "object", "value": {"b": 3}},
        ),
    ],
)
def test_a_grant_is_merged_however_it_is_written(base: str, overlay: str, merged: Json) -> None:
    assert grant(base, overlay) == (merged, [])


def test_overage_over_an_unlimited_grant_is_an_error_of_the_overlay() -> None:
    merged, rules = grant("unlimited", "{overagePercent: 10}")
    assert merged == {"value": "unlimited", "overagePercent": 10}
    assert rules == ["overage-with-unlimited"]


INHERITING = """version: 1
entitlements:
  seats: {name: Seats, type: NUMBER}
  calls: {name: Calls, type: NUMBER}
bundles:
  basics: {entitlements: {seats: 3}}
licenses:
  free: {name: Free, type: PAID, extends: basics, entitlements: {calls: 5}}
"""


@pytest.mark.parametrize(
    ("overlay", "grants", "rules"),
    [
        ("licenses: {free: {entitlements: {seats: null}}}", {"calls": 5}, []),
        ("licenses: {free: {entitlements: {calls: null}}}", {"seats": 3}, []),
        ("licenses: {free: {entitlements: {x1: null}}}", None, ["removes-nothing"]),
        ("bundles: {basics: {entitlements: {seats: 4}}}", {"seats": 4, "calls": 5}, []),
        ("bundles: {basics: {entitlements: {seats: null, calls: 2}}}", {"calls": 5}, []),
        ("bundles: {basics: {entitlements: {seets: null}}}", None, ["removes-nothing"]),
        ("bundles: {basic: null}", None, ["removes-nothing"]),
        ("licenses: {free: {extends: null}}", {"calls": 5}, []),
        (
            "licenses: {free: {entitlements: {seats: {overagePercent: null}}}}",
            None,
            ["removes-nothing"],
        ),
        ("licenses: {free: {type: null}}", None, ["missing-field"]),
        ("licenses: {free: {entitlements: {calls: {value: null}}}}", None, ["missing-field"]),
        ("bundles: {basic: {entitlements: {seats: 4}}}", None, ["extended-by-nobody"]),
        ("bundles: {basic: {}}", None, ["extended-by-nobody"]),
        (
            "bundles: {basics: {entitlements: {seats: 4}}}\nlicenses: {free: {extends: null}}",
            None,
            ["extended-by-nobody"],
        ),
        (
            "bundles: {own: {extends: more}, more: {entitlements: {seats: 4}}}",
            None,
            ["extended-by-nobody"] * 2,
        ),
        (
            "licenses: {free: {extends: own}}\nbundles: {own: {extends: basics}}",
            {"seats": 3, "calls": 5},
            [],
        ),
        (
            "bundles: {basics: {entitlements: {seats: 4}}}\nlicenses: {free: {extends: basic}}",
            None,
            ["undeclared-reference"],
        ),
    ],
)
def test_overlays_over_what_is_inherited(
    write: Write, tmp_path: Path, overlay: str, grants: dict[str, int] | None, rules: list[str]
) -> None:
    write("base.yaml", INHERITING)
    write("over.yaml", f"version: 1\n{overlay}\n")
    source = CatalogSource(root=tmp_path, catalog=["base.yaml"], overlays=["over.yaml"])
    desired, diagnostics = validate(source)
    assert [each.rule for each in diagnostics] == rules
    if desired is not None:
        found = {a.slug: r.fields["value"] for a, r in desired.resources.items() if a.parent}
        assert found == grants


@pytest.mark.parametrize(
    ("overlay", "place", "says"),
    [
        ("licenses: {free: {type: null}}", "over.yaml:2:19", "takes `type` away"),
        ("entitlements: {calls: null}", "base.yaml", "over.yaml:2:16 takes it away"),
        ("bundles: {basics: null}", "base.yaml", "over.yaml:2:11 takes it away"),
    ],
)
def test_what_an_overlay_takes_away_is_named_where_it_is_missed(
    write: Write, tmp_path: Path, overlay: str, place: str, says: str
) -> None:
    write("base.yaml", INHERITING)
    write("over.yaml", f"version: 1\n{overlay}\n")
    source = CatalogSource(root=tmp_path, catalog=["base.yaml"], overlays=["over.yaml"])
    _, (diagnostic,) = validate(source)
    assert str(diagnostic.ref).startswith(place)
    assert says in f"{diagnostic.message} {diagnostic.hint}"


def test_an_inherited_grant_is_taken_away_once(write: Write, tmp_path: Path) -> None:
    write("base.yaml", INHERITING)
    taken = "version: 1\nlicenses: {free: {entitlements: {seats: null}}}\n"
    write("one.yaml", taken)
    write("two.yaml", taken)
    source = CatalogSource(root=tmp_path, catalog=["base.yaml"], overlays=["one.yaml", "two.yaml"])
    _, (diagnostic,) = validate(source)
    assert diagnostic.rule == "removes-nothing"
    assert str(diagnostic.ref).startswith("two.yaml")


PROJECT = """\
version: 1
catalog: {catalog}
targets:
  prod:
    url: http://127.0.0.1:6060
    overlays: [over.yaml, overlays/prdo/]
"""


def test_a_missing_overlay_points_into_the_project_file(write: Write, tmp_path: Path) -> None:
    write("base.yaml", BASE)
    write("over.yaml", "version: 1\n")
    write("overlays/prod/a.yaml", "version: 1\n")
    path = write("kaiten-sync.yaml", PROJECT.replace("{catalog}", "base.yaml"))
    project, _ = read_project(path)
    assert project is not None
    overlays = project.targets["prod"].overlays
    _, (diagnostic,) = validate(
        CatalogSource(root=tmp_path, catalog=project.catalog, overlays=overlays)
    )
    assert (diagnostic.rule, str(diagnostic.ref)) == ("no-such-file", "kaiten-sync.yaml:6:27")
    assert diagnostic.line_text == "    overlays: [over.yaml, overlays/prdo/]"
    assert diagnostic.message == "overlays/prdo: the folder does not exist"
    assert diagnostic.hint == "did you mean 'prod'?"


@pytest.mark.parametrize("given", ["ctalog/", "x/*.yaml", "empty"])
def test_a_missing_catalog_points_into_the_project_file(
    write: Write, tmp_path: Path, given: str
) -> None:
    (tmp_path / "empty").mkdir()
    path = write("kaiten-sync.yaml", PROJECT.replace("{catalog}", given))
    project, _ = read_project(path)
    assert project is not None
    _, (diagnostic,) = validate(CatalogSource(root=tmp_path, catalog=project.catalog))
    assert (diagnostic.rule, str(diagnostic.ref)) == ("no-such-file", "kaiten-sync.yaml:2:10")


def test_the_desired_state_knows_what_an_overlay_took_away(write: Write, tmp_path: Path) -> None:
    write("base.yaml", BASE)
    write("over.yaml", "version: 1\nlicenses: {growth-v2: {entitlements: {seats: null}}}\n")
    source = CatalogSource(root=tmp_path, catalog=["base.yaml"], overlays=["over.yaml"])
    removed = {str(a): str(ref) for a, ref in load(source).removed.items()}
    assert removed == {"license/growth-v2/grant/seats": "over.yaml:2:39"}
