"""The place of a mistake in a rule is that in the YAML file, however YAML writes the text."""

from __future__ import annotations

import pytest

from kaiten_sync.declare.yaml_reader import parse_yaml
from kaiten_sync.rules.place import place_inside

STYLES = {
    "plain": "- a == b && wrong > 1\n",
    "plain, after an anchor": "- &rule a == b && wrong > 1\n",
    "plain, folded over lines": "- a == b &&\n    wrong > 1\n",
    "double quotes": '- "a == b && wrong > 1"\n',
    "double quotes with escapes": '- "a == \\"b\\" && wrong > 1"\n',
    "single quotes": "- 'a == ''b'' && wrong > 1'\n",
    "quotes over lines": '- "a == b &&\n   wrong > 1"\n',
    "literal": "- |\n  a == b &&\n    wrong > 1\n",
    "literal, chomped": "- |-\n  a == b && wrong > 1\n",
    "folded": "- >-\n  a == b &&\n  wrong > 1\n",
    "in a flow": "- {deny: 'a == b && wrong > 1'}\n",
}


@pytest.mark.parametrize("style", STYLES)
def test_a_place_inside_a_text_is_found_in_the_file(style: str) -> None:
    source = STYLES[style]
    lines = tuple(source.splitlines())
    document, diagnostics = parse_yaml("a.yaml", source, lines)
    assert not diagnostics
    assert isinstance(document.root.value, tuple)
    node = document.root.value[0]
    node = node.entries["deny"].node if node.entries else node
    text = str(node.value)
    found = place_inside(lines, node.ref, text, text.index("wrong"))
    assert lines[found.line - 1][found.column - 1 :].startswith("wrong")
    end = place_inside(lines, node.ref, text, len(text.rstrip()))
    assert lines[end.line - 1][: end.column - 1].endswith("1")


def test_a_place_behind_an_escape_is_that_of_the_text() -> None:
    source = '- "a == \\x62 && wrong"\n'
    document, _ = parse_yaml("a.yaml", source, (source,))
    assert isinstance(document.root.value, tuple)
    node = document.root.value[0]
    assert place_inside((source,), node.ref, str(node.value), 5) == node.ref
