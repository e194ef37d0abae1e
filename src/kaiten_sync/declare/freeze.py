"""Writes the grants that an object inherits out in place, as they are written. Used by freeze."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from kaiten_sync.declare.adopt import FileChange
from kaiten_sync.declare.content import bytes_like
from kaiten_sync.declare.edit import TextEditor
from kaiten_sync.declare.forms import path_of
from kaiten_sync.declare.opened import open_files
from kaiten_sync.declare.write import entry_lines
from kaiten_sync.errors import UsageError
from kaiten_sync.kinds.registry import child_kinds
from kaiten_sync.kinds.spec import EXTENDS
from kaiten_sync.model.address import Address
from kaiten_sync.model.document import Entry, Node


def freeze(
    addresses: Sequence[Address], extended: Node, paths: Sequence[str], root: Path
) -> list[FileChange]:
    """The files of a catalog without the `extends` of these objects. Nothing is written.

    `extended` is the catalog of these files with what is inherited written out.

    Raises:
        UsageError: one is not declared, or inherits nothing.
        RefusedError: the place shares its text with others, or a file was changed meanwhile.
    """
    opened = open_files(paths, root)
    editors = {shown: each.editor for shown, each in opened.items()}
    for address in addresses:
        entry = next(reversed([*extended.walk(tuple(path_of(address)))]), None)
        holder = next((e for e in editors.values() if e.find(path_of(address))), None)
        if entry is None or holder is None:
            raise UsageError(
                f"{address} is not declared in {', '.join(paths)}",
                hint="name the file that declares it with -f",
            )
        _freeze(address, entry, holder, editors)
    changes = []
    for shown, each in opened.items():
        before, after = each.content, bytes_like(each.content, each.editor.text())
        if after != before:
            changes.append(FileChange(shown=shown, path=each.path, before=before, after=after))
    return changes


def _freeze(
    address: Address, entry: Entry, holder: TextEditor, editors: Mapping[str, TextEditor]
) -> None:
    path = path_of(address)
    spot = holder.find(path)
    if spot is None or spot.get(EXTENDS) is None:
        by_itself = spot is not None and spot.alias is None
        raise UsageError(
            f"{address} extends nothing"
            + ("" if by_itself else " by itself: all of it is taken from elsewhere in the file"),
            hint="nothing needs to be frozen: its grants are its own"
            if by_itself
            else "declare it by itself first",
        )
    holder.remove([*path, EXTENDS])
    for child in child_kinds(address.kind):
        section = entry.node.entries.get(child.section)
        if section is None:
            continue
        below = [*path, child.section]
        own = holder.find(below)
        for key, value in (own.pairs or ()) if own is not None else ():
            is_null = value.alias is None and value.text in ("", "null", "~") and not value.style
            if is_null:
                holder.remove([*below, str(key.text)])
        in_flow = own.is_flow if own is not None else spot.is_flow
        written = [
            editors[each.key_ref.file].entry_at(each.key_ref, in_flow=in_flow)
            or entry_lines(slug, each.node.plain(), in_flow=in_flow)
            for slug, each in section.node.entries.items()
            if own is None or each.key_ref.through
        ]
        holder.insert(below, written)
