"""Families: between what is declared as sold and the versions that a server has. Pure (ADR 37)."""

from kaiten_sync.families.agreed import agreed_families, made_default
from kaiten_sync.families.chance import by_chance, taken_over
from kaiten_sync.families.choose import SoldFamily, choose, harmful, priced
from kaiten_sync.families.gone import gone, leaving_git, unforeseen
from kaiten_sync.families.joining import joining, unjoinable
from kaiten_sync.families.served import (
    ARCHIVED,
    DEFAULT,
    PUBLISHED,
    STATE,
    LiveFamily,
    as_sold,
    is_sold,
    live_families,
    moved,
    number_of,
    served_of,
    version_address,
)
from kaiten_sync.families.serving import with_served
from kaiten_sync.families.twice import declared_twice
from kaiten_sync.families.versions import Resolution, as_versions, replaced_in

__all__ = [
    "ARCHIVED",
    "DEFAULT",
    "PUBLISHED",
    "STATE",
    "LiveFamily",
    "Resolution",
    "SoldFamily",
    "agreed_families",
    "as_sold",
    "as_versions",
    "by_chance",
    "choose",
    "declared_twice",
    "gone",
    "harmful",
    "is_sold",
    "joining",
    "leaving_git",
    "live_families",
    "made_default",
    "moved",
    "number_of",
    "priced",
    "replaced_in",
    "served_of",
    "taken_over",
    "unforeseen",
    "unjoinable",
    "version_address",
    "with_served",
]
