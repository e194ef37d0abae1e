"""Does the server know every declared field? Asked before anything is sent to it."""

from __future__ import annotations

from collections.abc import Iterator

from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.spec import FieldSpec
from kaiten_sync.model.capabilities import Capabilities
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.resource import DesiredState, Resource


def needs_capabilities(desired: DesiredState) -> bool:
    """Whether the declaration has a field that not every generation of the API knows."""
    return bool(desired.terms) or any(map(_newer, desired.resources.values()))


def unsupported(desired: DesiredState, capabilities: Capabilities) -> tuple[Diagnostic, ...]:
    """One diagnostic per declared field that the server does not know."""
    return (
        *_without_families(desired, capabilities),
        *(
            Diagnostic(
                rule="unsupported-field",
                message=f"the server does not know '{spec.name}'"
                f" (according to {capabilities.source})",
                ref=resource.source_of(spec.name) or resource.source,
                address=str(resource.address),
                hint="remove the field, or set the target's `generation` if this is wrong",
            )
            for resource in desired.resources.values()
            for spec in _newer(resource)
            if not capabilities.knows(resource.address.kind, spec.wire_name)
        ),
    )


def _without_families(desired: DesiredState, capabilities: Capabilities) -> Iterator[Diagnostic]:
    """Declared families, if the server has no versions that could make them up."""
    for address in desired.terms:
        versions = spec_of(spec_of(address.kind).versions)
        link = versions.flag.one_per if versions.flag else ""
        if not capabilities.knows(versions.kind, link):
            yield Diagnostic(
                rule="no-families",
                message=f"the server has no families (according to {capabilities.source})",
                ref=desired.resources[address].source,
                address=str(address),
                hint=f"declare it below `{versions.section}`, or set the target's `generation` if"
                " this is wrong",
            )


def _newer(resource: Resource) -> list[FieldSpec]:
    """The declared fields that not every generation knows."""
    kind = spec_of(resource.address.kind)
    if kind.newer.isdisjoint(resource.fields):  # almost always, and a catalog has thousands
        return []
    return [kind.fields[name] for name in resource.fields if name in kind.newer]
