"""The question before `apply -t`: answered on a terminal, and what each answer leads to."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import tty
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.acceptance.conftest import Workplace
from tests.support.processes import HANG_S, python_module, started

CATALOG = "version: 1\nentitlements:\n  api-calls: {name: API Calls, type: NUMBER}\n"


@contextmanager
def keyboard() -> Iterator[tuple[int, int]]:
    """A terminal's two ends: where a person types, and what a program reads."""
    person, program = pty.openpty()
    tty.setcbreak(program)
    try:
        yield person, program
    finally:
        os.close(person)
        os.close(program)


def answered(place: Workplace, answer: bytes, *more: str) -> tuple[int, str]:
    """The exit code and standard error of `apply`, with an answer typed at its question."""
    code, _, stderr = told(place, answer, *more)
    return code, stderr


def told(place: Workplace, answer: bytes, *more: str) -> tuple[int, str, str]:
    """As `answered`, with standard output."""
    place.write("catalog.yaml", CATALOG)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("KAITEN")}
    environment |= {"KAITEN_BASE_URL": place.url, "KAITEN_AUTH_TOKEN": place.token}
    with (
        keyboard() as (person, program),
        started(
            python_module("kaiten_sync", "apply", "-f", "catalog.yaml", *more),
            cwd=place.folder,
            env=environment,
            stdin=program,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process,
    ):
        os.write(person, answer)
        stdout, stderr = process.communicate(timeout=HANG_S)
        return process.returncode, stdout, stderr


@pytest.mark.parametrize("answer", [b"n\n", b"\n", b"no\n"], ids=["n", "enter", "no"])
def test_no_is_a_refusal_and_not_an_interruption(place: Workplace, answer: bytes) -> None:
    code, stderr = answered(place, answer)
    assert "the plan was not approved" in stderr
    assert "interrupted" not in stderr
    assert code == 4
    assert place.run("plan", "-f", "catalog.yaml", "--detailed-exitcode").code == 2


def test_yes_applies_the_plan(place: Workplace) -> None:
    code, _ = answered(place, b"y\n")
    assert code == 0
    assert place.run("plan", "-f", "catalog.yaml", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("output_format", ["json", "markdown"])
def test_whoever_is_asked_has_seen_the_plan(place: Workplace, output_format: str) -> None:
    """Standard output has one document, so the plan is with the question."""
    code, stdout, stderr = told(place, b"n\n", "--format", output_format)
    assert code == 4
    shown, _, _ = stderr.partition("Apply to default at")
    assert "+ create  entitlement/api-calls" in shown
    assert "create" not in stdout
    stdout = place.run("apply", "-f", "catalog.yaml", "--yes", "--format", output_format).stdout
    assert "Plan: 1 to create" not in stdout


def test_without_a_terminal_nothing_is_asked(place: Workplace) -> None:
    place.write("catalog.yaml", CATALOG)
    done = place.run("apply", "-f", "catalog.yaml")
    assert "standard input is not a terminal" in done.stderr
    assert done.code == 3


@pytest.mark.parametrize(
    "words",
    ["apply -f catalog.yaml", "apply -", "show -", "impact -", "table -", "plan --previous -"],
)
@pytest.mark.parametrize("closed", ["<&-", "<&- >&-", "<&- 2>&-"])
def test_a_closed_standard_input_is_an_error_of_the_callers(
    place: Workplace, words: str, closed: str
) -> None:
    place.write("catalog.yaml", CATALOG)
    command = f"{sys.executable} -m kaiten_sync {words} {closed}"
    ended = subprocess.run(
        ["bash", "-c", command],
        cwd=place.folder,
        env={**os.environ, "KAITEN_BASE_URL": place.url, "KAITEN_AUTH_TOKEN": place.token},
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG_S,
    )
    assert ended.returncode == 3
    assert "this is a bug" not in ended.stdout + ended.stderr
