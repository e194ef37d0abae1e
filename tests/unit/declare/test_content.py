"""Lines of a file, and what none of them may show."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaiten_sync.declare.content import LINE_BREAK, split_lines
from kaiten_sync.declare.secrets import find_tokens, mask_catalog_lines

TOKEN = "ksh_AbCdEfGhIjKlMnOp"


@given(st.text(st.sampled_from(["a", "é", "\n", "\r", "\v", "\f", "\x1c", "\x85", "\u2028"])))
def test_lines_end_where_those_of_yaml_do(text: str) -> None:
    assert split_lines(text) == tuple(re.split(LINE_BREAK, text))


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (f"name: {TOKEN}", "name: ***"),
        (f"name: a{TOKEN.replace('ksh_', 'whsec_')}.", "name: a***."),
        ("url: https://me:secret@kaiten.example", "url: https://***@kaiten.example"),
        (f"a: https://u:{TOKEN}@b # {TOKEN}", "a: https://***@b # ***"),
        ("api_calls: 5 # me@example.com", "api_calls: 5 # me@example.com"),
        ("a: 1", "a: 1"),
    ],
)
def test_no_line_shows_a_credential(line: str, shown: str) -> None:
    assert mask_catalog_lines(("a: 1", line)) == ("a: 1", shown)
    tokens = [each.ref.column for each in find_tokens("a.yaml", (line,)) if each.ref]
    assert tokens == [at.start() + 1 for at in [*re.finditer("(?:ksh|whsec)_", line)][:1]]
