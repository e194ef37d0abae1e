"""Export: a live catalog as YAML files, without what a server would fill in by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from kaiten_sync.declare import PROJECT_FILE, Extended, dump_catalog, extending, inline
from kaiten_sync.errors import UsageError
from kaiten_sync.immutable import Immutable
from kaiten_sync.jobs.as_families import as_families
from kaiten_sync.jobs.editors import beside_project, bytes_of, schema_header
from kaiten_sync.jobs.left_out import declarable, wrong_in
from kaiten_sync.jobs.workspace import Workspace
from kaiten_sync.jobs.worth import with_family
from kaiten_sync.jobs.written import replacing
from kaiten_sync.kinds.registry import child_kinds, top_kinds
from kaiten_sync.kinds.units import quantities, unit_of
from kaiten_sync.licensing import MAX_QUANTITY, shortest_quantity
from kaiten_sync.model.address import Address, ChildList
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.plan import TargetRef
from kaiten_sync.model.ports import Ports
from kaiten_sync.model.resource import DesiredState, LiveState
from kaiten_sync.model.settings import TOKEN_VARIABLE, Project, Scope
from kaiten_sync.model.source import natural
from kaiten_sync.model.value import Fields
from kaiten_sync.pipeline import read_catalog
from kaiten_sync.plan import Families, families_of, without_default

_TARGET = "prod"
"""What the target of an exported catalog is called: it is a server that is in use."""

_DEVICES = frozenset(
    ("con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)))
)
"""File names that Windows keeps for devices, whatever follows after a point: git checks out none.

Source: learn.microsoft.com/windows/win32/fileio/naming-a-file.
"""

_LEFT_OUT = (
    "objects that are left out stay on the server unmanaged: correct them there and export again,"
    " or exclude them with `scope`, because a plan with `prune: all` deletes undeclared objects"
)
"""What to do about what no declaration may hold."""


class Split(StrEnum):
    """How a catalog is spread over files."""

    LICENSE = "license"
    KIND = "kind"
    NONE = "none"


class ExportRequest(Immutable, frozen=True, kw_only=True):
    """Where to write a live catalog, and how.

    `out` is the folder. `target` is the name that a project file gets for the server, None for a
    usual one. `extends` writes what licenses have in common once, `families` each family that it
    can as what it sells now, and `units` numbers in their shortest exact form. `is_forced` replaces
    the files of an earlier export, and others of the same names.
    """

    out: str
    split: Split = Split.LICENSE
    extends: bool = False
    families: bool = False
    units: bool = False
    with_project: bool = False
    target: str | None = None
    is_forced: bool = False


class Exported(Immutable, frozen=True, kw_only=True):
    """The files that were written, how many objects are in them, and what was removed.

    `removed` are files of an earlier export, `overlays` what is merged over the files if they are
    planned for the same target.
    """

    paths: tuple[Path, ...]
    objects: int
    removed: tuple[Path, ...] = ()
    overlays: tuple[str, ...] = ()


def export(workspace: Workspace, request: ExportRequest, ports: Ports) -> Exported:
    """Read everything in scope, and write it as files. Planning them changes nothing.

    Raises:
        UsageError: a file is there already, belongs to somebody, or cannot be written. Nothing
            was written.
        DeclarationError: the folder has files that this checkout lacks.
        KaitenSyncError: as `pipeline.read_catalog` and `Connect` do.
    """
    out = Path(request.out)
    if request.with_project and out.resolve() == Path(PROJECT_FILE).resolve().parent:
        raise UsageError(
            f"{PROJECT_FILE} would be read as part of the catalog in the same folder",
            hint="write the catalog into a folder of its own, such as -o catalog/",
        )
    connection = workspace.connect(None)
    scope = workspace.scope
    with connection.open() as catalog:
        live = read_catalog(catalog, scope=scope, progress=ports.progress)
    for warning in _served_by_chance(live, scope):
        ports.notices.notify(f"warning: {warning.sentence}")
    files, objects, notices = _declarable_files(live, scope, request)
    contents = {out / name: text for name, text in files.items()}
    beside: dict[Path, str] = {}
    if request.with_project:
        contents = {path: schema_header(path) + text for path, text in contents.items()}
        contents[Path(PROJECT_FILE)] = _own_project(request, connection.target, workspace, ports)
        beside, hint = beside_project(Path(), [request.out.rstrip("/") + "/"], ports.files)
        if hint is not None:
            ports.notices.notify(hint)
    written = replacing(
        out,
        {path: text.encode() for path, text in contents.items()},
        ports.files,
        is_forced=request.is_forced,
        left_out=workspace.left_out([request.out], Path.cwd()),
    )
    ports.files.write_all({**written, **{p: bytes_of(text) for p, text in beside.items()}})
    for notice in notices:
        ports.notices.notify(notice)
    return Exported(
        paths=(*contents, *beside),
        removed=tuple(path for path, content in written.items() if content is None),
        objects=objects,
        overlays=connection.overlays,
    )


def _own_project(
    request: ExportRequest, target: TargetRef, workspace: Workspace, ports: Ports
) -> str:
    """The project file, which never takes the place of another: that has targets and a policy.

    Raises:
        UsageError: there is one that says something else.
    """
    path = Path(PROJECT_FILE)
    text = schema_header(path) + project_text(
        request.out, target, request.target, workspace.project
    )
    if ports.files.exists(path) and ports.files.read(path).replace(b"\r\n", b"\n") != text.encode():
        raise UsageError(
            f"{path} is there already, and no export replaces it; nothing was written",
            hint="leave out --with-project, or remove that file first",
        )
    return text


def _declarable_files(
    live: LiveState, scope: Scope, request: ExportRequest
) -> tuple[Mapping[str, str], int, Sequence[str]]:
    """The files, how many objects are in them, and what is said of what is not."""

    def files_of(objects: Mapping[Address, Fields]) -> Mapping[str, str]:
        return catalog_files(
            live,
            scope,
            request.split,
            extends=request.extends,
            as_sold=request.families,
            units=request.units,
            objects=objects,
        )

    def count_of(objects: Mapping[Address, Fields]) -> int:
        return len(as_families(objects, live, scope) if request.families else objects)

    folder = Path(request.out)
    owned = owned_by(live, scope)
    files = files_of(owned)
    if not wrong_in(files, folder, scope):
        return files, count_of(owned), ()
    kept, left_out = declarable(owned, folder, scope)
    files = files_of(kept)
    notices = [f"warning: {each}" for each in left_out]
    if left_out:
        notices.append(_LEFT_OUT)
    notices += [
        f"warning: these files cannot be planned: {each.ref}: {each.sentence}"
        for each in wrong_in(files, folder, scope)
    ]
    return files, count_of(kept), notices


def _served_by_chance(live: LiveState, scope: Scope) -> Iterator[Diagnostic]:
    """The families of which nothing in the files says what they serve."""
    families = families_of(DesiredState(resources={}), live)
    fields = {address: found.fields for address, found in live.resources.items()}
    covered = {families.of.get(address) for address in live.resources if scope.covers(address)}
    yield from without_default(families, fields, covered)


def owned_by(live: LiveState, scope: Scope) -> Mapping[Address, Fields]:
    """What is worth declaring of what a scope covers."""
    families = families_of(DesiredState(resources={}), live)
    return {
        address: with_family(found, families)
        for address, found in live.resources.items()
        if scope.covers(address)
    }


def catalog_files(
    live: LiveState,
    scope: Scope,
    split: Split = Split.LICENSE,
    *,
    extends: bool = False,
    as_sold: bool = False,
    units: bool = False,
    objects: Mapping[Address, Fields] | None = None,
) -> dict[str, str]:
    """File names and their YAML: groups, entitlements, and one file per license, or fewer.

    `objects` are what to write; None is all that the scope covers. A family whose versions other
    file names would put in another order is in one file. With `extends`, each license is the
    difference from the one that leaves the fewest lines. A version that is not the newest of its
    family is whole, because it must not change with another. With `as_sold`, families are written
    instead of their versions where that says all; with `units`, numbers are in their shortest exact
    form: `50k`, `10GB`.
    """
    families = families_of(DesiredState(resources={}), live)
    owned = owned_by(live, scope) if objects is None else objects
    if as_sold:
        owned = as_families(owned, live, scope)
    content = Extended(objects=owned, bases={})
    if extends:
        old = {each for members in families.members.values() for each in members[:-1]}
        retired = {a for a, fields in owned.items() if fields.get("lifecycleState") == "ARCHIVED"}
        content = extending(owned, old, retired)
    if units:
        known = {address: found.fields for address, found in live.resources.items()}
        content = content.changed(
            objects={a: _in_units(a, fields, known) for a, fields in content.objects.items()},
        )
    if split is Split.NONE or not owned:
        return {"catalog.yaml": _dump(content.objects, content, families)}
    files: dict[str, str] = {}
    for spec in top_kinds():
        chosen = [address for address in content.objects if address.root.kind == spec.kind]
        if chosen and (split is Split.KIND or not child_kinds(spec.kind)):
            files[f"{spec.section}.yaml"] = _dump(chosen, content, families)
            continue
        inside: dict[str, list[Address]] = defaultdict(list)
        for address in sorted(chosen, key=lambda each: each.sort_key):
            inside[_file_name(_file_of(address.root, families))].append(address)
        for name, each in inside.items():
            files[f"{spec.section}/{name}"] = _dump(each, content, families)
    return files


def _file_name(root: Address) -> str:
    return f"{root.kind}-{root.slug}.yaml" if root.slug in _DEVICES else f"{root.slug}.yaml"


def _in_units(address: Address, fields: Fields, known: Mapping[Address, Fields]) -> Fields:
    """The fields of an object, its numbers as the shortest texts that say the same."""
    unit = unit_of(address, known)
    short = dict(fields)
    for name in quantities() & fields.keys():
        value = fields[name]
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_QUANTITY:
            text = shortest_quantity(value, unit)
            short[name] = value if text.isdigit() else text
    return short


def _file_of(address: Address, families: Families) -> Address:
    """The object that names the file of another: itself, or the first version of its family."""
    members = families.members.get(families.of.get(address, ""), (address,))
    later = [natural(_file_name(each)) for each in members[1:]]
    return address if later == sorted(later) else members[0]


def project_text(folder: str, target: TargetRef, name: str | None, project: Project | None) -> str:
    """A project file for an exported catalog: its server, and what it owns.

    `name` is the target's in the project that it was exported with, None without one.
    """
    known = project.targets.get(name) if project is not None and name is not None else None
    variable = known.token_env if known and known.token_env else TOKEN_VARIABLE
    token: dict[str, str] = {"env": variable}
    scope = project.scope if project is not None else Scope()
    patterns = {
        spec.section: ["*"] if (chosen := scope.patterns(spec.kind)) is None else list(chosen)
        for spec in top_kinds()
        if not spec.versions or scope.patterns(spec.kind) is not None
    }
    catalog = folder.rstrip("/") + "/"
    lines = [
        "version: 1",
        f"catalog: [{inline(catalog)}]",
        "targets:",
        f"  {inline(name or _TARGET)}: {inline({'token': token, 'url': target.url})}",
        "scope:                         # what this repository owns; `!` leaves something out",
        *(f"  {plural}: {inline(chosen)}" for plural, chosen in patterns.items()),
    ]
    return "\n".join(lines) + "\n"


def _dump(chosen: Iterable[Address], content: Extended, families: Families) -> str:
    objects = {address: content.objects[address] for address in chosen}
    lists = [
        ChildList(address, child.kind)
        for address in objects
        if address not in content.bases
        for child in child_kinds(address.kind)
    ]
    places = {
        address: (families.members[family][0].slug, families.members[family].index(address))
        for address, family in families.of.items()
    }
    return dump_catalog(objects, owns=lists, places=places, bases=content.bases)
