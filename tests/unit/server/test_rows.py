"""Rows are typed: a misspelled or mistyped column is refused by mypy, read or written."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType, UnionType
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

import pytest
from mypy import api as mypy
from sqlalchemy import JSON, Column, Table, select

from kaiten_sync.server import db
from kaiten_sync.server.db import tables
from kaiten_sync.server.db.customers import CustomerRow
from kaiten_sync.server.db.rows import FOLDED, RowQuery
from kaiten_sync.server.db.tables import customer

_ROOT = Path(__file__).parents[3]

_MODULES: list[ModuleType] = [
    importlib.import_module(f"{db.__name__}.{found.name}")
    for found in pkgutil.iter_modules(db.__path__)
    if not found.ispkg
]
_QUERIES: dict[str, RowQuery[Any]] = {
    f"{module.__name__.rpartition('.')[2]}.{name}": value
    for module in _MODULES
    for name, value in vars(module).items()
    if isinstance(value, RowQuery)
}

_COLUMNS_OF_CHANGES = {
    "CustomerChange": tables.customer,
    "DeliveryChange": tables.webhook_delivery,
    "EndpointChange": tables.webhook_endpoint,
    "EntitlementChange": tables.entitlement,
    "EntitlementColumns": tables.entitlement,
    "FamilyChange": tables.license_family,
    "GrantChange": tables.grant,
    "GroupChange": tables.entitlement_group,
    "InstanceChange": tables.instance,
    "InstanceColumns": tables.instance,
    "LicenseChange": tables.license_version,
}
_CHANGES = {
    name: value
    for module in _MODULES
    for name, value in vars(module).items()
    if is_typeddict(value)
}

_MISSPELLED = """
from sqlalchemy import Connection

from kaiten_sync.server.db import customers, instances


def read(connection: Connection) -> object:
    found = customers.find_customer(connection, "organization", "slug")
    return found and found.updated_ta


def read_page(connection: Connection) -> object:
    page = instances.list_instances(connection, "organization", None, 10)
    return [row.license_slg for row in page.rows]


def change(connection: Connection) -> None:
    instances.change_instance(connection, "id", stauts="HEALTHY")


def change_to_another_type(connection: Connection) -> None:
    instances.change_instance(connection, "id", updated_at="1")


def add(connection: Connection) -> None:
    customers.add_customer(connection, customers.CustomerRow(nmae="x"))
"""


def test_mypy_refuses_a_misspelled_column(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    snippet = tmp_path / "misspelled.py"
    snippet.write_text(_MISSPELLED, encoding="utf-8")
    # Kept between runs: the libraries take most of the time.
    found = getattr(pytestconfig, "cache", None)  # none with `-p no:cacheprovider`
    kept = tmp_path if found is None else found.mkdir("mypy")
    cache = f"--cache-dir={kept}"
    settings = f"--config-file={_ROOT / 'pyproject.toml'}"
    # The rest of the program is checked elsewhere; here it is only followed.
    said, fault, _ = mypy.run([settings, cache, "--follow-imports=silent", str(snippet)])
    assert fault == ""
    for told in (
        '"ShownCustomer" has no attribute "updated_ta"',
        '"ShownInstance" has no attribute "license_slg"',
        'Unexpected keyword argument "stauts" for "change_instance"',
        'Argument "updated_at" to "change_instance" has incompatible type "str"; expected "int"',
        'Unexpected keyword argument "nmae" for "CustomerRow"',
    ):
        assert told in said


@pytest.mark.parametrize("query_name", _QUERIES)
def test_fields_have_the_types_of_their_columns(query_name: str) -> None:
    query = _QUERIES[query_name]
    hints = get_type_hints(query.row_type)
    for name, column in query.statement.selected_columns.items():
        if name == FOLDED:
            continue
        types = types_of(hints[name])
        assert types - {type(None)} <= types_in(column), column
        # An outer join can be null whatever its columns are.
        if isinstance(column, Column) and column.nullable:
            assert type(None) in types, column


@pytest.mark.parametrize("query_name", _QUERIES)
def test_each_field_has_the_value_of_its_column(query_name: str) -> None:
    query = _QUERIES[query_name]
    names = [str(column.key) for column in query.statement.selected_columns]
    row = query.typed([*names, "further"])
    for name in {*names} - {FOLDED}:
        assert getattr(row, name) == name


@pytest.mark.parametrize("name", _CHANGES)
def test_changes_have_the_names_and_types_of_their_columns(name: str) -> None:
    table: Table = _COLUMNS_OF_CHANGES[name]
    for key, hint in get_type_hints(_CHANGES[name]).items():
        types = types_of(hint)
        assert types - {type(None)} <= types_in(table.c[key]), key
        assert table.c[key].nullable or type(None) not in types, key


def test_a_row_type_that_does_not_fit_its_statement_is_refused() -> None:
    with pytest.raises(TypeError, match=r"CustomerRow and its statement differ: .'slug'"):
        RowQuery(CustomerRow, select(*(each for each in customer.c if each.name != "slug")))


def types_of(hint: Any) -> set[Any]:
    """The types that a field can have, None among them."""
    members = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    return {get_origin(each) or each for each in members}


def types_in(column: Any) -> set[Any]:
    """The types that a column can have, but for None."""
    is_json = isinstance(column.type, JSON)
    return {dict, list} if is_json else {column.type.python_type}
