"""Strict YAML: places, aliases, merge keys, and files that mean harm."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.processes import HANG_S
from tests.unit.declare.conftest import Read

from kaiten_sync.declare.content import MAX_FILE_BYTES, split_lines
from kaiten_sync.declare.tree_builder import MAX_DEPTH, MAX_DIAGNOSTICS, MAX_NODES
from kaiten_sync.declare.yaml_reader import parse_yaml
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import Document


def parse(text: str) -> tuple[Document, list[Diagnostic]]:
    return parse_yaml("c.yaml", text, split_lines(text))


def rules(findings: list[Diagnostic] | tuple[Diagnostic, ...]) -> list[str]:
    return [finding.rule for finding in findings]


def test_every_key_and_value_knows_its_place() -> None:
    document, findings = parse("a:\n  bé: [1, two]\n")
    assert findings == []
    keys = [str(entry.key_ref) for entry in document.root.walk(("a", "bé", 1))]
    values = [str(entry.node.ref) for entry in document.root.walk(("a", "bé", 1))]
    assert keys == ["c.yaml:1:1", "c.yaml:2:3", "c.yaml:2:11"]
    assert values == ["c.yaml:2:3", "c.yaml:2:7", "c.yaml:2:11"]


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r", "\x85", "\u2028"])
def test_lines_are_counted_as_the_parser_counts_them(line_break: str) -> None:
    document, _ = parse(f"a: 1{line_break}b: no{line_break}")
    entry = document.root.entries["b"]
    assert (entry.key_ref.line, entry.key_ref.column) == (2, 1)
    assert document.lines[1] == "b: no"


def test_a_byte_order_mark_is_no_character(read: Read) -> None:
    document, findings = read(b"\xef\xbb\xbfversion: 1\n")
    assert findings == ()
    assert document.root.entries["version"].key_ref.column == 1


def test_aliases_and_merge_keys_work() -> None:
    text = """
base: &base {a: 1, b: 2}
other: &other {b: 3, c: 4}
one: {<<: *base, b: 5}
two: {b: 6, <<: [*other, *base]}
three: *base
"""
    document, findings = parse(text)
    assert findings == []
    tree = document.root.plain()
    assert isinstance(tree, dict)
    assert tree["one"] == {"a": 1, "b": 5}
    assert tree["two"] == {"a": 1, "b": 6, "c": 4}
    assert tree["three"] == {"a": 1, "b": 2}


def test_an_aliased_key_is_refused_and_a_quoted_merge_key_is_a_key() -> None:
    document, findings = parse('{x: &a k, *a : 1, "<<": 2}')
    assert rules(findings) == ["non-string-key"]
    assert document.root.plain() == {"x": "k", "<<": 2}


def test_all_faults_of_a_file_are_found_at_once() -> None:
    _, findings = parse("a: no\na: 1\nb: !x 1\nc: .inf\nd: *e\n")
    assert rules(findings) == [
        "ambiguous-scalar",
        "duplicate-key",
        "custom-tag",
        "non-finite-number",
        "unknown-alias",
    ]


def test_quoted_scalars_are_text_whatever_they_say() -> None:
    document, findings = parse('["no", \'1\', "2024-01-01"]')
    assert findings == []
    assert document.root.plain() == ["no", "1", "2024-01-01"]
    document, findings = parse("- |-\n  1:30\n- >-\n  0x1F\n")
    assert findings == []
    assert document.root.plain() == ["1:30", "0x1F"]


def test_findings_of_one_file_end_somewhere() -> None:
    document, findings = parse("".join(f"k{i}: no\n" for i in range(1000)))
    assert len(findings) == MAX_DIAGNOSTICS + 1
    assert findings[-1].rule == "too-many-findings"
    assert not document.is_complete


HOSTILE = {
    "brackets": ("[" * 100_000, "too-deep"),
    "braces": ("{" * 100_000, "too-deep"),
    "closed brackets": ("[" * 100_000 + "]" * 100_000, "too-deep"),
    "dashes": ("- " * 100_000, "too-deep"),
    "question marks": ("? " * 100_000, "too-deep"),
    "keys": ("".join(" " * i + "a:\n" for i in range(1000)), "too-deep"),
    "values": ("- a\n" * (MAX_NODES + 1), "too-many-values"),
    "open quote": ('"' + "a" * 1_000_000, "yaml-syntax"),
    "empty keys": ("? a\n" * 200_000, "duplicate-key"),
    "bang": ("!" * 1_000_000, "custom-tag"),
    "anchors": ("&a " * 100_000, "yaml-syntax"),
    "comment": ("#" * 5_000_000, ""),
    "merge of merges": (
        "a: &a {" + ", ".join(f"k{i}: 1" for i in range(1000)) + "}\n"
        "b: {<<: [" + ", ".join(["*a"] * 10_000) + "]}\n",
        "alias-bomb",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_ends_in_a_finding_and_soon(name: str) -> None:
    text, rule = HOSTILE[name]
    start_s = time.process_time()
    _, findings = parse(text)
    assert time.process_time() - start_s < HANG_S, "a second or two; with the square of it, hours"
    assert (findings[0].rule if findings else "") == rule


def test_the_deepest_allowed_nesting_is_read() -> None:
    _, findings = parse("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    assert findings == []
    _, findings = parse("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))
    assert rules(findings) == ["too-deep"]


def test_a_billion_laughs_are_not_laughed() -> None:
    levels = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]" for a, b in pairwise("abcdefghi")]
    document, findings = parse("\n".join(levels))
    assert rules(findings) == ["alias-bomb"]
    assert not document.is_complete


def test_a_file_over_the_limit_is_not_read(read: Read) -> None:
    document, findings = read(b"#" * (MAX_FILE_BYTES + 1))
    assert rules(findings) == ["file-too-large"]
    assert not document.is_complete


@pytest.mark.parametrize(
    "content",
    [b"\x00\x01\x02\x7fELF", "version: 1\n".encode("utf-16-le"), "version: 1\n".encode("utf-32")],
)
def test_what_is_not_text_is_said_to_be_none(read: Read, content: bytes) -> None:
    _, findings = read(content)
    assert rules(findings) in (["control-character"], ["not-utf-8"])


def test_a_file_that_git_crypt_has_not_decrypted_says_so(read: Read) -> None:
    _, (finding,) = read(b"\0GITCRYPT\0\x8a\xff")
    assert finding.message == "the file is encrypted by git-crypt"


@given(st.binary(max_size=200))
def test_random_bytes_never_raise(content: bytes) -> None:
    text = content.decode("latin-1")
    parse(text if text.isprintable() else content.decode("utf-8", "replace"))


YAML_ISH = st.text(st.sampled_from("ab01:-?,[]{}&*!|>'\"%#~<=.\n\t \\é🎉\u2028"), max_size=80)


@settings(max_examples=500)
@given(YAML_ISH)
def test_what_looks_like_yaml_never_raises_and_places_are_in_the_file(text: str) -> None:
    document, findings = parse(text)
    lines = split_lines(text)
    for finding in findings:
        assert finding.ref
        assert 1 <= finding.ref.line <= len(lines) + 1
        assert finding.ref.column >= 1
    document.root.plain()


HINTS = {
    "version: 1\n\tgroups: {}\n": "indent with spaces, not tabs",
    "version: 1\n\t- a\n": "indent with spaces, not tabs",
    "%YAML 3.0\n---\nversion: 1\n": "remove the line with %YAML",
    "version: 1\n...\nmore\n": "remove this: what is before it is a whole document",
    'name: "\\ud83d\\ude00"\n': "write the character itself",
    "name: a\x1bb\n": 'write it as an escape in double quotes ("\\u001B")',
    "name: a\0b\n": "remove it, or save the file as UTF-8 text",
}


@pytest.mark.parametrize("text", HINTS)
def test_a_broken_file_comes_with_what_to_do(read: Read, text: str) -> None:
    (found,) = read(text.encode())[1]
    assert str(found.hint).startswith(HINTS[text])
