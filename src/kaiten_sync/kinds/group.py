"""Entitlement groups. Source: API facts, section 2.3."""

from kaiten_sync.kinds.readable import readable_limits, readable_words
from kaiten_sync.kinds.spec import FieldSpec, FieldType, KindSpec, constant
from kaiten_sync.model.address import Kind

GROUP = KindSpec(
    kind=Kind("group", level=0),
    section="groups",
    path="/entitlement-groups",
    keys=(
        FieldSpec(
            name="name",
            is_required=True,
            description="The group's name for people.",
            limits=readable_limits(),
            words=readable_words("name"),
            examples=("Quotas",),
        ),
        FieldSpec(
            name="description",
            default=constant(None),
            takes_null=True,
            filler=None,
            description="What the group is about.",
            examples=("What we meter",),
        ),
        FieldSpec(
            name="protect",
            type=FieldType.BOOLEAN,
            is_note=True,
            description="Plans may not delete it, unless `--allow` names it.",
            examples=(True,),
        ),
    ),
    description="A group of entitlements, for display.",
    words={"errorMessage": "a group must be a map with `name`"},
    examples=({"name": "Quotas", "description": "What we meter"},),
    section_description="Entitlement groups by slug.",
    section_examples=({"quotas": {"name": "Quotas"}},),
)
