"""What a project file, the environment and the flags say, once they are merged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from fnmatch import fnmatchcase

from kaiten_sync.immutable import Immutable
from kaiten_sync.model.address import Address
from kaiten_sync.model.generation import Generation
from kaiten_sync.model.policy_rule import PolicyRule

TOKEN_VARIABLE = "KAITEN_AUTH_TOKEN"  # noqa: S105  (a variable's name)
"""Where the token is if no target says otherwise: the name that Kaiten's own tools use."""

SHARE_PATTERN = r"^(100|[0-9]{1,2})%$"
_COUNT = re.compile(r"0|[1-9][0-9]{0,15}")
"""As in the project file, where a number that begins with 0 is one only to some readers of YAML."""
MAX_COUNT = 2**53
"""The largest count of a `Limit`: every reader of JSON keeps integers up to it exact."""


class Prune(StrEnum):
    """Which live objects that git does not declare are deleted.

    `owned`: those that the target's previous plan managed, or was itself to delete.
    """

    NEVER = "never"
    OWNED = "owned"
    ALL = "all"


class OnTighten(StrEnum):
    """What becomes of a license whose grants are tightened: `families` say it themselves."""

    IN_PLACE = "in-place"
    REFUSE = "refuse"


class Limit(Immutable, frozen=True):
    """An upper bound: a share of the live objects of a kind, or a plain count."""

    percent: int | None = None
    count: int | None = None

    def __str__(self) -> str:
        return f"{self.percent}%" if self.percent is not None else str(self.count)

    @property
    def is_nothing(self) -> bool:
        """Whether it allows nothing at all."""
        return not (self.percent or self.count)

    @property
    def value(self) -> str | int:
        """The limit as files write it; `parse_limit` reads it back."""
        return str(self) if self.count is None else self.count


def parse_limit(value: object) -> Limit:
    """Read a limit as the project file, the options and plan files write it.

    A share is text from `0%` to `100%`, a count an integer from 0 to `MAX_COUNT`.

    Raises:
        ValueError: the value is neither.
    """
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_COUNT:
        return Limit(count=value)
    share = re.fullmatch(SHARE_PATTERN, value) if isinstance(value, str) else None
    if share is None:
        raise ValueError("a limit must be a share from 0% to 100%, or a whole number")
    return Limit(percent=int(share[1]))


def parse_limit_option(text: str) -> Limit:
    """Read a limit from the command line, where counts are text too.

    Raises:
        ValueError: the text is neither a share nor a count.
    """
    return parse_limit(int(text) if _COUNT.fullmatch(text) else text)


class Policy(Immutable, frozen=True, kw_only=True):
    """What a plan may do.

    `max_deletes` and `max_updates` bound the share of the live objects of a kind; a share
    counts only from 10 live objects up, so that a small catalog is not in the way of itself.
    `max_moves` bounds the share of holders that one migration moves in the same way.
    `rules` are the project's own, and `automatic` the actions and effects that need no review.
    """

    prune: Prune = Prune.OWNED
    max_deletes: Limit = Limit(percent=30)
    max_updates: Limit = Limit(percent=30)
    max_moves: Limit = Limit(percent=100)
    on_tighten: OnTighten = OnTighten.IN_PLACE
    rules: tuple[PolicyRule, ...] = ()
    automatic: frozenset[str] = frozenset()


class Scope(Immutable, frozen=True):
    """What this repository owns, by kind: glob patterns, `!` excludes, later ones win.

    A kind that is not in it is owned whole, and of one with an empty list nothing is. An object
    inside another goes by the outermost one.
    """

    by_kind: Mapping[str, tuple[str, ...]] = {}

    def patterns(self, kind: str) -> tuple[str, ...] | None:
        """The patterns of a kind at the top of the catalog; None if it is owned whole."""
        return self.by_kind.get(kind)

    def covers(self, address: Address) -> bool:
        """Whether the object is this repository's."""
        root = address.root
        patterns = self.patterns(root.kind)
        return patterns is None or covers_slug(patterns, root.slug)


class Target(Immutable, frozen=True, kw_only=True):
    """One server with its credentials' place, never the credentials.

    `token_env` or `token_file` says where the token is. `ca` is a file of certificates to trust,
    None for the usual ones. `overlays` are paths. `after` are the targets that have to be as
    declared before this one is applied. `generation` is None if the server is asked.
    """

    name: str
    url: str
    token_env: str | None = None
    token_file: str | None = None
    ca: str | None = None
    overlays: tuple[str, ...] = ()
    require_plan: bool = False
    after: tuple[str, ...] = ()
    generation: Generation | None = None


class Project(Immutable, frozen=True, kw_only=True):
    """A project file, read. Paths are resolved against its folder `root`.

    `install_from` is where CI installs the program from; None if the file does not say.
    """

    root: str
    catalog: tuple[str, ...]
    targets: dict[str, Target]
    scope: Scope = Scope()
    policy: Policy = Policy()
    install_from: str | None = None


def covers_slug(patterns: tuple[str, ...], slug: str) -> bool:
    """Whether glob patterns select a slug: the last one that matches decides."""
    covered = bool(patterns) and patterns[0].startswith("!")
    for pattern in patterns:
        if fnmatchcase(slug, pattern.removeprefix("!")):
            covered = not pattern.startswith("!")
    return covered
