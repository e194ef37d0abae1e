"""Values to report that nobody would write, and whose text a server may contain all the same."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st

from kaiten_sync.errors import CredentialError
from kaiten_sync.kinds.grant import GRANT
from kaiten_sync.kinds.license import LICENSE
from kaiten_sync.kinds.registry import SPECS, all_actions, top_kinds
from kaiten_sync.model.address import Address
from kaiten_sync.model.attribution import Attribution
from kaiten_sync.model.change import Action, Change, Effect, FieldChange, InnerChange
from kaiten_sync.model.comparison import ComparedObject, Comparison, Presence
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.drift import Difference, DriftClass, DriftReport, Verdict
from kaiten_sync.model.examination import Examination, Examined
from kaiten_sync.model.generation import Generation
from kaiten_sync.model.impact import (
    Affected,
    ChangeImpact,
    HolderImpact,
    Impact,
    Sample,
    Standing,
)
from kaiten_sync.model.outcome import ApplyResult, Outcome, Status
from kaiten_sync.model.plan import NewVersion, Plan, Summary, TargetRef, VersionChange
from kaiten_sync.model.rights import Right, Rights
from kaiten_sync.model.source import SourceRef
from kaiten_sync.model.value import ABSENT, Json
from kaiten_sync.plan.plan_file import seal
from kaiten_sync.pricing import Grant, PriceCell, PriceColumn, PriceRow, PriceTable

T = TypeVar("T")

NASTY = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "`````\n# heading\n```diff\n",
    "`````",
    "</details></code></pre>-->",
    "[link](javascript:alert(1)) ![x](https://example.com/x.png)",
    "@everyone #1 https://example.com a|b",
    "\x1b[31mred\x1b[0m\x1b]8;;https://example.com\x07link\x1b]8;;\x07",
    "\u202ereversed\u2066\u200b\x00\x07\x9b31m\r\n\u2028",
    "[bold red]markup[/] {{ 7*7 }} {% raw %}",
    "שלום [עולם](javascript:alert(1))",
    "\u2068שלום\u2069 \u2069\u2068עולם",
    "日本語 e\u0301 👩\u200d💻",
    "::error::obeyed",
    " ::stop-commands::obeyed",
    "##[group]obeyed",
    "###vso[task.setvariable]obeyed",
    "x" * 10_000,
    "",
    "null",
)

_ISOLATED = re.compile("\u2068([^\u2066-\u2069]*)\u2069")

LOCAL = TargetRef("local", "http://127.0.0.1:6060")

LEAN = settings(max_examples=40)
"""Plans are large values: fewer of them, and no complaint about the time they take."""

texts = st.sampled_from(NASTY) | st.text(max_size=10)
json_values: st.SearchStrategy[Json] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
    st.lists(texts, max_size=2),
    st.dictionaries(texts, texts | st.none(), max_size=2),
)
sides = st.just(ABSENT) | json_values
_slugs = texts.map(lambda text: text.replace("/", "") or "api-calls")
_effects = st.sampled_from(Effect)


def built(kind: Callable[..., T], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[T]:
    """Objects with such fields.

    `st.builds` looks up every annotation, also of types that are there for type checkers alone.
    """
    return st.fixed_dictionaries(fields).map(lambda given: kind(**given))


_sources = st.none() | st.builds(SourceRef, texts, st.integers(1, 10**6), st.just(1))
_targets = st.builds(TargetRef, texts, texts)
_tops = st.builds(
    lambda kind, slug: Address(kind, slug),
    st.sampled_from([spec.kind for spec in top_kinds()]),
    _slugs,
)
_grants = st.builds(
    lambda granted, license_: Address(GRANT.kind, granted, Address(LICENSE.kind, license_)),
    _slugs,
    _slugs,
)
_inner = st.builds(InnerChange, path=texts, before=sides, after=sides)
_fields = st.lists(
    st.builds(
        FieldChange,
        name=st.sampled_from(["name", "value", "description"]),
        before=sides,
        after=sides,
        effect=_effects,
        source=_sources,
        inner=st.lists(_inner, max_size=2).map(tuple),
    ),
    max_size=2,
).map(tuple)
_subjects = (_tops | _grants).flatmap(
    lambda address: st.tuples(
        st.just(address),
        st.sampled_from([Action.CREATE, Action.UPDATE, Action.DELETE, *SPECS[address.kind].moves]),
    )
)
_changes = st.builds(
    lambda subject, fields, effect, source, reason: Change(
        address=subject[0],
        action=subject[1],
        fields=fields,
        effect=effect,
        source=source,
        reason=reason,
    ),
    _subjects,
    _fields,
    _effects,
    _sources,
    st.none() | texts,
)
_differences = st.builds(
    Difference,
    address=_tops | _grants,
    drift=st.sampled_from(DriftClass),
    fields=_fields,
    effect=_effects,
    source=_sources,
    updated_at=st.none() | texts,
    updated_by=st.none() | texts,
    moved=st.none() | st.sampled_from([Verdict.CONFLICT, Verdict.SERVER_EDITED, Verdict.GIT_AHEAD]),
    server_edited=st.none() | st.lists(texts, max_size=2).map(tuple),
    agreed=st.none() | st.dictionaries(st.sampled_from(["name", "value"]), json_values),
    is_drift=st.booleans(),
    declared_by=st.none()
    | st.builds(
        Attribution, commit=st.none() | texts, author=st.none() | texts, date=st.none() | texts
    ),
)


_new_versions = st.builds(
    NewVersion,
    address=_tops,
    replaces=_tops,
    changes=st.lists(
        st.builds(VersionChange, address=_grants, fields=_fields, effect=_effects), max_size=2
    ).map(tuple),
    unchanged=st.integers(0, 9),
)


def plans() -> st.SearchStrategy[Plan]:
    """Any plan of a few changes."""
    return st.builds(
        lambda listed, target, warnings, versions: plan_of(
            tuple(listed), target=target, warnings=tuple(warnings)
        ).changed(
            new_versions=tuple(versions),
        ),
        st.lists(_changes, max_size=4),
        _targets,
        st.lists(texts, max_size=2),
        st.lists(_new_versions, max_size=2),
    )


def drift_reports() -> st.SearchStrategy[DriftReport]:
    """Any drift report of a few differences."""
    return built(
        DriftReport,
        target=_targets,
        differences=st.lists(_differences, max_size=4).map(tuple),
        compared=st.integers(0, 10**6),
        agreed=st.none() | texts,
        unknown=st.lists(texts, max_size=2).map(tuple),
        words=st.lists(texts, max_size=3).map(tuple),
        named_plan=st.none() | texts,
    )


def examinations() -> st.SearchStrategy[Examination]:
    """Whatever `doctor` may find out about a few targets."""
    rights = st.builds(
        Right,
        st.sampled_from(("read", "write")),
        st.sampled_from(("entitlements", "instances", "licenses")),
    )
    errors = st.builds(CredentialError, texts, hint=st.none() | texts)
    examined = st.builds(
        Examined,
        name=texts,
        url=texts,
        error=st.none() | errors,
        rights=st.none() | st.builds(Rights, granted=st.frozensets(rights)),
        generation=st.none() | st.sampled_from(Generation),
        source=texts,
        requests=st.integers(0, 99),
    )
    return st.builds(Examination, targets=st.lists(examined, max_size=3).map(tuple))


def impacts() -> st.SearchStrategy[Impact]:
    """Any impact of a few changes."""
    limits = st.none() | st.just(math.inf) | st.floats(0, 1e12)
    moments = st.datetimes(timezones=st.just(UTC))
    affected = st.builds(
        Affected,
        address=_grants,
        action=st.sampled_from(all_actions()),
        version=texts,
        entitlement=st.none() | texts,
        is_metered=st.booleans(),
        before=limits,
        after=limits,
        threshold=limits,
    )
    holders = st.builds(
        HolderImpact,
        instance=texts,
        customer=texts,
        used=st.none() | st.floats(-1e12, 1e12),
        standing=st.sampled_from(Standing),
        reaches=st.none() | moments,
    )
    changes = st.builds(
        ChangeImpact,
        affected=affected,
        holders=st.integers(0, 10**6),
        looked_at=st.lists(holders, max_size=4).map(tuple),
    )
    return st.builds(
        Impact,
        target=_targets,
        plan_digest=texts,
        taken_at=moments,
        requests=st.integers(0, 10**6),
        budget=st.integers(0, 10**6),
        changes=st.lists(changes, max_size=3).map(tuple),
        sample=st.none()
        | st.builds(
            Sample,
            size=st.integers(0, 99),
            population=st.integers(1, 10**6),
            margin=st.floats(0, 100),
        ),
        gap=st.none() | texts,
    )


def price_tables() -> st.SearchStrategy[PriceTable]:
    """Any small pricing table, of a catalog or of a plan."""
    numbers = st.integers(0, 10**12) | st.floats(0, 1e12)
    values = numbers | st.booleans() | st.just("unlimited") | st.dictionaries(texts, texts)
    grants = st.builds(Grant, value=values, overage=st.just(ABSENT) | st.integers(-1, 500))
    cells = st.builds(
        PriceCell,
        before=st.none() | grants,
        after=st.none() | grants,
        effect=st.sampled_from(Effect),
        is_change=st.booleans(),
        over=st.integers(0, 99),
    )

    @st.composite
    def tables(draw: st.DrawFn) -> PriceTable:
        columns = draw(st.lists(st.builds(PriceColumn, slug=texts, name=texts), max_size=4))
        width = len(columns)
        row = st.builds(
            PriceRow,
            slug=texts,
            name=texts,
            group=texts,
            unit=st.tuples(texts, texts),
            cells=st.lists(st.none() | cells, min_size=width, max_size=width).map(tuple),
        )
        rows = draw(st.lists(row, max_size=4 if columns else 0))
        return PriceTable(columns=tuple(columns), rows=tuple(rows), is_plan=draw(st.booleans()))

    return tables()


def comparisons() -> st.SearchStrategy[Comparison]:
    """Any comparison of a few objects."""
    compared = st.builds(
        ComparedObject,
        address=_tops | _grants,
        presence=st.sampled_from(Presence),
        fields=_fields,
    )
    return st.builds(
        Comparison,
        first=_targets,
        second=_targets,
        differences=st.lists(compared, max_size=4).map(tuple),
        compared=st.integers(0, 10**6),
        declared=st.integers(0, 10**6),
    )


def apply_results() -> st.SearchStrategy[ApplyResult]:
    """Any result of a few changes."""
    outcome = st.builds(
        Outcome,
        address=_tops | _grants,
        action=st.sampled_from(all_actions()),
        status=st.sampled_from(Status),
        message=st.none() | texts,
        code=st.none() | texts,
        error_id=st.none() | texts,
        blocked_by=st.none() | texts,
    )
    return built(
        ApplyResult,
        target=_targets,
        plan_digest=texts,
        outcomes=st.lists(outcome, max_size=4).map(tuple),
        requests=st.integers(0, 10**6),
        interrupted=st.booleans(),
        access_error=st.none() | texts,
    )


def diagnostics() -> st.SearchStrategy[list[Diagnostic]]:
    """Any few diagnostics. The names of rules are ours."""
    places = st.builds(SourceRef, texts, st.integers(1, 10**6), st.integers(1, 300))
    return st.lists(
        st.builds(
            Diagnostic,
            rule=st.sampled_from(["unknown-field", "no-such-file"]),
            message=texts,
            ref=st.none() | places,
            severity=st.sampled_from(Severity),
            address=st.none() | texts,
            hint=st.none() | texts,
            line_text=st.none() | texts,
        ),
        max_size=4,
    )


def without_isolates(text: str) -> str:
    """The text without the marks that keep what is written from right to left apart."""
    return _ISOLATED.sub(r"\1", text)


def plan_of(
    listed: tuple[Change, ...],
    *,
    target: TargetRef = LOCAL,
    warnings: tuple[str, ...] = (),
) -> Plan:
    """A plan of these changes. Not sealed where its text has no bytes (lone surrogates)."""
    plan = Plan(
        target=target,
        desired_digest="sha256:" + "0" * 64,
        changes=listed,
        observed=(),
        managed={change.address: "0" * 16 for change in listed},
        summary=Summary(
            actions=Counter(str(change.action) for change in listed),
            effects=Counter(str(change.effect) for change in listed),
            unchanged=14,
            unmanaged=2,
        ),
        requests=2 * len(listed),
        warnings=warnings,
    )
    try:
        return seal(plan)
    except UnicodeEncodeError:
        return plan
