"""Databases for the tests, and a PostgreSQL cluster of their own that nobody else can reach.

The migrations run once per process: a new database is a copy of one that has been through them.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache, cached_property
from pathlib import Path

import psycopg
import pytest
from tests.support.processes import outlives_its_test

from kaiten_sync.server.db.engine import open_engine
from kaiten_sync.server.db.migrate import migrate

ADVICE = "PostgreSQL is not installed: apt-get install --no-install-recommends postgresql"

_SUPERUSER = "kaiten"

# Durability is off: a cluster of tests never outlives them. The collation is not the order of the
# bytes on purpose, because most databases are made with one like it.
_INITDB = [
    *("--auth=trust", "--no-sync", f"--username={_SUPERUSER}", "--encoding=UTF8", "--locale=C"),
    *("--locale-provider=icu", "--icu-locale=en-US"),
]
_SETTINGS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0777",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "16MB",
    "deadlock_timeout": "50ms",
}

# The cluster ends with its input, so also when the tests are killed.
_SCRIPT = """
bin=$1 folder=$2 settings=$3; shift 3
"$bin/initdb" "$@" --pgdata "$folder/data" >"$folder/log" 2>&1 &&
  "$bin/pg_ctl" start --wait --silent --pgdata "$folder/data" --log "$folder/log" \
    --options "$settings -k $folder" >"$folder/start" 2>&1 &&
  echo ready
cat >/dev/null
"$bin/pg_ctl" stop --mode immediate --silent --pgdata "$folder/data" >/dev/null 2>&1
rm -rf "$folder"/*
"""


class Cluster:
    """A running PostgreSQL that makes databases. It listens on a socket in its folder."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self._folder = folder
        self._binaries = binaries
        self._numbers = itertools.count(1)

    def new_database(self) -> str:
        """The URL of a new database with the current schema and nothing in it."""
        return self._made(f"TEMPLATE {self._template}")

    def empty_database(self) -> str:
        """The URL of a new database without any table."""
        return self._made()

    def _made(self, options: str = "") -> str:
        name = f"kaiten_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} {options}")
        return self.url(name)

    @cached_property
    def _template(self) -> str:
        """The name of a database that has been through all migrations; nobody may be connected."""
        url = self.empty_database()
        with closing(open_engine(url)) as database:
            migrate(database)
        return url.removeprefix("postgresql:///").partition("?")[0]

    def url(self, name: str) -> str:
        """The URL of a database with this name, whether there is one or not."""
        return f"postgresql:///{name}?host={self._folder}&user={_SUPERUSER}"

    @property
    def environment(self) -> dict[str, str]:
        """Where PostgreSQL's own commands are, and what lets them find this cluster."""
        path = f"{self._binaries}:{os.environ['PATH']}"
        return {"PATH": path, "PGHOST": str(self._folder), "PGUSER": _SUPERUSER}

    def run(self, statement: str) -> None:
        """Run one statement outside of all databases of the tests."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())


@cache
def migrated_file() -> bytes:
    """A SQLite file that has been through all migrations: most of the time of a first start."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "server.db"
        with closing(open_engine(f"sqlite:///{path}")) as database:
            migrate(database)
        return path.read_bytes()


def write_migrated(path: Path) -> None:
    """Make a SQLite file with the current schema and nothing in it, as private as the server's."""
    path.touch(mode=0o600)
    path.write_bytes(migrated_file())


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A cluster for as long as the body runs. Skips the test where PostgreSQL is missing.

    With CI=true it fails instead: there nothing may be left out.
    """
    binaries = _binaries()
    if binaries is None:
        if os.environ.get("CI") == "true":
            pytest.fail(ADVICE)
        pytest.skip(ADVICE)
    # Short, because the path of a socket has at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="kpg-", dir="/tmp"))
    try:
        with _running(binaries, folder):
            yield Cluster(folder, binaries)
    finally:
        folder.rmdir()


@contextmanager
def _running(binaries: Path, folder: Path) -> Iterator[None]:
    user = _user()
    if user is not None:
        shutil.chown(folder, user)
    folder.chmod(0o755)
    settings = " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items())
    keeper = subprocess.Popen(
        ["sh", "-c", _SCRIPT, "sh", str(binaries), str(folder), settings, *_INITDB],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the tests
        user=user,
        cwd=folder,
    )
    with keeper:  # closes its input at the end, and waits
        assert keeper.stdout is not None
        if keeper.stdout.readline() != b"ready\n":
            pytest.fail((folder / "log").read_text(encoding="utf-8"))
        outlives_its_test(keeper.pid)
        outlives_its_test(int((folder / "data/postmaster.pid").read_text().split()[0]))
        yield


def _user() -> str | None:
    """Whom PostgreSQL runs as: it refuses root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _binaries() -> Path | None:
    """The folder of the newest PostgreSQL of this machine."""
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(found, key=lambda path: float(path.parts[-3]), default=None)
    if newest is not None:
        return newest.parent
    named = shutil.which("initdb")
    return None if named is None else Path(named).resolve().parent
