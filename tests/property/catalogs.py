"""Random catalogs that a person could have written."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import strategies as st

from kaiten_sync.kinds.readable import NOT_BLANK

GROUPS = ("quotas", "features", "x1")
TYPES = {
    "calls": "NUMBER",
    "seats": "NUMBER",
    "credits": "NUMBER_AI_CREDIT",
    "sso": "BOOLEAN",
    "branding": "CONFIG",
}
LICENSES = ("free", "growth", "growth-v2", "enterprise")

texts = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=30
).filter(lambda text: text.strip() == text)

readable = texts.filter(lambda text: re.search(NOT_BLANK, text) is not None)
"""Names and the like."""

numbers = st.one_of(
    st.integers(0, 2**53),
    # YAML 1.1 wants a point in a number with an exponent, which JSON leaves out of 1e-05
    st.floats(0, 1e15, allow_nan=False, allow_infinity=False).filter(
        lambda number: "e" not in repr(number) or "." in repr(number)
    ),
    st.sampled_from(["unlimited", 0, 1000]),
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Some of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


@st.composite
def entitlements(draw: st.DrawFn, slug: str, groups: list[str]) -> dict[str, Any]:
    """One entitlement; what cannot change is fixed by its slug."""
    kind = TYPES[slug]
    fields = {"name": draw(readable), "type": kind}
    fields |= draw(
        optional(
            description=st.none() | texts,
            userFacing=st.booleans(),
            displayOrder=st.integers(0, 9),
            icon=st.none() | st.sampled_from(["lucide:key", "lucide:chart-bar"]),
            groups=st.lists(st.sampled_from(groups), unique=True) if groups else st.just([]),
        )
    )
    if kind.startswith("NUMBER"):
        fields |= draw(optional(warningThresholdPercent=st.none() | st.integers(0, 100)))
        if draw(st.booleans()):
            fields |= {"unitSingular": draw(readable), "unitPlural": draw(readable)}
    if slug == "calls" and draw(st.booleans()):
        fields |= {"resetPeriod": "MONTH", "aggregationMethod": "SUM"}
    return fields


@st.composite
def grants(draw: st.DrawFn, slug: str) -> Any:
    """A grant in one of its forms."""
    match TYPES[slug]:
        case "BOOLEAN":
            return draw(st.booleans())
        case "CONFIG":
            return {"value": draw(st.dictionaries(texts, json_values, max_size=3))}
    value = draw(numbers)
    if value != "unlimited" and draw(st.booleans()):
        return {"value": value, "overagePercent": draw(st.integers(0, 500))}
    if isinstance(value, int) and draw(st.booleans()):
        return {"type": "number", "value": value}
    return value


@st.composite
def licenses(draw: st.DrawFn, slug: str, granted: list[str]) -> dict[str, Any]:
    """One license; growth-v2 is the second version of growth."""
    fields: dict[str, Any] = {
        "name": draw(readable),
        "type": draw(st.sampled_from(["PAID", "TRIAL", "COMMUNITY", "DEVELOPMENT"])),
    }
    fields |= draw(
        optional(
            description=st.none() | texts,
            versionName=st.none() | texts,
            lifecycleState=st.sampled_from(["PUBLISHED", "PUBLISHED", "ARCHIVED", "DRAFT"]),
        )
    )
    if slug == "growth-v2":
        fields["familySlug"] = "growth"
    elif fields.get("lifecycleState", "PUBLISHED") == "PUBLISHED":
        fields |= draw(optional(isDefault=st.booleans()))
    chosen = draw(st.lists(st.sampled_from(granted), unique=True)) if granted else []
    fields["entitlements"] = {each: draw(grants(each)) for each in chosen}
    return fields


@st.composite
def catalogs(draw: st.DrawFn) -> dict[str, Any]:
    """A whole catalog."""
    groups = draw(st.lists(st.sampled_from(GROUPS), unique=True))
    granted = draw(st.lists(st.sampled_from(sorted(TYPES)), unique=True))
    sold = draw(st.lists(st.sampled_from(LICENSES), unique=True))
    if "growth-v2" in sold and "growth" not in sold:
        sold.append("growth")
    return {
        "version": 1,
        "groups": {g: {"name": draw(readable)} | draw(optional(description=texts)) for g in groups},
        "entitlements": {e: draw(entitlements(e, groups)) for e in granted},
        "licenses": {slug: draw(licenses(slug, granted)) for slug in sold},
    }
