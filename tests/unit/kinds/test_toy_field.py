"""A new field is a row in its kind's table and nothing else: one row goes through every stage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.shop import Shop
from tests.support.toy_server import toy_server

from kaiten_sync.kinds.addresses import parse_address
from kaiten_sync.kinds.registry import SPECS, register, unregister
from kaiten_sync.kinds.schema import catalog_schema
from kaiten_sync.kinds.spec import FieldSpec, FieldType, Order, constant

FIELD = FieldSpec(
    name="stock",
    wire="stockOnWire",
    read="stockOnWire",
    type=FieldType.INTEGER,
    order=Order.HIGHER_LOOSENS,
    limits={"minimum": 0},
    default=constant(0),
    takes_null=True,
)
CATALOG = """\
version: 1
groups:
  quotas: {name: Quotas, stock: 5}
entitlements:
  api-calls: {name: API Calls, type: NUMBER, groups: [quotas], stock: 5}
licenses:
  growth:
    name: Growth
    type: PAID
    stock: 5
    entitlements:
      api-calls: {value: 1000, stock: 5}
"""
PROJECT = """\
version: 1
catalog: [catalog.yaml]
targets:
  local: {url: "URL"}
"""
ADDRESSES = (
    "group/quotas",
    "entitlement/api-calls",
    "license/growth",
    "license/growth/grant/api-calls",
)


@pytest.fixture
def shop(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    monkeypatch.chdir(tmp_path)
    for name in ("KAITEN_BASE_URL", "KAITEN_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    before = list(SPECS.values())
    for spec in before:
        unregister(spec.kind)
        register(replace(spec, keys=(*spec.keys, FIELD)))
    try:
        with toy_server() as toy:
            yield Shop(toy, capsys, CATALOG, PROJECT)
    finally:
        for spec in before:
            unregister(spec.kind)
            register(spec)


def test_a_value_of_another_type_is_wrong_in_each_kind(shop: Shop) -> None:
    shop.edit("stock: 5", "stock: some")
    assert shop.run("validate", code=3).count("`stock` must be a whole number") == len(ADDRESSES)
    shop.edit("stock: some", "stock: -1")
    assert shop.run("validate", code=3).count("`stock` must be at least 0") == len(ADDRESSES)


@pytest.mark.parametrize("address", ADDRESSES)
def test_it_is_created_changed_and_cleared(shop: Shop, address: str) -> None:
    shop.plan()
    shop.apply()
    assert shop.live(address)["stockOnWire"] == 5
    shop.run("plan", "-t", "local", "--detailed-exitcode")
    shop.edit("stock: 5", "stock: 3")
    shop.plan()
    assert {change["effect"] for change in shop.changes()} == {"tightens"}
    shop.apply()
    assert shop.live(address)["stockOnWire"] == 3
    shop.edit("stock: 3", "stock: null")
    shop.plan()
    shop.apply()
    assert shop.live(address)["stockOnWire"] == 0


@pytest.mark.parametrize("address", ADDRESSES)
def test_drift_shows_it_and_adopt_takes_it(shop: Shop, address: str) -> None:
    shop.plan()
    shop.apply()
    shop.live(address)["stockOnWire"] = 7
    assert "stock: live 7, git 5" in shop.run("drift", "-t", "local", "--detailed-exitcode", code=2)
    shop.run("adopt", "-t", "local", address)
    assert Path("catalog.yaml").read_text().count("stock: 7") == 1
    shop.run("drift", "-t", "local", "--detailed-exitcode")


def test_an_export_has_it(shop: Shop) -> None:
    shop.plan()
    shop.apply()
    shop.run("export", "-t", "local", "-o", "exported", "--split", "none")
    assert Path("exported/catalog.yaml").read_text().count("stock: 5") == len(ADDRESSES)


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_answer_of_another_type_is_refused(shop: Shop, address: str) -> None:
    shop.plan()
    shop.apply()
    shop.live(address)["stockOnWire"] = "5"
    shown = shop.run("drift", "-t", "local", code=1)
    assert f"{address} whose stockOnWire is not a whole number" in shown


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.usefixtures("shop")
def test_the_schema_describes_it(address: str) -> None:
    kind = parse_address(address).kind
    assert catalog_schema()["$defs"][kind]["properties"]["stock"]["type"] == ["integer", "null"]
