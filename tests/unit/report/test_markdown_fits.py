"""Every markdown report can be posted, however much there is: it is cut where nothing is open."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.report.strategies import LEAN, LOCAL, plan_of

from kaiten_sync.errors import DeclarationError
from kaiten_sync.kinds.addresses import grant_address, license_address
from kaiten_sync.kinds.instance import HELD, INSTANCE, MOVE
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Change, Effect, FieldChange
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.migration import Migration, Staying, Stays
from kaiten_sync.model.outcome import ApplyResult, Outcome, Status
from kaiten_sync.model.plan import Observed, Plan
from kaiten_sync.report.apply_markdown import apply_markdown
from kaiten_sync.report.drift_markdown import drift_markdown
from kaiten_sync.report.failure import failure_document
from kaiten_sync.report.markdown import MAX_CHARS, fitting_fence
from kaiten_sync.report.moves import term_lines
from kaiten_sync.report.plan_markdown import plan_markdown

SLUG = "s" * 64
LONG = ["m" * 100_000, "`" * 5_000, "<b>" * 5_000, "a\n" * 3_000]


def is_closed(text: str) -> bool:
    """Whether all fences and tags of a text are closed."""
    inside = None
    for line in text.splitlines():
        marks = re.match(r"`{3,}", line)
        if marks and inside is None:
            inside = marks[0]
        elif inside is not None and line == inside:
            inside = None
    tags = [(text.count(f"<{tag}>"), text.count(f"</{tag}>")) for tag in ("details", "p", "code")]
    return inside is None and all(opened == closed for opened, closed in tags)


def migration(versions: int, grants: int, holders: int = 1) -> Plan:
    """Holders of many versions, which all grant something else than the one that they get."""
    to = license_address("growth")

    def granted(version: str, value: int) -> Iterator[Observed]:
        address = license_address(version)
        yield Observed(address=address, id=version, fields={})
        for n in range(grants):
            # One of them in a hundred is more in the old version.
            seen = 9_000_000 if n % 100 == 99 and version != "growth" else value
            entitlement = f"entitlement-with-a-long-name-{n:04}"
            yield Observed(
                address=grant_address(version, entitlement), id="g", fields={"value": seen}
            )

    slugs = [f"growth-v{n:03}" for n in range(versions)]
    moves = tuple(
        Change(
            address=Address(INSTANCE.kind, f"i{slug}-{n}"),
            action=MOVE,
            effect=Effect.TIGHTENS,
            fields=(FieldChange(name=HELD, before=slug, after="growth"),),
        )
        for slug in slugs
        for n in range(holders)
    )
    stays = tuple(
        Staying(address=Address(INSTANCE.kind, SLUG), version=SLUG, why=Stays.OVER)
        for _ in range(1_000)
    )
    plan = plan_of(moves, warnings=("w" * 10_000,) * 100)
    observed = [each for slug in slugs for each in granted(slug, 1_000_000)]
    return plan.changed(
        observed=(*observed, *granted("growth", 2_000_000)),
        migration=Migration(
            family="growth",
            to=to,
            holders=len(moves) + len(stays),
            where="usage.seats < 5 " * 250,
            stays=stays,
        ),
    )


@pytest.mark.parametrize(("versions", "grants"), [(1, 2_000), (60, 400), (300, 40)])
def test_a_migration_fits_however_many_grants_differ(versions: int, grants: int) -> None:
    text = plan_markdown(migration(versions, grants, holders=1_200 // versions))
    assert len(text) <= MAX_CHARS
    assert is_closed(text)
    assert re.search(r"▲ and [\d,]+ more", text)
    assert "more changes not shown" in text
    assert text.count("<code>instance/") > 20


def test_what_is_taken_away_is_named_first_if_not_every_grant_is() -> None:
    plan = migration(1, 2_000)
    assert plan.migration is not None
    (line,) = term_lines(plan, plan.migration)
    assert line.count("▼") == 20
    assert line.count("▲") == 10
    assert line.endswith(" and 1,970 more")


@pytest.mark.parametrize("text", LONG, ids=["long", "backticks", "tags", "lines"])
def test_the_report_of_an_apply_fits_whatever_a_server_says(text: str) -> None:
    def outcome(n: int, status: Status) -> Outcome:
        return Outcome(
            address=grant_address(f"{SLUG[:59]}{n:05}", SLUG),
            action=Action.UPDATE,
            status=status,
            message=text,
            code=text[1:],
            error_id=text[2:],
        )

    outcomes = [outcome(n, Status.FAILED) for n in range(500)]
    outcomes += [outcome(n, Status.DONE) for n in range(3_000)]
    shown = apply_markdown(
        ApplyResult(
            target=LOCAL, plan_digest="sha256:" + "0" * 64, outcomes=outcomes, requests=9_000
        )
    )
    assert len(shown) <= MAX_CHARS
    assert is_closed(shown)
    counts = [
        (shown.count(f"{symbol} {word}"), int(left.replace(",", "")))
        for (symbol, word), left in zip(
            (("✗", "failed"), ("✓", "done")),
            re.findall(r"and ([\d,]+) more; the receipt has all", shown),
            strict=True,
        )
    ]
    assert [sum(each) for each in counts] == [500, 3_000]
    assert min(number for number, _ in counts) > 5


def test_targets_that_were_not_read_share_the_room() -> None:
    mistakes = [Diagnostic(rule="odd", message=f"{n} " + "<" * 1_000) for n in range(30)]
    error = failure_document(DeclarationError(mistakes), 3)
    one = drift_markdown([], {"prod": error})
    assert one.count("<code>") == 1 + 1 + 10 + 1
    assert "and 20 more" in one
    names = [f"target-{n}" for n in range(45)]
    text = drift_markdown([], dict.fromkeys(names, error))
    assert len(text) <= MAX_CHARS
    assert all(f"<code>{name}</code>" in text for name in names)
    assert len(re.findall(r"<code>and \d\d more</code>", text)) == len(names)
    assert is_closed(text)


@LEAN
@given(st.lists(st.text(max_size=30), max_size=30), st.integers(0, 400), st.integers(1, 40))
def test_a_fence_has_as_many_lines_as_fit_and_counts_the_others(
    texts: list[str], max_chars: int, most: int
) -> None:
    lines = [f"{n}:" + re.sub(r"\s", " ", text) for n, text in enumerate(texts)]
    shown = fitting_fence(lines, max_chars, most=most, all_in="the file")
    assert is_closed(shown)
    inside = shown.splitlines()[1:-1]
    more = re.fullmatch(r"and (\d+) more; the file has all", inside[-1] if inside else "")
    named = [line for line in inside if re.match(r"\d+:", line)]
    assert len(named) + (int(more[1]) if more else 0) == len(lines)
    assert len(named) <= most
    assert len(shown) <= max_chars or not named
