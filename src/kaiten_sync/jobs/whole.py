"""Whether a declaration is read whole: git may have files of it that this checkout has not."""

from __future__ import annotations

from kaiten_sync.declaration import CatalogSource
from kaiten_sync.declare import absent_files, fixed_part
from kaiten_sync.errors import DeclarationError
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.ports import Ports
from kaiten_sync.model.source import SourceRef


def check_whole(source: CatalogSource, ports: Ports) -> None:
    """Make sure that a sparse checkout leaves out no file of the declaration.

    What such a file declares would be missing, and a plan would delete it, or undo what an overlay
    has.

    Raises:
        DeclarationError: with every file that is left out.
    """
    paths = (*source.catalog, *source.overlays)
    left_out = ports.history.left_out([fixed_part(each) or "." for each in paths], source.root)
    missing = absent_files(paths, root=source.root, absent=left_out)
    if missing:
        raise DeclarationError([_missing(each) for each in missing])


def _missing(file: str) -> Diagnostic:
    return Diagnostic(
        rule="not-checked-out",
        message="this sparse checkout leaves out the file, which is a part of the catalog",
        ref=SourceRef(file, 1, 1),
        hint="add its folder with `git sparse-checkout add`, or end it with"
        " `git sparse-checkout disable`",
    )
