"""Rules of a license, which is one version of a family. Source: API facts, section 2.4."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from kaiten_sync.server.domain.refusals import RefusalError, conflict, unprocessable

PUBLISHED = "PUBLISHED"
ARCHIVED = "ARCHIVED"


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseFields:
    """The fields of a license in a request; None if the request leaves one out."""

    name: str
    type: str
    description: str = ""
    is_default: bool = False
    slug: str | None = None
    family_id: str | None = None
    family_slug: str | None = None
    version: str | None = None
    version_name: str | None = None
    lifecycle_state: str | None = None
    is_active: bool | None = None


class StoredLicense(Protocol):
    """The fields of a stored version that the rules read."""

    @property
    def slug(self) -> str:
        """Its name in URLs."""

    @property
    def family_id(self) -> str:
        """The family that it is a version of."""

    @property
    def version(self) -> int:
        """Its number in the family."""

    @property
    def lifecycle_state(self) -> str:
        """DRAFT, PUBLISHED or ARCHIVED."""

    @property
    def is_default(self) -> bool:
        """Whether it is the version that its family sells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleMove:
    """One step in the life of a license version. There is none back to DRAFT."""

    operation: str
    source: str
    target: str
    wrong_state: str


PUBLISH = LifecycleMove(
    operation="PublishLicense", source="DRAFT", target=PUBLISHED, wrong_state="NotADraft"
)
ARCHIVE = LifecycleMove(
    operation="ArchiveLicense", source=PUBLISHED, target=ARCHIVED, wrong_state="NotPublished"
)
UNARCHIVE = LifecycleMove(
    operation="UnarchiveLicense", source=ARCHIVED, target=PUBLISHED, wrong_state="NotArchived"
)


def check_new(fields: LicenseFields) -> None:
    """Refuse a new version that no family could have.

    Raises:
        RefusalError: a rule forbids it.
    """
    if fields.lifecycle_state == ARCHIVED:
        raise unprocessable(
            "CreateLicense.LifecycleStateNotSettable",
            "a license is created DRAFT or PUBLISHED; archive-license archives it",
        )
    if fields.is_default and (fields.lifecycle_state or PUBLISHED) != PUBLISHED:
        raise _default_must_be_published(
            "CreateLicense",
            "only a PUBLISHED license can be its family's default: publish this one first",
        )


def check_new_version(fields: LicenseFields, version: int) -> None:
    """Refuse a version number other than the one that the server assigns."""
    if fields.version is not None and fields.version != str(version):
        raise unprocessable(
            "CreateLicense.VersionNotSettable",
            f"the server assigns the version, and it will be {version}",
        )


def check_change(stored: StoredLicense, fields: LicenseFields) -> None:
    """Refuse a PUT that changes a fixed field.

    Raises:
        RefusalError: a rule forbids it.
    """
    refused = {
        "SlugNotRenameable": fields.slug not in (None, stored.slug),
        "FamilyNotReassignable": fields.family_slug is not None
        or fields.family_id not in (None, stored.family_id),
        "VersionNotSettable": fields.version not in (None, str(stored.version)),
        "LifecycleStateNotSettable": fields.lifecycle_state not in (None, stored.lifecycle_state),
    }
    for code, is_refused in refused.items():
        if is_refused:
            raise unprocessable(
                f"UpdateLicense.{code}", f"a PUT cannot change this of license {stored.slug!r}"
            )
    if fields.is_default and stored.lifecycle_state != PUBLISHED:
        raise _default_must_be_published(
            "UpdateLicense",
            f"license {stored.slug!r} is {stored.lifecycle_state}, and only a PUBLISHED one can be"
            " its family's default: publish it first",
        )


def check_move(stored: StoredLicense, move: LifecycleMove) -> None:
    """Refuse a move from the wrong state, and the archiving of a family's default.

    Raises:
        RefusalError: the move is not possible now.
    """
    if stored.lifecycle_state != move.source:
        raise conflict(
            f"{move.operation}.{move.wrong_state}",
            f"license {stored.slug!r} is {stored.lifecycle_state}, not {move.source}",
        )
    if stored.is_default and move.target != PUBLISHED:
        raise _default_must_be_published(
            move.operation,
            f"license {stored.slug!r} is its family's default, which cannot be archived: make"
            " another version the default first, or set isDefault to false",
        )


V = TypeVar("V", bound=StoredLicense)


def served_version(versions: Iterable[V]) -> V | None:
    """The default version, or else the highest published one; None if nothing is published."""
    published = [v for v in versions if v.lifecycle_state == PUBLISHED]
    return max(published, key=lambda v: (v.is_default, v.version), default=None)


def _default_must_be_published(operation: str, detail: str) -> RefusalError:
    return conflict(f"{operation}.DefaultMustBePublished", detail)
