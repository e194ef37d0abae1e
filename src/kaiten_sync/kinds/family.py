"""Families: what is sold now; the versions behind it are licenses. Source: API facts, 2.4.

No server has an object of this kind as it is declared. A family is compared with the version that
it serves, and a change goes to a version (ADR 37).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kaiten_sync.kinds.license import LICENSE
from kaiten_sync.kinds.spec import (
    ARCHIVE_REPLACED,
    EXTENDS,
    ON_TIGHTEN,
    REASON,
    SERVES,
    SOLD,
    FieldSpec,
    FieldType,
    KindSpec,
    constant,
)
from kaiten_sync.model.address import Kind
from kaiten_sync.model.change import Effect
from kaiten_sync.model.declared import CatalogView, Declared
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.family import WhenTightened

_SHARED = {field.name: field for field in LICENSE.keys}


def family_diagnostics(families: Sequence[Declared], view: CatalogView) -> Iterator[Diagnostic]:
    """A choice without its reason, and families whose versions are declared as licenses too."""
    by_slug = {each.address.slug: each for each in families}
    for declared in families:
        reason = declared.scalar(REASON)
        has_reason = isinstance(reason, str) and bool(reason.strip())
        if declared.scalar(ON_TIGHTEN) == WhenTightened.IN_PLACE and not has_reason:
            yield declared.diagnostic(
                "missing-reason",
                f"`{ON_TIGHTEN}: in-place` takes something from holders of the family, and no"
                " reason is given",
                at=ON_TIGHTEN,
                hint=f"add `{REASON}:` with who decided it and why, or remove `{ON_TIGHTEN}`:"
                " then holders keep the version that they bought",
            )
    for version in view.by_kind.get(LICENSE.kind, ()) if families else ():
        named = version.scalar("familySlug")
        slug = named if isinstance(named, str) else version.address.slug
        # Both places are told, because each is right by itself and only a person knows which to
        # keep.
        if slug in by_slug:
            for here, there in ((by_slug[slug], version), (version, by_slug[slug])):
                yield here.diagnostic(
                    "family-declared-twice",
                    f"{there.address} at {there.entry.key_ref} declares the same family",
                    hint="declare it below `families`, or its versions below `licenses`: remove"
                    " one of the two",
                )


FAMILY = KindSpec(
    rules=(family_diagnostics,),
    kind=Kind("family", level=2),
    section="families",
    plural="families",
    # Only read: the API has no way to write a family itself.
    path=LICENSE.family_path,
    versions=LICENSE.kind,
    deleted=Effect.TIGHTENS,
    keys=(
        _SHARED["name"],
        _SHARED["type"],
        _SHARED["description"],
        FieldSpec(
            name=SOLD,
            type=FieldType.BOOLEAN,
            takes_null=True,
            default=constant(True),
            is_implied=True,  # a family is declared because it is sold
            description="Whether it can be bought. With false, no version is on sale and holders"
            " keep what they bought; the family stays declared.",
            examples=(False,),
        ),
        FieldSpec(
            name=SERVES,
            type=FieldType.SLUG,
            is_declared=False,
            description="The version that new customers get.",
        ),
        FieldSpec(
            name=ON_TIGHTEN,
            type=FieldType.ENUM,
            choices=tuple(each.value for each in WhenTightened),
            is_note=True,
            description="How to treat a change that takes something from holders of the version"
            " that the family serves. With new-version (the default) it becomes the next version,"
            " and they keep what they bought; with in-place they lose it, which needs `reason`;"
            " with refuse there is no plan.",
        ),
        FieldSpec(
            name=REASON,
            is_note=True,
            description="Who decided to change what holders have bought, and why. It is in the"
            " plan.",
            limits={"minLength": 1, "maxLength": 500},
            examples=("Legal: the regulation of 2026 caps exports for everybody",),
        ),
        FieldSpec(
            name=ARCHIVE_REPLACED,
            type=FieldType.BOOLEAN,
            is_note=True,
            description="Whether an older version is archived once it has no holders. Without it,"
            " older versions are never touched.",
            examples=(True,),
        ),
        _SHARED[EXTENDS],
        FieldSpec(
            name="protect",
            type=FieldType.BOOLEAN,
            is_note=True,
            description="Plans may neither delete its versions nor tighten the one that it serves,"
            " unless `--allow` names it. A new version needs no permission.",
            examples=(True,),
        ),
    ),
    description="The current offer of a license family: new customers get this. Changes that"
    " would take something from holders become the family's next version.",
    words={"errorMessage": "a family must be a map with `name` and `type`"},
    examples=({"name": "Growth", "type": "PAID", "entitlements": {"api-calls": 1000}},),
    section_description="License families and what each sells now, by slug. A family is declared"
    " either here or by its versions below `licenses`.",
    section_examples=(
        {"growth": {"name": "Growth", "type": "PAID", "entitlements": {"api-calls": 1000}}},
    ),
)
