"""What is shown as the YAML that declares it in git."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import yaml

from kaiten_sync.licensing import (
    MAX_QUANTITY,
    UNCAPPED,
    is_read_with_prefix,
    shortest_quantity,
)
from kaiten_sync.server.db.grants import NamedGrant

_ENTITLEMENT = (
    "name",
    "type",
    "description",
    "meterType",
    "aggregationMethod",
    "resetPeriod",
    "resetAnchor",
    "warningThresholdPercent",
    "userFacing",
    "displayOrder",
    "icon",
    "unitSingular",
    "unitPlural",
    "saleUnitSingular",
    "saleUnitPlural",
    "saleUnitFactor",
)
_LICENSE = ("name", "type", "description", "versionName", "lifecycleState", "isDefault", "isActive")
_OF_A_VERSION = frozenset(
    {"familySlug", "version", "versionName", "lifecycleState", "isDefault", "isActive"}
)
"""What a license declares, and a family leaves to the tool."""

_NEVER_FOLD = 1_000_000
"""Line width: a folded line makes a diff of two where one word changed."""

_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

_SILENT = (None, "", False, 0)
"""What a declaration leaves out: it is what the server has anyway."""


def declare_entitlements(entitlements: Iterable[Mapping[str, Any]]) -> str | None:
    """The declaration of entitlements, each as the API shows it. None if there are none."""
    declared: dict[str, dict[str, Any]] = {}
    for shown in entitlements:
        groups = [group["slug"] for group in shown.get("entitlementGroups", ())]
        body = _said(shown, _ENTITLEMENT)
        declared[shown["slug"]] = {**body, "groups": groups} if groups else body
    return _document({"entitlements": declared})


def declare_licenses(
    licenses: Iterable[tuple[Mapping[str, Any], str, Iterable[NamedGrant]]],
    served: Mapping[str, str] = MappingProxyType({}),
) -> str | None:
    """The declaration of licenses. None if there are none.

    Each is as the API shows it, with the slug of its family and its grants as they are stored. One
    that is shorter as a difference from the license before it extends that, unless a newer version
    of its family is shown too: an old version must not change with another license. `served` are
    the versions of families that git declares, by the slug of the family: such a family is declared
    as one, and its other versions are not declared at all.
    """
    listed = list(licenses)
    newest: dict[str, int] = {}
    for shown, family, _ in listed:
        newest[family] = max(newest.get(family, 0), _number(shown))
    sections: dict[str, dict[str, Any]] = {"families": {}, "licenses": {}}
    base: Mapping[str, Any] = {}
    before = ""
    for shown, family, granted in listed:
        if served.get(family, shown["slug"]) != shown["slug"]:
            continue
        body = _said(shown, _LICENSE)
        if family != shown["slug"]:
            body["familySlug"] = family
            body["version"] = shown["version"]
        entry = {
            **body,
            "entitlements": {grant.entitlement_slug: _grant(grant) for grant in granted},
        }
        section, slug = "licenses", str(shown["slug"])
        if family in served:
            section, slug = "families", family
            entry = {name: value for name, value in entry.items() if name not in _OF_A_VERSION}
        grants = entry["entitlements"]
        # What a license that extends another one declares: null takes an inherited grant away.
        changed = {slug: grant for slug, grant in grants.items() if base.get(slug, ...) != grant}
        own = {**changed, **dict.fromkeys(base.keys() - grants.keys())}
        if base and _number(shown) == newest[family] and len(own) + 1 < len(grants):
            del entry["entitlements"]
            entry |= {"extends": before, **({"entitlements": own} if own else {})}
        sections[section][slug], base, before = entry, grants, slug
    return _document(sections)


def _number(shown: Mapping[str, Any]) -> int:
    """A version's number; 0 on servers whose versions are no numbers."""
    version = str(shown.get("version") or "")
    return int(version) if version.isdecimal() else 0


def _said(shown: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: shown[name] for name in names if shown.get(name) not in _SILENT}


def _grant(grant: NamedGrant) -> Any:
    kind, value = grant.value["type"], grant.value["value"]
    if kind == "object":
        return {"value": value}
    if kind == "number" and value == UNCAPPED:
        return "unlimited"
    unit = (grant.unit_singular or "", grant.unit_plural or "")
    is_whole = isinstance(value, int | float) and 0 < value <= MAX_QUANTITY and value == int(value)
    if kind == "number" and is_whole and is_read_with_prefix(unit):
        # As a catalog spells it: `10GB` for bytes and bits that are whole.
        text = shortest_quantity(int(value), unit)
        value = text if text != str(int(value)) else value
    overage = grant.overage_percent
    return {"value": value, "overagePercent": overage} if overage else value


def _document(sections: Mapping[str, Mapping[str, Any]]) -> str | None:
    filled = {section: entries for section, entries in sections.items() if entries}
    if not filled:
        return None
    declared = {"version": 1, **filled}
    text: str = yaml.dump(
        declared, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_NEVER_FOLD
    )
    return text
