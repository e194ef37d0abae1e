"""Expressions: typed before anything is read, judged on rows, and bounded."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kaiten_sync.errors import UsageError
from kaiten_sync.expressions import (
    CheckedExpression,
    Language,
    Limits,
    Mistake,
    Unjudged,
    Verdict,
    check,
    judge,
)
from kaiten_sync.model.policy_rule import MAX_EXPRESSION

LANGUAGE = Language(
    variables={
        "change.address": "string",
        "change.effect": "string",
        "change.fields": "map<string, map<string, dyn>>",
        "impact.over": "int",
        "plan.requests": "int",
        "share": "double",
        "since": "timestamp",
        "value": "dyn",
    }
)

MISTAKES = [
    ("impact.over >", Mistake(1, 14, "Syntax error: it ends too early")),
    ("", Mistake(1, 1, "Syntax error: it ends too early")),
    (
        "change.effct == 'tightens'",
        Mistake(
            1,
            7,
            "there is no variable or function 'change.effct'; did you mean 'change.effect'?",
        ),
    ),
    (
        "impact.over > 0\n  && change.effect > 1",
        Mistake(2, 20, "'>' does not take (string, int)"),
    ),
    (
        "'ü' + 1 == 'ü'",
        Mistake(1, 5, "'+' does not take (string, int); convert the number with string()"),
    ),
    ("change.address.glob(1)", Mistake(1, 20, "'glob' does not take (string, int)")),
    ("impact.over", Mistake(1, 1, "this is of type int; it must be true or false")),
    *(
        (
            text,
            Mistake(
                line,
                column,
                "has() asks for a field of a map, and 'impact.over' is a variable: use it without"
                " has()",
            ),
        )
        for text, line, column in (
            ("has(impact.over)", 1, 1),
            ("true &&\n  has( impact.over ) && impact.over > 0", 2, 3),
        )
    ),
    ("plan.requests = 1", Mistake(1, 15, "Syntax error: '=' means nothing; write '=='")),
    ("plan.requests === 1", Mistake(1, 17, "Syntax error: '=' means nothing; write '=='")),
    ("true & true", Mistake(1, 6, "Syntax error: '&' means nothing; write '&&'")),
    ("!(true and false)", Mistake(1, 8, "Syntax error: 'and' means nothing; write '&&'")),
    ("true OR false", Mistake(1, 6, "Syntax error: 'OR' means nothing; write '||'")),
    ("not true", Mistake(1, 5, "Syntax error: 'true' cannot be here")),
    ("value == 'a' 'b'", Mistake(1, 14, "Syntax error: ''b'' cannot be here")),
    ("change.effect == 'x", Mistake(1, 18, "Syntax error: a text does not end")),
    ("$value", Mistake(1, 1, "Syntax error: '$' means nothing")),
    ("(share > 0.5", Mistake(1, 13, "Syntax error: it ends too early, without ')'")),
    ("true ? true", Mistake(1, 12, "Syntax error: it ends too early")),
    ("now() > since", Mistake(1, 4, "there is no variable or function 'now'")),
    ("x" * (MAX_EXPRESSION + 1), Mistake(1, 1, "it is longer than 4,096 characters")),
    (
        "(" * 200 + "true" + ")" * 200,
        Mistake(1, 1, "it is nested more than 32 deep"),
    ),
]


def answers(expression: str, *rows: dict[str, object]) -> tuple[Verdict, ...]:
    (found,) = judge([expression], LANGUAGE, rows)  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize(("expression", "mistake"), MISTAKES, ids=range(len(MISTAKES)))
def test_a_wrong_expression_has_a_mistake_with_line_and_column(
    expression: str, mistake: Mistake
) -> None:
    (found,) = check([expression], LANGUAGE)
    assert found == CheckedExpression(mistakes=(mistake,))


def test_all_mistakes_of_all_expressions_are_found_in_one_run() -> None:
    found = check(["change.a && change.b", "true", "1"], LANGUAGE)
    assert [len(each.mistakes) for each in found] == [2, 0, 1]


def test_a_check_names_the_groups_that_an_expression_uses() -> None:
    found = check(
        [
            "change.effect == 'tightens' && impact.over > 0",
            "plan.requests > 3",
            "['plan'].exists(plan, plan == 'plan')",
        ],
        LANGUAGE,
    )
    assert [each.uses for each in found] == [{"change", "impact"}, {"plan"}, set()]


@pytest.mark.parametrize(
    ("expression", "row", "verdict"),
    [
        ("impact.over > 0", {"impact.over": 1}, True),
        ("impact.over > 0", {"impact.over": 2**70}, True),
        ("impact.over < 0", {"impact.over": -(2**70)}, True),
        ("value > 4.5", {"value": 5}, True),
        ("value > 4", {"value": 2**70}, True),
        ("value == null", {"value": None}, True),
        ("value.a[1] == 'b'", {"value": {"a": [True, "b"]}}, True),
        ("share > 0.5", {"share": 1}, True),
        (
            "since < timestamp('2026-01-01T00:00:00Z')",
            {"since": datetime(2025, 12, 31, tzinfo=UTC)},
            True,
        ),
        ("change.address.glob('license/*/grant/seats')", "license/pro/grant/seats", True),
        ("change.address.glob('license/*')", "license/pro/grant/seats", False),
        ("change.address.glob('license/**')", "license/pro/grant/seats", True),
        ("change.address.glob('license/pro/**')", "license/pro", False),
        ("change.address.within('license/pro')", "license/pro/grant/seats", True),
        ("change.address.within('license/pro')", "license/pro", True),
        ("change.address.within('license/pro')", "license/prof", False),
    ],
)
def test_an_expression_is_judged_on_a_row(
    expression: str, row: dict[str, object] | str, verdict: bool
) -> None:
    assert answers(expression, {"change.address": row} if isinstance(row, str) else row) == (
        verdict,
    )


def test_a_variable_without_a_value_matters_only_if_the_answer_rests_on_it() -> None:
    found = answers(
        "impact.over > 0 && change.effect == 'tightens'",
        {"change.effect": "loosens"},
        {"change.effect": "tightens"},
    )
    assert found == (
        False,
        Unjudged(reason="impact.over is not known", lacks="impact.over"),
    )


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("change.fields.value.after > 1", 'there is no key "value"; test with has() or in'),
        ("value > 1", "'>' does not take (string, int)"),
        ("value", "the answer is of type string"),
        ("impact.over >", "Syntax error: it ends too early"),
        ("x" * (MAX_EXPRESSION + 1), "it is longer than 4,096 characters"),
        (
            "[1,2,3,4,5,6,7,8,9,10].all(a, "
            + "[1,2,3,4,5,6,7,8,9,10].all(b, " * 4
            + "true"
            + ")" * 5,
            "it takes too many steps",
        ),
    ],
)
def test_an_expression_that_has_no_answer_gives_its_reason(expression: str, reason: str) -> None:
    assert answers(expression, {"change.fields": {}, "value": "a"}) == (Unjudged(reason=reason),)


def doubling(depth: int, width: int) -> str:
    """An expression that compares a list of `width` to the power of `depth` items with itself."""
    text = f"a{depth} == a{depth}"
    for level in range(depth, 0, -1):
        items = ",".join([f"a{level - 1}"] * width)
        text = f"[[{items}]].exists(a{level}, {text})"
    return f"[1].exists(a0, {text})"


def test_an_expression_that_would_take_hours_ends_and_those_after_it_are_not_judged() -> None:
    found = judge(["true", doubling(9, 30), "true"], LANGUAGE, [{}], limits=Limits(cpu_s=1))
    assert found == (
        (True,),
        (Unjudged(reason="it takes more than 1 s of processor time"),),
        (Unjudged(reason="an expression before it reached a limit"),),
    )


def test_an_expression_that_would_take_all_memory_ends() -> None:
    growing = f"['{'a' * 3000}']" + ".map(a, a + a + a + a + a + a)" * 9 + ".size() == 1"
    found = judge([growing], LANGUAGE, [{}], limits=Limits(memory_bytes=200 * 1024**2))
    assert found == ((Unjudged(reason="it takes more than 209,715,200 bytes of memory"),),)


def test_a_reason_is_short_however_large_the_value_in_it_is() -> None:
    large = f"['{'a' * 3000}']" + ".map(a, a + a + a + a + a + a)" * 4 + "[0]"
    ((found,),) = judge([f"{{'a': 1}}[{large}] == 1"], LANGUAGE, [{}])
    assert isinstance(found, Unjudged)
    assert found.reason.startswith("there is no key")
    assert len(found.reason) < 1000


def test_no_expressions_and_no_rows_take_no_answers() -> None:
    assert check([], LANGUAGE) == ()
    assert judge([], LANGUAGE, [{}]) == ()
    assert judge(["true"], LANGUAGE, []) == ((),)


def test_values_of_all_rows_are_given_once() -> None:
    rows = [{"impact.over": over} for over in range(3)]
    found = judge(["impact.over == plan.requests"], LANGUAGE, rows, {"plan.requests": 1})
    assert found == ((False, True, False),)


def test_a_missing_library_is_named_with_the_extra_that_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cel_expr_python").mkdir()
    (tmp_path / "cel_expr_python/__init__.py").write_text("raise ImportError('no CEL here')\n")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    with pytest.raises(UsageError, match="no CEL here") as caught:
        check(["true"], LANGUAGE)
    assert caught.value.hint is not None
    assert "with the extra `[rules]`" in caught.value.hint


def test_the_folder_in_which_somebody_works_is_not_searched_for_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cel_expr_python.py").write_text("raise SystemExit('from the folder')\n")
    (tmp_path / "json.py").write_text("raise SystemExit('from the folder')\n")
    monkeypatch.chdir(tmp_path)
    assert check(["true"], LANGUAGE) == (CheckedExpression(uses=frozenset()),)


def test_the_worker_gets_no_variables_of_the_environment_that_may_be_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    (tmp_path / "cel_expr_python.py").write_text(
        f"import os; open({str(seen)!r}, 'w').write(repr(dict(os.environ))); raise ImportError\n"
    )
    monkeypatch.setenv("KAITEN_AUTH_TOKEN", "ksh_secret")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.pathsep.join(sys.path)}")
    with pytest.raises(UsageError):
        check(["true"], LANGUAGE)
    assert "PATH" in seen.read_text()
    assert "ksh_secret" not in seen.read_text()
