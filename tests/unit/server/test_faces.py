"""The public faces of the server's packages: what is exported is there, and nothing besides."""

from __future__ import annotations

from types import ModuleType

import pytest

from kaiten_sync.server import db, domain, service
from kaiten_sync.server.db import tables


@pytest.mark.parametrize("package", [db, domain, service, tables])
def test_exported_names_are_all_that_a_package_shows(package: ModuleType) -> None:
    shown = {
        name
        for name, value in vars(package).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert shown == set(package.__all__)
