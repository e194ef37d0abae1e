"""Licenses: each is one version of a family. Source: API facts, sections 2.4 and 5."""

from kaiten_sync.kinds.spec import (
    ONLY_CURRENT,
    ONLY_GETTING_STARTED,
    FieldSpec,
    Mutability,
    Order,
    constant,
    kind_spec,
)
from kaiten_sync.model.address import Kind
from kaiten_sync.model.value import ABSENT, Absent, Fields, Json


def _version_name_default(fields: Fields) -> Json | Absent:
    version = fields.get("version")
    return f"Version - {version}" if version is not None else ABSENT


LICENSE = kind_spec(
    Kind.LICENSE,
    "licenses",
    (
        FieldSpec(name="name"),
        FieldSpec(name="type"),
        FieldSpec(name="description", default=constant("")),
        FieldSpec(
            name="familySlug",
            mutability=Mutability.CREATE_ONLY,
            generations=ONLY_CURRENT,
            way_out="a version stays in its family: declare a new license in the other one",
        ),
        FieldSpec(
            name="version",
            mutability=Mutability.IMMUTABLE,
            way_out="the server numbers versions: remove `version`, or declare the one it gave",
        ),
        FieldSpec(name="versionName", default=_version_name_default, generations=ONLY_CURRENT),
        FieldSpec(name="lifecycleState", mutability=Mutability.MOVE, generations=ONLY_CURRENT),
        FieldSpec(name="isDefault", mutability=Mutability.MOVE, default=constant(False)),
        FieldSpec(
            name="isActive",
            order=Order.TRUE_LOOSENS,
            generations=ONLY_GETTING_STARTED,
        ),
    ),
    required=("name", "type"),
)
