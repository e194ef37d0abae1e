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
    return any(
        not spec.is_universal
        for resource in desired.resources.values()
        for spec in _declared(resource)
    )


def unsupported(desired: DesiredState, capabilities: Capabilities) -> tuple[Diagnostic, ...]:
    """One diagnostic per declared field that the server does not know."""
    return tuple(
        Diagnostic(
            rule="unsupported-field",
            message=f"the server does not know '{spec.name}' (so says {capabilities.source})",
            ref=resource.sources.get(spec.name, resource.source),
            address=str(resource.address),
            hint="remove the field, or set the target's `generation` if this is wrong",
        )
        for resource in desired.resources.values()
        for spec in _declared(resource)
        if not spec.is_universal and not capabilities.knows(resource.address.kind, spec.wire_name)
    )


def _declared(resource: Resource) -> Iterator[FieldSpec]:
    specs = spec_of(resource.address.kind).fields
    return (specs[name] for name in resource.fields)
