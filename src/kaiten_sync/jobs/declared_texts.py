"""Where a project's files declare each object, and how: for who looks at a server beside git."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kaiten_sync.declare import TextEditor
from kaiten_sync.immutable import Immutable
from kaiten_sync.jobs.workspace import Workspace
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.model.address import Address
from kaiten_sync.model.ports import Files
from kaiten_sync.pipeline import load
from kaiten_sync.report.field_rows import place_of


class DeclaredText(Immutable, frozen=True, kw_only=True):
    """The place of an object, such as `catalog.yaml:7`, and its YAML as the file has it.

    `yaml` is empty for what is inside another object, and for what has no text by itself.
    """

    place: str
    yaml: str = ""


def declared_texts(workspace: Workspace, files: Files) -> Mapping[Address, DeclaredText]:
    """What the files of the project's target declare, by address.

    Raises:
        DeclarationError: the declaration is wrong.
    """
    source = workspace.source((), workspace.connect(None).overlays)
    editors: dict[str, TextEditor] = {}
    found = {}
    for address, resource in load(source).resources.items():
        place, name = place_of(resource.source, ()), resource.source.file
        if address.parent is not None:
            found[address] = DeclaredText(place=place)
            continue
        if name not in editors:
            text = files.read(Path(source.root) / name).decode("utf-8-sig")
            editors[name] = TextEditor(name, text)
        lines = editors[name].entry_at(resource.source, in_flow=False)
        head = f"version: 1\n{spec_of(address.kind).section}:\n"
        yaml = head + "".join(f"  {line}\n" for line in lines) if lines else ""
        found[address] = DeclaredText(place=place, yaml=yaml)
    return found
