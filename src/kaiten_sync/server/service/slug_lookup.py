"""Objects by their slug, the same for every kind: find one, require one, choose a free slug."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Connection

from kaiten_sync.server.db.locks import take_turn
from kaiten_sync.server.domain.refusals import RefusalError, not_found
from kaiten_sync.server.domain.slugs import is_slug, slug_candidates
from kaiten_sync.server.service.work import Work, first_free

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class SlugLookup(Generic[R]):
    """How objects of a kind are found. `query` takes an organization's id and a slug."""

    noun: str
    query: Callable[[Connection, str, str], R | None]

    def find(self, work: Work, slug: str) -> R | None:
        """The object of this organization with this slug; None if there is none.

        A text that is not a slug never gets to the database.
        """
        return self.query(work.connection, work.organization_id, slug) if is_slug(slug) else None

    def get(self, work: Work, slug: str, code: str) -> R:
        """The object of this organization with this slug.

        Raises:
            RefusalError: 404 with this code; there is none.
        """
        found = self.find(work, slug)
        if found is None:
            raise self.missing(slug, code)
        return found

    def missing(self, slug: str, code: str) -> RefusalError:
        """The refusal for a slug that nothing has."""
        return not_found(code, f"there is no {self.noun} {slug!r}")

    def free_slug(self, work: Work, name: str, wanted: str | None, taken: RefusalError) -> str:
        """The wanted slug, or else one made of the name. Nobody else takes it meanwhile.

        Raises:
            RefusalError: `taken`; something has it.
        """
        # Looked for and then taken, with no row that could be locked in between.
        take_turn(work.connection, work.organization_id, f"{self.noun}-slug")
        candidates = [wanted] if wanted else slug_candidates(name, work.random_hex)
        return first_free(candidates, lambda slug: self.find(work, slug) is not None, taken)
