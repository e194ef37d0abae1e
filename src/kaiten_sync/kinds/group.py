"""Entitlement groups. Source: API facts, section 2.3."""

from kaiten_sync.kinds.spec import FieldSpec, constant, kind_spec
from kaiten_sync.model.address import Kind

GROUP = kind_spec(
    Kind.GROUP,
    "groups",
    (
        FieldSpec(name="name"),
        FieldSpec(name="description", default=constant(None)),
    ),
    required=("name",),
)
