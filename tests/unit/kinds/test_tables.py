"""The tables of kinds agree with themselves."""

from __future__ import annotations

import pytest

from kaiten_sync.kinds.registry import SPECS, all_actions, all_kinds, child_kinds, register
from kaiten_sync.kinds.spec import FieldSpec, FieldType, KindSpec, Mutability
from kaiten_sync.model.value import ABSENT

FIELDS = [
    pytest.param(spec, field, id=f"{spec.kind}.{field.name}")
    for spec in all_kinds()
    for field in spec.fields.values()
]


@pytest.mark.parametrize("spec", all_kinds(), ids=lambda spec: spec.kind)
def test_parents_and_references_are_kinds_that_are_created_before(spec: KindSpec) -> None:
    earlier = {other.kind for other in all_kinds() if other.level < spec.level}
    assert set(spec.parents) <= earlier
    references = [reference for _, reference in spec.referring_fields]
    if spec.slug_refers_to is not None:
        references.append(spec.slug_refers_to)
    assert {each.kind for each in references if each.is_strict} <= earlier


@pytest.mark.parametrize(("spec", "field"), FIELDS)
def test_a_field_is_an_enum_exactly_if_it_has_choices(spec: KindSpec, field: FieldSpec) -> None:
    assert (field.type is FieldType.ENUM) == bool(field.choices)


@pytest.mark.parametrize(("spec", "field"), FIELDS)
def test_a_field_moves_exactly_if_it_has_moves(spec: KindSpec, field: FieldSpec) -> None:
    assert (field.mutability is Mutability.MOVE) == bool(field.moves)
    if field.born_as is not ABSENT:
        assert field.steps(field.born_as, field.settles_as)


def test_moves_lead_from_one_value_to_another_by_the_fewest_steps() -> None:
    state = next(each for each in all_kinds() if each.kind == "license").fields["lifecycleState"]

    def actions(before: str, after: str) -> list[str] | None:
        steps = state.steps(before, after)
        return None if steps is None else [str(move.action) for move in steps]

    assert actions("DRAFT", "PUBLISHED") == ["publish"]
    assert actions("DRAFT", "ARCHIVED") == ["publish", "archive"]
    assert actions("ARCHIVED", "PUBLISHED") == ["unarchive"]
    assert actions("PUBLISHED", "PUBLISHED") == []
    assert actions("PUBLISHED", "DRAFT") is None
    assert actions("ODD", "PUBLISHED") is None


def test_actions_are_the_three_of_every_kind_and_the_moves() -> None:
    assert [str(action) for action in all_actions()] == [
        "create",
        "update",
        "delete",
        "publish",
        "archive",
        "unarchive",
        "make-default",
        "clear-default",
    ]


def test_grants_are_the_children_of_licenses_and_families() -> None:
    names = {spec.kind: [child.kind for child in child_kinds(spec.kind)] for spec in all_kinds()}
    assert names == {
        "group": [],
        "entitlement": [],
        "license": ["grant"],
        "family": ["grant"],
        "grant": [],
    }


def test_a_kind_registers_once() -> None:
    with pytest.raises(ValueError, match="registered already"):
        register(next(iter(SPECS.values())))
