"""Options that take a number read it as the environment does: in digits, in no other spelling."""

from __future__ import annotations

import click
import pytest

from kaiten_sync.bootstrap import RATE_VARIABLE, Flags, connect
from kaiten_sync.cli.root import root
from kaiten_sync.cli.whole_number import WholeNumber
from kaiten_sync.errors import UsageError
from kaiten_sync.model.settings import Project, Target

PROJECT = Project(
    root=".", catalog=(), targets={"local": Target(name="local", url="http://127.0.0.1:1")}
)
OPTION = "--max-requests-per-minute"


def from_option(text: str) -> int | None:
    plan = root.get_command(click.Context(root), "plan")
    assert plan is not None
    try:
        context = plan.make_context("plan", [OPTION, text])
    except click.UsageError:
        return None
    rate: int = context.params["max_requests_per_minute"]
    return rate


def from_environment(text: str) -> int | None:
    try:
        settings = connect(Flags(), {RATE_VARIABLE: text}, PROJECT).settings
    except UsageError:
        return None
    return settings.max_requests_per_minute


@pytest.mark.parametrize("entrance", [from_option, from_environment])
@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("1", 1),
        ("600", 600),
        ("999999999", 999_999_999),
        *((text, None) for text in ("0", "-1", "1000000000", "5.0", "1e3", "0x10", "ten")),
        *((text, None) for text in ("005", "+5", " 5", "5 ", "5\n", "1_000", "\u0663", "\u00b2")),
        ("9" * 5000, None),
    ],
)
def test_a_rate_means_the_same_at_every_entrance(
    entrance: object, text: str, rate: int | None
) -> None:
    assert callable(entrance)
    assert entrance(text) == rate


def test_every_option_that_takes_a_number_reads_it_so() -> None:
    context = click.Context(root)
    commands = [root.get_command(context, name) for name in root.list_commands(context)]
    types = [option.type for each in commands if each is not None for option in each.params]
    numbers = [each for each in types if isinstance(each, click.types.IntParamType)]
    assert len(numbers) > 5
    assert all(isinstance(each, WholeNumber) for each in numbers)
