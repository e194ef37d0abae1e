"""The tour: a catalog in YAML becomes a plan, the plan licenses on a server, an edit drift.

A customer then uses what the license gives.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any

import click

from kaiten_sync.cli.exit_codes import ExitCode
from kaiten_sync.cli.output import print_result, use_color
from kaiten_sync.cli.serving import READY_PREFIX, require_server
from kaiten_sync.errors import KaitenSyncError
from kaiten_sync.immutable import Immutable
from kaiten_sync.report.paint import TITLE, painter
from kaiten_sync.report.words import as_operand

TOKEN = "ksh_demo-of-a-server-that-lives-for-a-minute"  # noqa: S105  (of a throw-away server)
START_TIMEOUT_S = 30.0
"""A cold start on a slow laptop takes some seconds; after this something is wrong."""

_KEPT = re.compile(
    r"PATH|HOME|TMPDIR|LANG|LC_\w+|LD_LIBRARY_PATH|PYTHON(PATH|HOME|DONTWRITEBYTECODE)|SYSTEMROOT"
)
"""Variables that the server of the tour needs to start; the others may be secrets."""

_PLAN_FILE = "plans/local.plan.json"
_LOWER_FILE = "plans/lower.plan.json"


def run_tour(keep: str | None) -> int:
    """Run every step and stop at the first one that fails."""
    with tempfile.TemporaryDirectory(prefix="kaiten-sync-demo-") as folder:
        project = Path(keep).resolve() if keep else Path(folder) / "my-catalog"
        with _server(Path(folder)) as url, _environment():
            return _Tour(url, project).run()


class _Tour:
    """The steps, in the order in which a new user would take them."""

    def __init__(self, url: str, project: Path) -> None:
        self._url = url
        self._project = project
        self._step = 0

    def run(self) -> int:
        """All steps; the first unexpected exit code ends the tour."""
        print_result(
            "kaiten-sync keeps a licensing catalog in git: what customers can buy, and how much\n"
            f"of it. A Kaiten server runs at {self._url} for this tour, with nothing in it yet."
        )
        # The nearest one that is there: init makes the others, and leaves none if it fails.
        above = next(each for each in self._project.parents if each.is_dir())
        with chdir(above):
            code = self._start(self._project.relative_to(above))
        if code != ExitCode.OK:
            return code  # of the folder that --keep names
        with chdir(self._project):
            path = Path("kaiten-sync.yaml")
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace("http://127.0.0.1:6060", self._url), encoding="utf-8")
            is_done = (
                self._shows("Check it, without any server", "validate")
                and self._shows(
                    "Plan: what would change on the server, as a file to review and commit",
                    *("plan", "-o", _PLAN_FILE),
                )
                and self._shows("Apply exactly that plan", "apply", _PLAN_FILE)
                and self._shows(
                    "Plan again: nothing is ever different twice", "plan", "--detailed-exitcode"
                )
                and self._shows("Look at it as customers do: the pricing table", "table")
                and self._edit_by_hand()
                and self._shows("Git is right, so put it back", "apply", "-t", "local", "--yes")
                and self._use()
                and self._tighten()
                and self._sell_less()
            )
        if not is_done:
            print_result("the tour stopped: the last command did not end as expected")
            return ExitCode.FAILED
        print_result(
            "\nThat was the main workflow. Yours starts with:\n\n"
            "  kaiten-sync init my-catalog     a catalog to start from\n"
            "  kaiten-sync serve               a server to try it on\n"
            "  kaiten-sync export -o catalog/  what your server has, as YAML\n"
        )
        return ExitCode.OK

    def _start(self, folder: Path) -> int:
        self._title("A project: the catalog is YAML")
        code = self._run("init", as_operand(str(folder)))
        if code != ExitCode.OK:
            return code
        lines = (self._project / "catalog/licenses.yaml").read_text(encoding="utf-8").splitlines()
        start = lines.index("  growth:")
        print_result("\n  catalog/licenses.yaml says, among others:\n\n")
        print_result("\n".join(f"    {line}" for line in lines[start : start + 8]))
        return ExitCode.OK

    def _shows(self, title: str, *args: str) -> bool:
        self._title(title)
        return self._run(*args) == ExitCode.OK

    def _edit_by_hand(self) -> bool:
        self._title("Meanwhile someone changes a threshold on the server, by hand")
        body = {"value": {"type": "number", "value": 5000}}
        self._curl("PUT", "/licenses/growth/entitlements/api-calls", body)
        print_result("\n")
        return self._run("drift", "--detailed-exitcode") == ExitCode.DIFFERENCE

    def _use(self) -> bool:
        self._title("A customer uses what the license gives, and not more")
        usage = "/instances/my-restaurant/entitlements/api-calls/usage"
        customer = self._ask("POST", "/customers", {"name": "My Restaurant"})
        growth = self._ask("GET", "/licenses/growth")
        instance = {
            "name": "My Restaurant",
            "description": "",
            "customerId": customer.body["id"],
            "licenseId": growth.body["id"],
            "startLicenseDate": "2026-01-01T00:00:00Z",
            "endLicenseDate": "2099-01-01T00:00:00Z",
        }
        self._ask("POST", "/instances", instance)
        accepted = self._curl("POST", usage, {"value": 990})
        counted = accepted.body["value"]["value"]
        print_result(f"  {accepted.status}: {counted} are counted, of 1000\n")
        refused = self._curl("POST", usage, {"value": 20})
        print_result(f"  {refused.status}: {refused.body['code']}\n")
        return (accepted.status, refused.status) == (200, 409)

    def _tighten(self) -> bool:
        self._title("A change that takes something away is reported before it is made")
        path = Path("catalog/licenses.yaml")
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("api-calls: 1000", "api-calls: 500"), encoding="utf-8")
        print_result("  catalog/licenses.yaml: api-calls: 1000 becomes 500\n\n")
        code = self._run("plan", "--detailed-exitcode", "-o", _LOWER_FILE)
        path.write_text(text, encoding="utf-8")
        print_result("\n")
        if code != ExitCode.DIFFERENCE:
            return False
        return self._run("table", _LOWER_FILE, "--impact") == ExitCode.OK

    def _sell_less(self) -> bool:
        self._title("So sell less to new customers, and let the others keep what they bought")
        path = Path("catalog/licenses.yaml")
        above, _, text = path.read_text(encoding="utf-8").partition("  growth:\n")
        growth, _, below = text.partition("\n  enterprise:\n")
        sold = growth.replace("api-calls: 1000", "api-calls: 500")
        path.write_text(f"{above}  enterprise:\n{below}\n  growth:\n{sold}", encoding="utf-8")
        print_result(
            "  catalog/licenses.yaml: growth moves from `licenses` to `families`, with 500\n\n"
        )
        return self._run("apply", "-t", "local", "--yes") == ExitCode.OK

    def _curl(self, method: str, path: str, body: Mapping[str, object]) -> _TourReply:
        print_result(f"  $ curl -X {method} {self._url}/api{path} -d '{json.dumps(body)}' ...\n")
        return self._ask(method, path, body)

    def _ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> _TourReply:
        return _ask(method, f"{self._url}/api{path}", body)

    def _title(self, text: str) -> None:
        self._step += 1
        heading = f"{self._step}. {text}"
        paint = painter(color=use_color(sys.stdout))
        print_result(f"\n{paint(heading, TITLE)}\n\n")

    def _run(self, *args: str) -> int:
        from kaiten_sync.cli.run import run

        print_result(f"  $ kaiten-sync {' '.join(args)}\n\n")
        sys.stdout.flush()
        code = run(args)
        if code == ExitCode.INTERRUPTED:  # a command has said so: the tour ends as it did
            raise click.exceptions.Exit(code)
        return code


class _TourReply(Immutable, frozen=True):
    """What the server said: a status and JSON."""

    status: int
    body: Any


def _ask(method: str, url: str, body: Mapping[str, object] | None) -> _TourReply:
    """A request of the other people of the tour. kaiten-sync itself writes through plans only."""
    request = urllib.request.Request(  # noqa: S310  (the tour's own loopback server)
        url,
        data=None if body is None else json.dumps(body).encode(),
        method=method,
        headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as answer:
            text = answer.read()
            return _TourReply(answer.status, json.loads(text) if text else None)
    except urllib.error.HTTPError as refused:
        with refused:
            return _TourReply(refused.code, json.load(refused))


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    """A server of its own, in a process of its own, gone when the tour is over."""
    command = [
        # -P: the folder in which somebody works is not searched for packages
        *(sys.executable, "-P", "-m", "kaiten_sync", "serve", "--port", "0"),
        *("--database", f"sqlite:///{folder}/demo.db", "--allow-private-webhooks"),
    ]
    kept = {name: value for name, value in os.environ.items() if _KEPT.fullmatch(name)}
    environment = {**kept, "KAITEN_BOOTSTRAP_TOKEN": TOKEN}
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  (our own program)
            command, stdout=subprocess.PIPE, stderr=log, env=environment, text=True
        )
    try:
        yield _wait_for_url(process, folder / "server.log")
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _wait_for_url(process: subprocess.Popen[str], log: Path) -> str:
    """The URL that the server announces.

    Raises:
        UsageError: it is not installed.
        KaitenSyncError: it ended, or said nothing in time.
    """
    deadline = time.monotonic() + START_TIMEOUT_S
    while process.stdout is not None and time.monotonic() < deadline:
        line = process.stdout.readline()
        if line.startswith(READY_PREFIX):
            return line.removeprefix(READY_PREFIX).strip()
        if not line:
            break
    require_server()
    raise KaitenSyncError(
        f"the embedded server did not start:\n{log.read_text(errors='replace')[-2000:]}",
        hint="run `kaiten-sync serve --port 0` to see why",
    )


@contextmanager
def _environment() -> Iterator[None]:
    """The tour's credential, and nothing of the caller's that could send it elsewhere."""
    before = dict(os.environ)
    os.environ.pop("KAITEN_BASE_URL", None)
    os.environ["KAITEN_AUTH_TOKEN"] = TOKEN
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
