"""Migrations: none is ever edited, and each database that one of ours made comes up to date."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.exc import DBAPIError
from tests.support.metering import Meter, client, metered
from tests.unit.server.test_longest_texts import make_all

from kaiten_sync.licensing import ResetAnchor, ResetPeriod
from kaiten_sync.server.app import ServerSettings, ServerStartError, prepare, running
from kaiten_sync.server.db.engine import open_engine
from kaiten_sync.server.db.migrate import alembic_config
from kaiten_sync.server.db.migrations import versions
from kaiten_sync.server.db.tables import entitlement, event, grant, metadata, usage_day

TOKEN = "ksh_chosen-by-hand-for-a-test"

DIGESTS = {
    "v0001_catalog.py": "4b1a25d9f9e927d8a5dea8adca8d84c25f5268abdc5951c2c531328b09c44bcf",
    "v0002_usage.py": "fe0a24c7468a1d69da0beac9d35024c7e00a11aabfb8a69b1ad0912d3b2b35c8",
    "v0003_sessions.py": "8355880352c050286bf2331a576fe08932ecf7c452c0a93852bc8f09cb21a005",
    "v0004_usage_days.py": "679fdd3eef1642d45e317809b538e916a366eb1040322e0c7a1c6ba2b7041045",
    "v0005_day_organisation.py": "002f62238f6f0e9bd23ec87c827a525453b3f8609886c08b0467f323f02008ad",
    "v0006_finite_numbers.py": "4e5e229334bd07377ee433bf35c9df786b6d2c93f4b09bfaf92d79041925891f",
    "v0007_parents_health.py": "06fc3a14e86322781047b53bf786e7330f3898ccdbbadfecfcc4a55037f87cbe",
    "v0008_folded_texts.py": "6828626c6180926057ce936b682cd96e29505fb1c59ae5c549b47d5b268c844b",
    "v0009_traces.py": "aadf916f0ce560d7c26901631a1b0556a2a6afc414029a0d5f6237da85d4f923",
    "v0010_valid_rows.py": "5dc81ebfc8a258b487d7a675305949776eaf7fb16880a7a13e15975be979b3a3",
    "v0011_attempts.py": "68331edc7af0209adc3d38565be8b2ae0eb1fc54ac8b5ea9f0e15d0e1261a3a8",
    "v0012_full_counters.py": "0a71110cb84a727e849c3cb4e805cc3e48b1f16ecb3dce316c4c90a5903dedbe",
    "v0013_rated_counters.py": "a95ace00e97f0fe38658f216860f4656710922c681b29aaab1b089b657d77891",
    "v0014_folded_names.py": "8bfabf6b8a1cb8893b333cca8c6c81002a3d0e29d3265e332474bd4c5fc2eb30",
    "v0015_sums.py": "f89350fdacefebcef1de01180f72f6212910d875bfc9542e9fbc16554441366e",
    "v0016_long_addresses.py": "e708c5ebfdcf53657eb970b44c3dbed69a380ea31115a309bc764c12de00d8f5",
    "v0017_exact_json.py": "26bf202988ab73201ab8dbfc29c65b1a77f537a0217ba89cafd02daba7a487d7",
}
"""By file. Databases that a migration made are out there: what is wrong with one is mended by
another one, and never in its place. 0009 alone was changed, where it failed: no other could
follow."""

FIRST_FORM_OF_0004 = """
CREATE TABLE entitlement_usage_day (
    instance_id VARCHAR(36) NOT NULL,
    entitlement_id VARCHAR(36) NOT NULL,
    day INTEGER NOT NULL,
    accepted BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    highest FLOAT(53),
    value FLOAT(53),
    period_start BIGINT,
    CONSTRAINT pk_entitlement_usage_day PRIMARY KEY (instance_id, entitlement_id, day),
    CONSTRAINT fk_entitlement_usage_day_instance_id FOREIGN KEY(instance_id)
        REFERENCES instance (id) ON DELETE CASCADE,
    CONSTRAINT fk_entitlement_usage_day_entitlement_id FOREIGN KEY(entitlement_id)
        REFERENCES entitlement (id) ON DELETE CASCADE
);
CREATE INDEX ix_entitlement_usage_day_day ON entitlement_usage_day (day);
CREATE INDEX ix_entitlement_usage_day_entitlement_id_day
    ON entitlement_usage_day (entitlement_id, day);
INSERT INTO entitlement_usage_day
    SELECT instance_id, entitlement_id, 20000, 3, 1, 7, 5, NULL FROM entitlement_usage
"""

# SQLite's are left out of what is compared; PostgreSQL's are in it.
without_indexes_of_expressions = pytest.mark.filterwarnings(
    "ignore:Skipped unsupported reflection of expression-based index"
)


@contextmanager
def serving(url: str) -> Iterator[Meter]:
    settings = ServerSettings(database_url=url, bootstrap_token=TOKEN)
    with running(settings) as started, client(started.url, TOKEN) as api:
        yield Meter(api, url)


@contextmanager
def behind(url: str) -> Iterator[Connection]:
    """A connection that may change the schema of a database that nothing serves."""
    with closing(open_engine(url)) as database, database.migrating() as connection:
        yield connection


@pytest.fixture
def used_url(empty_url: str) -> str:
    """A database in which an instance has used 2 of 10 calls."""
    with serving(empty_url) as meter:
        meter = metered(meter.api, empty_url)
        meter.grant(10)
        meter.count(2)
    return empty_url


def schema(url: str) -> object:
    """All that the tables of a database are made of."""
    with closing(open_engine(url)) as database, database.reading() as connection:
        inspector = inspect(connection)
        found = {}
        for name in sorted(metadata.tables):
            constraints = [
                *inspector.get_check_constraints(name),
                *inspector.get_unique_constraints(name),
                *inspector.get_foreign_keys(name),
                inspector.get_pk_constraint(name),
                *inspector.get_indexes(name),
            ]
            columns = {
                each["name"]: (str(each["type"]), each["nullable"])
                for each in inspector.get_columns(name)
            }
            found[name] = columns, sorted(str(each["name"]) for each in constraints)
        return found


def indexes_of_expressions(url: str) -> list[str]:
    """The statements of indexes that `schema` cannot see all of: it finds no collation."""
    with closing(open_engine(url)) as database, database.reading() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        table, name, text_of = (
            ("sqlite_master", "name", "sql")
            if is_sqlite
            else ("pg_indexes", "indexname", "indexdef")
        )
        query = f"SELECT {text_of} FROM {table} WHERE {name} LIKE '%_start_id' ORDER BY 1"
        return list(connection.execute(text(query)).scalars())


def test_no_migration_is_edited() -> None:
    folder = Path(str(versions.__file__)).parent
    found = {
        each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in folder.glob("v*.py")
    }
    assert found == DIGESTS


@without_indexes_of_expressions
def test_a_database_of_the_first_form_of_0004_comes_up_to_date(used_url: str) -> None:
    present = schema(used_url)
    with behind(used_url) as connection:
        command.downgrade(alembic_config(connection), "0004")
        connection.execute(text("DROP TABLE entitlement_usage_day"))
        for statement in FIRST_FORM_OF_0004.split(";"):
            connection.execute(text(statement))
    prepare(ServerSettings(database_url=used_url)).database.close()
    with behind(used_url) as connection:
        kept = connection.execute(select(usage_day).where(usage_day.c.day == 20000)).one()
    assert (kept.accepted, kept.refused, kept.highest, kept.value) == (3, 1, 7, 5)
    assert schema(used_url) == present
    with serving(used_url) as meter:
        assert meter.report(3).status_code == 200
        assert meter.report(9).status_code == 409
        assert meter.read()["value"]["value"] == 5


@without_indexes_of_expressions
def test_the_tables_are_what_the_migrations_make(empty_url: str, tmp_path: Path) -> None:
    prepare(ServerSettings(database_url=empty_url)).database.close()
    migrated = schema(empty_url), indexes_of_expressions(empty_url)
    with behind(empty_url) as connection:
        metadata.drop_all(connection)
        metadata.create_all(connection)
    assert (schema(empty_url), indexes_of_expressions(empty_url)) == migrated
    assert len(migrated[1]) == 2


_TRACES = ("token_id", "used_before", "used_after", "last_used_at", "part")
"""Columns that an older schema cannot keep."""


def test_migrations_keep_all_rows(used_url: str) -> None:
    with serving(used_url) as meter:
        for period, anchor in itertools.product(ResetPeriod, ResetAnchor):
            slug = f"{period}-{anchor}".lower().replace("_", "-")
            meter.grant(10, slug, resetPeriod=period, resetAnchor=anchor)
            meter.count(2, slug=slug)

    def rows() -> list[object]:
        with behind(used_url) as connection:
            return [
                connection.execute(
                    select(*(c for c in t.c if c.name not in _TRACES)).order_by(*t.primary_key)
                ).all()
                for t in metadata.sorted_tables
            ]

    before = rows()
    with behind(used_url) as connection:
        command.downgrade(alembic_config(connection), "0004")
        command.upgrade(alembic_config(connection), "head")
    assert rows() == before


@without_indexes_of_expressions
@pytest.mark.parametrize("version", ["0004", "0008", "0015"])
def test_databases_with_the_longest_texts_come_up_to_date(empty_url: str, version: str) -> None:
    with serving(empty_url) as meter:
        make_all(meter.api)
    present = schema(empty_url)

    def addresses() -> list[str | None]:
        with behind(empty_url) as connection:
            return list(connection.execute(select(event.c.address).order_by(event.c.seq)).scalars())

    before = addresses()
    with behind(empty_url) as connection:
        command.downgrade(alembic_config(connection), version)
    prepare(ServerSettings(database_url=empty_url)).database.close()
    assert (addresses(), schema(empty_url)) == (before, present)
    assert max(len(each or "") for each in before) == len("license//grant/") + 2 * 100


@pytest.mark.parametrize(
    ("statement", "missing"),
    [
        ("ALTER TABLE entitlement_usage DROP COLUMN report_seq", "column entitlement_usage.re"),
        ("DROP TABLE session", "table session"),
    ],
)
def test_a_database_that_lacks_something_is_refused(
    used_url: str, statement: str, missing: str
) -> None:
    with behind(used_url) as connection:
        connection.execute(text(statement))
    with pytest.raises(ServerStartError, match=f"missing: {missing}") as refused:
        prepare(ServerSettings(database_url=used_url))
    assert refused.value.hint


@pytest.mark.parametrize(
    ("stored", "mended", "overage"),
    [
        ("NaN", -1, -1),
        ("Infinity", -1, -1),
        ("-Infinity", -1.7976931348623157e308, 0),
        ("1" + "0" * 400, -1, -1),
    ],
)
def test_thresholds_that_are_not_finite_are_mended(
    used_url: str, database: str, stored: str, mended: float, overage: int
) -> None:
    if database == "postgresql" and not stored.isdigit():
        return  # which has never taken the others
    with behind(used_url) as connection:
        command.downgrade(alembic_config(connection), "0005")
        value = f'{{"type": "number", "value": {stored}}}'.replace(":", r"\:")
        connection.execute(text(f"UPDATE license_entitlement SET value = '{value}'"))
        event = f'{{"limit": {stored}}}'.replace(":", r"\:")
        if database == "sqlite":
            connection.execute(text(f"UPDATE event SET payload = '{event}'"))
    with serving(used_url) as meter:
        assert meter.report(3).status_code == (200 if mended == -1 else 409)
        assert meter.api.get("/instances/main/audit-trails").status_code == 200
    with behind(used_url) as connection:
        row = connection.execute(select(grant)).one()
    assert (row.value["value"], row.overage_percent) == (mended, overage)


def test_long_thresholds_get_their_short_spelling(used_url: str) -> None:
    with behind(used_url) as connection:
        command.downgrade(alembic_config(connection), "0016")
        value = r'{"type"\: "number", "value"\: 1e300}'
        connection.execute(text(f"UPDATE license_entitlement SET value = '{value}'"))
    with serving(used_url) as meter:
        answer = meter.api.get("/licenses/growth/entitlements/calls").text
    assert '"value":{"type":"number","value":1e300}' in answer


@pytest.mark.parametrize("stored", ["NaN", "Infinity"])
def test_sale_units_without_a_factor_are_removed(used_url: str, database: str, stored: str) -> None:
    factor = f"'{stored}'" if database == "postgresql" else "9e999"
    with behind(used_url) as connection:
        command.downgrade(alembic_config(connection), "0005")
        connection.execute(
            text(
                "UPDATE entitlement SET unit_singular = 'call', unit_plural = 'calls',"
                f" sale_unit_singular = 'pack', sale_unit_plural = 'packs',"
                f" sale_unit_factor = {factor}"
            )
        )
    prepare(ServerSettings(database_url=used_url)).database.close()
    with behind(used_url) as connection:
        row = connection.execute(select(entitlement)).one()
    assert (row.unit_plural, row.sale_unit_plural, row.sale_unit_factor) == ("calls", None, None)


@pytest.mark.parametrize(
    "change",
    [
        'license_entitlement SET value = \'{"type"\\: "number", "value"\\: 1e400}\'',
        "entitlement_usage SET value = 9e999",
        "entitlement_usage_day SET value = 9e999",
        "entitlement_usage_day SET highest = -9e999",
    ],
)
def test_the_database_refuses_numbers_that_are_not_finite(
    used_url: str, database: str, change: str
) -> None:
    if database == "postgresql":
        change = change.replace("-9e999", "'-Infinity'").replace("9e999", "'Infinity'")
    with pytest.raises(DBAPIError, match=r"(?i)check constraint"), behind(used_url) as connection:
        connection.execute(text(f"UPDATE {change}"))
