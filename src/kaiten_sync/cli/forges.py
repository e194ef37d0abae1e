"""Names of files as forges want them: they find the lines of a result by its files' names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kaiten_sync.cli.options import CatalogChoice, ServerChoice
from kaiten_sync.errors import DeclarationError
from kaiten_sync.report.formats import BESIDE_LINES

if TYPE_CHECKING:
    from kaiten_sync.jobs.workspace import Workspace
    from kaiten_sync.model.diagnostic import Diagnostic
    from kaiten_sync.model.drift import DriftReport
    from kaiten_sync.model.settings import Project


class FileNames:
    """Names the files of a result: for a forge, from the root of the git repository.

    What that takes is imported only then: it takes as long as a catalog to load.
    """

    def __init__(self, output_format: str) -> None:
        self._is_for_forge = output_format in BESIDE_LINES
        self._folder = Path.cwd()

    def are_of(self, project: Project | None, files: Sequence[str]) -> None:
        """Files have names from the project's folder, unless the command line names them."""
        self._folder = Path.cwd() if files or project is None else Path(project.root)

    def in_diagnostics(self, diagnostics: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
        """The diagnostics with these names."""
        if not self._is_for_forge:
            return tuple(diagnostics)
        from kaiten_sync.cli.session import terminal_ports
        from kaiten_sync.jobs.repository import named_from_root

        return named_from_root(diagnostics, self._folder, terminal_ports(is_offline=True).files)

    def in_drift(self, reports: Sequence[DriftReport]) -> tuple[DriftReport, ...]:
        """The reports with these names."""
        if not self._is_for_forge:
            return tuple(reports)
        from kaiten_sync.cli.session import terminal_ports
        from kaiten_sync.jobs.repository import drift_from_root

        return drift_from_root(reports, self._folder, terminal_ports(is_offline=True).files)

    @contextmanager
    def in_errors(self) -> Iterator[None]:
        """These names in an error of the declaration, too."""
        try:
            yield
        except DeclarationError as error:
            self._folder = self._folder if error.folder is None else Path(error.folder)
            raise DeclarationError(self.in_diagnostics(error.diagnostics)) from error


@contextmanager
def workspace_for(
    output_format: str, declaration: CatalogChoice, server: ServerChoice
) -> Iterator[tuple[Workspace, FileNames]]:
    """The workspace of a command, and how its result names files; its errors name them so, too."""
    from kaiten_sync.cli.session import workspace_of

    names = FileNames(output_format)
    with names.in_errors():
        workspace = workspace_of(declaration.project, server)
        names.are_of(workspace.project, declaration.files)
        yield workspace, names
