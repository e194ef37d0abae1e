"""Kinds of import contracts that refuse whatever they do not name.

`.importlinter` loads them. A new library, a new package that uses one, and a new way out of a
closed package are refused until somebody writes them down.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class _AllowList(Contract):
    """A contract whose violations are pairs of importer and imported module."""

    def _imports(self, graph: ImportGraph) -> list[tuple[str, str]]:
        return sorted(
            (importer, imported)
            for importer in graph.modules
            for imported in graph.find_modules_directly_imported_by(importer)
        )

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, imported in check.metadata["refused"]:
            output.print_error(f"{importer} may not import {imported}", bold=False)
        output.new_line()


class LibrariesContract(_AllowList):
    """Every library is imported by the packages that its row names, and by no other.

    `libraries` has one row per library, such as `httpx: api server.events`, without the name of
    the root package. Packages that do not use their library are reported as warnings.
    """

    type_name = "libraries"

    libraries: Any = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        (root,) = self.session_options["root_packages"]
        allowed = {
            library: [f"{root}.{package}" for package in packages.split()]
            for library, packages in (row.split(":") for row in self.libraries)
        }
        used = [pair for pair in self._imports(graph) if _is_library(pair[1], root)]
        unused = [
            f"{package} does not import {library}"
            for library, packages in allowed.items()
            for package in packages
            if not any(name == library and _is_in(user, [package]) for user, name in used)
        ]
        refused = [pair for pair in used if not _is_in(pair[0], allowed.get(pair[1], ()))]
        return ContractCheck(kept=not refused, metadata={"refused": refused}, warnings=unused)


class ClosedPackageContract(_AllowList):
    """A package imports, of all packages of the root, only those that are named.

    `also` has one row per module of it that may import more, such as `server.previews: effects`,
    without the name of the root package.
    """

    type_name = "closed_package"

    package: Any = fields.StringField()
    may_import: Any = fields.ListField(subfield=fields.StringField())
    also: Any = fields.ListField(subfield=fields.StringField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        roots = self.session_options["root_packages"]
        more = {
            f"{roots[0]}.{module}": [f"{roots[0]}.{package}" for package in packages.split()]
            for module, packages in (row.split(":") for row in self.also or ())
        }
        refused = [
            (importer, imported)
            for importer, imported in self._imports(graph)
            if _is_in(importer, [self.package])
            and _is_in(imported, roots)
            and not _is_in(imported, [self.package, *self.may_import, *more.get(importer, ())])
        ]
        return ContractCheck(kept=not refused, metadata={"refused": refused})


def _is_library(module: str, root: str) -> bool:
    return not _is_in(module, [root]) and module.split(".")[0] not in sys.stdlib_module_names


def _is_in(module: str, packages: Iterable[str]) -> bool:
    return any(module == each or module.startswith(f"{each}.") for each in packages)
