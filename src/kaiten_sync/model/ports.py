"""The outside world as stages and jobs see it.

`api/` implements the catalog over HTTP, `disk` the files, and `git/` the repository's history. The
caller of a job implements what a person or a process manager sees of it: notices, progress, stop.
`bootstrap.py` joins them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from kaiten_sync.immutable import Immutable

if TYPE_CHECKING:
    from kaiten_sync.model.address import Address, ChildList, Kind
    from kaiten_sync.model.capabilities import Capabilities
    from kaiten_sync.model.change import Action
    from kaiten_sync.model.drift import Difference
    from kaiten_sync.model.holder import Instance, Usage
    from kaiten_sync.model.impact import Impact
    from kaiten_sync.model.outcome import Outcome
    from kaiten_sync.model.plan import Plan, TargetRef
    from kaiten_sync.model.resource import LiveResource
    from kaiten_sync.model.rights import Rights
    from kaiten_sync.model.value import Fields

Look: TypeAlias = "Callable[[LiveResource | None], bool]"
"""Looks at an object right before it is written: the server has no conditional writes.

True: go on. False: it is already as wanted, so nothing is written. Raises `ConflictError` where
it is neither as the plan saw it nor as the plan leaves it.
"""


class ServerReader(Protocol):
    """Reads a server, from as many threads at once as it has connections."""

    @property
    def connections(self) -> int:
        """How many requests may be under way at once."""
        ...


class CatalogReader(ServerReader, Protocol):
    """Reads a live catalog. Every method may raise `ServerError` or `AccessError`."""

    def list_kind(self, kind: Kind) -> Sequence[LiveResource]:
        """All objects of a kind at the top of the catalog, whole or not at all."""
        ...

    def list_children(self, children: ChildList) -> Sequence[LiveResource] | None:
        """All objects of a kind inside one parent; None if the parent does not exist."""
        ...

    def get(self, address: Address) -> LiveResource | None:
        """One object; None when it does not exist."""
        ...

    def capabilities(self) -> Capabilities:
        """What the server understands, asked for at most once."""
        ...


class HolderReader(ServerReader, Protocol):
    """Reads who holds licenses. It takes the scope `read:instances`.

    Every method may raise `ServerError` or `AccessError`; a missing scope is `CredentialError`.
    """

    def list_instances(self, most_pages: int | None = None) -> Sequence[Instance] | None:
        """All instances, whole or not at all; None if the list has more pages than that."""
        ...

    def list_usage(self, instance_slug: str) -> Sequence[Usage] | None:
        """What an instance has used of each metered entitlement that its license grants.

        None when the instance does not exist.
        """
        ...

    def list_refusals(self, instance_slug: str, since: datetime) -> Collection[str] | None:
        """Entitlements of which the instance had reports refused, by the latest page of them.

        None when the instance does not exist, or the server keeps no such record.
        """
        ...


class PlanReader(CatalogReader, HolderReader, Protocol):
    """All that planning reads."""

    def is_priced(self, address: Address) -> bool:
        """Whether a version has prices of its own; may raise `ServerError` or `AccessError`."""
        ...


class CatalogWriter(Protocol):
    """Writes one object at a time. Only `apply/` calls it.

    Every method says whether it wrote: False where everything was as asked already.
    """

    def create(self, address: Address, fields: Fields) -> bool:
        """Create an object with these fields. One that is there already is left as it is."""
        ...

    def update(self, address: Address, fields: Fields, look: Look) -> bool:
        """Change these fields and keep all others; None clears a field."""
        ...

    def delete(self, address: Address, look: Look) -> bool:
        """Delete an object. One that is gone already is fine."""
        ...

    def move(self, address: Address, action: Action, look: Look) -> bool:
        """Make a move of the object's kind."""
        ...


class Catalog(PlanReader, CatalogWriter, Protocol):
    """A live catalog that can be read and written."""

    @property
    def requests_sent(self) -> int:
        """How many HTTP requests went out so far, retries included."""
        ...

    def heed(self, stop: Callable[[], bool]) -> None:
        """Wait no longer for a server that asks to slow down once `stop` is true.

        Whatever waits then, or would, raises `StoppedError`; it was not carried out.
        """
        ...

    def rights(self) -> Rights:
        """What the token may do here. Changes nothing."""
        ...


class Journal(Protocol):
    """Told what becomes of a plan while it is applied, by one thread only."""

    def record(self, outcomes: Sequence[Outcome]) -> None:
        """These changes have ended together, such as those that were verified with one list."""
        ...


class NoJournal:
    """Keeps nothing."""

    def record(self, outcomes: Sequence[Outcome]) -> None:
        """Forget the outcomes."""


class Progress(Protocol):
    """Told how far a long step is. Implementations may draw a bar, or do nothing."""

    def begin(self, what: str, total: int) -> None:
        """A step of `total` parts starts."""
        ...

    def advance(self) -> None:
        """One more part is done. May be called from several threads."""
        ...

    def end(self) -> None:
        """The step is over."""
        ...


class NoProgress:
    """Says nothing."""

    def begin(self, what: str, total: int) -> None:
        """Ignore the step."""

    def advance(self) -> None:
        """Ignore the part."""

    def end(self) -> None:
        """Ignore the end."""


class Connection(Protocol):
    """A target, and how to reach it. Nothing is sent before it is opened and read."""

    @property
    def target(self) -> TargetRef:
        """The target's name and URL."""
        ...

    @property
    def overlays(self) -> tuple[str, ...]:
        """Paths of what this target declares differently, relative to the project file."""
        ...

    def open(self) -> AbstractContextManager[Catalog]:
        """The live catalog, for as long as the context lasts."""
        ...


Connect: TypeAlias = "Callable[[str | None], Connection]"
"""Connects to a target by its name; None leaves the choice to what the caller was started with.

Raises `UsageError` if there is no such target, and `CredentialError` if it has no token.
"""


class GrowingFile(Protocol):
    """A file that is whole after every write: each write replaces its end."""

    def replace_end(self, kept_bytes: int, content: bytes) -> None:
        """Keep this many bytes from the start and put the content after them.

        Raises:
            OSError: it cannot be written, for example because the disk is full.
        """
        ...

    def close(self) -> None:
        """Let go of the file.

        Raises:
            OSError: what was written is not there: somebody removed or replaced the file.
        """
        ...


class Files(Protocol):
    """The files around a job. `read` and `write` raise `UsageError` if the system refuses."""

    def exists(self, path: Path) -> bool:
        """Whether anything has this path."""
        ...

    def is_file(self, path: Path) -> bool:
        """Whether the path leads to a regular file."""
        ...

    def read(self, path: Path) -> bytes:
        """The whole content."""
        ...

    def read_pieces(self, path: Path) -> Iterator[bytes]:
        """The same in pieces of some size, as they are when they are asked for."""
        ...

    def check_replaceable(self, path: Path) -> None:
        """Raise `UsageError` unless its folder lets the file be made or replaced."""
        ...

    def read_input(self) -> bytes:
        """All that the caller pipes in."""
        ...

    def write(self, path: Path, content: bytes) -> None:
        """Write the file whole or not at all, with the folders above it."""
        ...

    def write_pieces(self, path: Path, pieces: Iterable[bytes]) -> None:
        """The same, of a content that is made while it is written."""
        ...

    def write_all(self, contents: Mapping[Path, bytes | None]) -> None:
        """Write these files and remove those without content: all or none."""
        ...

    def grow(self, path: Path, head: bytes) -> GrowingFile:
        """Begin a file with this content, and with the folders above it; replace what was there.

        Raises:
            OSError: it cannot be written there.
        """
        ...


class History(Protocol):
    """What git knows of the files around a job."""

    def file_at(self, spec: str, folder: Path) -> bytes:
        """The content of `REV:PATH`, as seen from a folder.

        Raises:
            UsageError: there is no such revision or file, or no git.
        """
        ...

    def check_commit(self, revision: str, folder: Path) -> None:
        """Make sure that a revision is a commit of the repository around a folder.

        Raises:
            UsageError: there is no such commit, or no git.
        """
        ...

    def unmerged_sides(self, path: Path) -> tuple[bytes, ...]:
        """The content of a file on each side of a merge that git could not finish; else empty."""
        ...

    def versions(self, path: Path, *, renamed: bool = False) -> tuple[str, ...]:
        """The contents that a file had on this branch, newest first, as specs for `file_at`.

        With `renamed`, also those that it had under the names before. Empty if git does not know
        the file.
        """
        ...

    def ignored(self, paths: Sequence[Path], folder: Path) -> tuple[Path, ...]:
        """Those of some paths that git leaves out, as `.gitignore` says."""
        ...

    def left_out(self, paths: Sequence[str], folder: Path) -> tuple[Path, ...]:
        """The files at and below some paths, from a folder, that git has and does not miss.

        Raises:
            UsageError: this is a sparse checkout, and git does not say what it leaves out.
        """
        ...

    def refusal(self, folder: Path) -> str | None:
        """Why git reads no history, or not all, around a folder in a repository; else None."""
        ...

    def attributed(self, differences: Sequence[Difference], root: Path) -> tuple[Difference, ...]:
        """The differences with who declared their lines; files are named from `root`."""
        ...


class Notices(Protocol):
    """Receives what a person should know although it is not part of the result."""

    def notify(self, text: str) -> None:
        """One notice: a line without its line end."""
        ...


class NoNotices:
    """Drops notices."""

    def notify(self, text: str) -> None:
        """Drop the notice."""


class StopSignal(Protocol):
    """How a run is asked to end early. A long-running caller has its own."""

    def listening(self) -> AbstractContextManager[Callable[[], bool]]:
        """A context in which a request to stop is noted; yields whether there was one.

        The run finishes what is under way and starts nothing more. Outside the context, a request
        to stop is the caller's alone.
        """
        ...


class NeverStopped:
    """For runs that nobody can ask to end early."""

    def listening(self) -> AbstractContextManager[Callable[[], bool]]:
        """Never a request."""
        return nullcontext(lambda: False)


class Approval(Protocol):
    """The person who approves a plan that is made and applied in one run."""

    def show(self, plan: Plan, impact: Impact | None) -> None:
        """Show what would be applied, and whom it affects if that was read."""
        ...

    def is_given(self, plan: Plan) -> bool:
        """Whether the plan may be applied.

        Raises:
            UsageError: nobody can be asked.
        """
        ...


Clock: TypeAlias = Callable[[], datetime]
"""The time now, with its time zone."""


class Ports(Immutable, frozen=True, kw_only=True):
    """All that a job needs of the outside world, apart from the target."""

    files: Files
    history: History
    notices: Notices
    progress: Progress
    stop: StopSignal
    clock: Clock
