"""The plan file: canonical JSON, sealed by a digest, trusted for nothing until it is checked."""

from __future__ import annotations

import io
import ipaddress
import shlex
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from kaiten_sync.documents import from_json, to_parts
from kaiten_sync.documents.migration import MigrationDocument
from kaiten_sync.documents.plan import PlanDocument
from kaiten_sync.errors import PlanFileError
from kaiten_sync.kinds.file_kinds import FileKind, other_kind
from kaiten_sync.model.canonical import Parts, digest, indented_pieces
from kaiten_sync.model.plan import FORMAT_VERSION, Plan, TargetRef
from kaiten_sync.model.policy_rule import ApprovalLevel
from kaiten_sync.model.strict_json import read_strict, shortened
from kaiten_sync.plan.derived import contradictions
from kaiten_sync.plan.migration_codec import migration_document, migration_of
from kaiten_sync.plan.plan_codec import plan_of_document, plan_parts
from kaiten_sync.plan.read_pieces import plan_of_pieces

SIZE_LIMIT_BYTES = 256 * 1024 * 1024
"""A plan of 100,000 changes is some 60 MB; nobody reviews a larger plan."""


_PIECE_BYTES = 256 * 1024

_MADE_BY = (
    "a plan file is what `kaiten-sync plan -o FILE` or `kaiten-sync migrate FAMILY -o FILE` wrote"
)
_AGAIN = "make the plan again; a plan is never edited by hand"

_MIGRATION = "migration"
"""The `kind` of a plan that moves holders; a plan of the catalog has none."""

_DEFAULT_PORTS = {"http": 80, "https": 443}


def seal(plan: Plan) -> Plan:
    """The plan with the digest of all the rest of it."""
    return plan.changed(digest=_digest_of(_parts(plan)))


def write_plan(plan: Plan) -> bytes:
    """The plan as a file: sorted keys, two spaces, one line feed at the end."""
    content = io.BytesIO()  # a list of the pieces would be as large as what is made of it
    content.writelines(plan_pieces(plan))
    return content.getvalue()


def plan_pieces(plan: Plan) -> Iterator[bytes]:
    """The file of a plan piece by piece: as a whole it is larger than the plan."""
    return indented_pieces(_parts(plan))


def read_plan(content: bytes) -> Plan:
    """Read a plan file, and check its seal and every value.

    Raises:
        PlanFileError: not a plan, edited by hand, or of another format version.
    """
    try:
        is_short = len(content) <= SIZE_LIMIT_BYTES
        plan = _as_written(lambda: _in_pieces(content)) if is_short else None
        plan = plan or _read(content)
        _check_follows(plan)
    except RecursionError as error:
        raise PlanFileError("not a plan file: it is nested too deeply", hint=_MADE_BY) from error
    return plan


def read_written_plan(pieces: Callable[[], Iterator[bytes]]) -> Plan | None:
    """Read a plan file without having all of it in memory; None if `read_plan` has to look at it.

    `pieces` begins to read the file, each time it is called. Raises as `read_plan` does.
    """
    try:
        plan = _as_written(pieces)
    except RecursionError:
        return None
    if plan is not None:
        _check_follows(plan)
    return plan


def is_same_url(one: str, other: str) -> bool:
    """Whether two URLs mean the same place, however its host and port are spelled."""
    try:
        return _place(one) == _place(other)
    except ValueError:  # a file can say anything
        return one == other


def check_target(
    plan: Plan, target: TargetRef, place: str = "-", *, may_have_moved: bool = False
) -> None:
    """Make sure that a plan, of the file at `place`, is for this target.

    `may_have_moved`: the target's server may have had another URL when the plan was made.

    Raises:
        PlanFileError: it names another.
    """
    is_there = may_have_moved or is_same_url(plan.target.url, target.url)
    if plan.target.name != target.name or not is_there:
        other = f"make a plan for {target.name}, or choose the target with -t"
        file = "FILE" if place == "-" else shlex.quote(place)
        moved = (
            f"make the plan again: if this server moved, `kaiten-sync plan -o {file}` recognizes it"
            f" by the ids of its objects, or takes your word for it (--previous {file} --moved)"
        )
        raise PlanFileError(
            f"this plan is for {plan.target.name} at {plan.target.url},"
            f" not for {target.name} at {target.url}",
            hint=moved if plan.target.name == target.name else other,
        )


def check_is_of_catalog(plan: Plan) -> None:
    """Make sure that a plan is made from a catalog, so that it records what was agreed.

    Raises:
        PlanFileError: it moves holders, and records nothing else.
    """
    if plan.migration is not None:
        raise PlanFileError(
            f"this plan moves holders of {plan.migration.family}: it is not the plan of a catalog",
            hint="keep both in files of their own, and name the plan of the catalog",
        )


def _place(url: str) -> tuple[str, str, int | None, str]:
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    port = parts.port or _DEFAULT_PORTS.get(scheme)
    return scheme, _host(parts.hostname or ""), port, parts.path.rstrip("/")


def _host(name: str) -> str:
    """A host in one spelling: addresses in their shortest, names in ASCII without a final dot."""
    name = name.rstrip(".")
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        spelled = name.encode("idna")
        # `ß` and a few others were once written as other letters, which is another name now.
        return spelled.decode("ascii") if spelled.decode("idna") == name else name
    except UnicodeError:
        return name


def _parts(plan: Plan) -> Parts:
    if plan.migration is not None:
        return to_parts(migration_document(plan, plan.migration))
    return plan_parts(plan)


def _read(content: bytes) -> Plan:
    try:
        document = _parse(content)
        # What `plan --format json` prints beside the plan. Nothing rests on it.
        if document.get("approval") in [*ApprovalLevel]:
            del document["approval"]
        made = _digest_of(document)
    except ValueError as error:
        raise PlanFileError(f"not a plan file: {error}", hint=_MADE_BY) from error
    # Before the digest: whoever names a receipt by mistake should read that, not of tampering.
    other = other_kind(document, FileKind.PLAN)
    if other is not None:
        raise PlanFileError(f"not a plan file: this is {other}", hint=_MADE_BY)
    if "formatVersion" not in document:
        raise PlanFileError("not a plan file: it has no `formatVersion`", hint=_MADE_BY)
    version = document["formatVersion"]
    if version != FORMAT_VERSION:
        raise PlanFileError(
            f"this plan has format version {shortened(version)};"
            f" this program knows {FORMAT_VERSION}",
            hint="make the plan again with this version of kaiten-sync",
        )
    if document.get("digest") != made:
        raise PlanFileError(
            "this plan was changed after it was made: its digest does not match",
            hint=_AGAIN,
        )
    try:
        if document.get("kind") == _MIGRATION:
            return migration_of(from_json(MigrationDocument, document))
        return plan_of_document(from_json(PlanDocument, document))
    except ValueError as error:
        raise PlanFileError(f"not a plan that kaiten-sync made: {error}", hint=_AGAIN) from error


def _as_written(pieces: Callable[[], Iterator[bytes]]) -> Plan | None:
    """The plan of a file that has exactly the bytes with which that plan is written; or else None.

    It is read twice, change by change, since the JSON of all takes several times its memory. What
    is the same to the byte has no key twice, and nothing else that two readers could take
    differently; and it is the same whatever the file was when it was read first.
    """
    try:
        plan = plan_of_pieces(pieces())
    except ValueError:
        return None  # whoever reads it otherwise says what is wrong
    is_same = _is_same(plan_pieces(plan), pieces())
    return plan if is_same and plan.digest == _digest_of(_parts(plan)) else None


def _is_same(written: Iterator[bytes], given: Iterator[bytes]) -> bool:
    """Whether two contents are the same, in whatever pieces they come."""
    left = b""
    for piece in written:
        while len(left) < len(piece):
            more = next(given, None)
            if more is None:
                return False
            left += more
        if not left.startswith(piece):
            return False
        left = left[len(piece) :]
    return not left and not any(given)


def _in_pieces(content: bytes) -> Iterator[bytes]:
    return (content[at : at + _PIECE_BYTES] for at in range(0, len(content), _PIECE_BYTES))


def _check_follows(plan: Plan) -> None:
    """Raises if a plan of a catalog says what does not follow from its changes."""
    found = contradictions(plan) if plan.migration is None else ()
    if found:
        raise PlanFileError(
            "not a plan that kaiten-sync made: parts of it contradict its changes",
            found,
            hint=_AGAIN,
        )


def _digest_of(document: Parts) -> str:
    return digest({key: value for key, value in document.items() if key != "digest"})


def _parse(content: bytes) -> dict[str, Any]:
    """Parse JSON strictly: what another reader could take differently is refused."""
    # Before it is parsed: a parser needs several times the memory of its input.
    if len(content) > SIZE_LIMIT_BYTES:
        raise ValueError("it is larger than 256 MiB")
    document = read_strict(content)
    if not isinstance(document, dict):
        raise ValueError("it is not a JSON object")
    return document
