"""What the plan before was to move on from its first state, and did not come to. Stage 4, pure.

Objects are created in a first state, such as DRAFT, and published once they are complete. If an
apply stops in between, the declaration alone does not show that a draft is to be published: a state
that is not declared is nobody's to change. The plan before does show it.
"""

from __future__ import annotations

from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.spec import FieldSpec
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import FieldChange
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.resource import DesiredState, LiveState, Resource
from kaiten_sync.model.value import ABSENT, is_same


def with_unfinished(desired: DesiredState, live: LiveState, previous: Plan | None) -> DesiredState:
    """The declaration, and of each object that is left in its first state the one it was to get.

    What declares a state itself is left alone.
    """
    begun: dict[Address, Resource] = {}
    for change in previous.changes if previous is not None else ():
        declared, found = desired.resources.get(change.address), live.resources.get(change.address)
        if declared is None or found is None:
            continue
        for spec in spec_of(change.address.kind).first_states:
            # A step that begins in the first state leads out of it.
            to = next((f.after for f in change.fields if _leaves(f, spec)), ABSENT)
            is_left = is_same(found.fields.get(spec.name), spec.born_as)
            if to is not ABSENT and is_left and spec.name not in declared.fields:
                fields = {**declared.fields, spec.name: to}
                begun[change.address] = declared.changed(fields=fields)
    return desired.changed(resources={**desired.resources, **begun}) if begun else desired


def _leaves(field: FieldChange, spec: FieldSpec) -> bool:
    return field.name == spec.name and is_same(field.before, spec.born_as)
