"""What is shown as the YAML that declares it in git.

Written by hand and not by a YAML library, which only the reconciler has: block mappings of
scalars that are JSON, which every YAML reader reads alike.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

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
_SILENT = (None, "", False, 0)
"""What a declaration leaves out: it is what the server has anyway."""

_UNLIMITED = -1


def declare_entitlement(shown: Mapping[str, Any]) -> str:
    """The declaration of an entitlement. `shown` is as the API shows it."""
    body = _said(shown, _ENTITLEMENT)
    groups = [group["slug"] for group in shown["entitlementGroups"]]
    if groups:
        body["groups"] = groups
    return _document("entitlements", shown["slug"], body)


def declare_license(
    shown: Mapping[str, Any], family_slug: str, grants: Iterable[Mapping[str, Any]]
) -> str:
    """The declaration of a license with what it grants. All is as the API shows it."""
    body = _said(shown, _LICENSE)
    if family_slug != shown["slug"]:
        body["familySlug"] = family_slug
        body["version"] = shown["version"]
    granted = {grant["entitlementSlug"]: _grant(grant) for grant in grants}
    body["entitlements"] = dict(sorted(granted.items()))
    return _document("licenses", shown["slug"], body)


def _said(shown: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: shown[name] for name in names if shown.get(name) not in _SILENT}


def _grant(grant: Mapping[str, Any]) -> Any:
    value = grant["value"]["value"]
    if grant["value"]["type"] == "object":
        return {"value": value}
    if grant["value"]["type"] == "number" and value == _UNLIMITED:
        return "unlimited"
    overage = grant.get("limitCapExceededOveragePercent")
    return {"value": value, "overagePercent": overage} if overage else value


def _document(section: str, slug: str, body: Mapping[str, Any]) -> str:
    return "\n".join(_lines({"version": 1, section: {slug: body}}, 0)) + "\n"


def _lines(value: Mapping[str, Any], depth: int) -> Iterator[str]:
    for key, item in value.items():
        start = f"{'  ' * depth}{_key(key)}:"
        if isinstance(item, Mapping) and item and depth < 4:
            yield start
            yield from _lines(item, depth + 1)
        else:
            yield f"{start} {_flow(item)}"


def _key(key: str) -> str:
    is_plain = key.isascii() and key.isalnum() and not key.isdigit() and key[0].islower()
    is_slug = "-" in key and key[0].islower()
    return key if (is_plain or is_slug) and key not in _WORDS else _flow(key)


_WORDS = frozenset({"no", "yes", "on", "off", "true", "false", "null", "y", "n"})
"""Which some YAML readers take for something else than text."""


def _flow(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    # YAML takes some characters for ends of lines that JSON takes for text.
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in text)
