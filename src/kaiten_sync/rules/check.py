"""Finds what is wrong with the expressions of a project file's rules, with their places in it."""

from __future__ import annotations

from collections.abc import Iterator

from kaiten_sync.errors import UsageError
from kaiten_sync.expressions import check
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import Document, Node, line_at
from kaiten_sync.model.policy_rule import MAX_EXPRESSION, RuleVerb
from kaiten_sync.rules.language import LANGUAGE
from kaiten_sync.rules.place import place_inside


def check_rules(document: Document) -> tuple[Diagnostic, ...]:
    """Every mistake in every expression; nothing about what is not a text, which a schema finds."""
    nodes = [each for each in _expressions(document.root) if each.ref not in document.broken]
    if not nodes:
        return ()
    try:
        checked = check([str(each.value) for each in nodes], LANGUAGE)
    except UsageError as error:
        # Once, at the first rule: without the library, nothing is known of the others.
        return (
            Diagnostic(
                rule="missing-extra",
                message="rules are in CEL, and the library for it cannot be loaded",
                ref=nodes[0].ref,
                hint=error.hint,
                line_text=line_at(document.lines, nodes[0].ref),
            ),
        )
    wrong: list[Diagnostic] = []
    for node, found in zip(nodes, checked, strict=True):
        text = str(node.value)
        lines = text.split("\n")
        for each in found.mistakes:
            # The library counts lines and columns inside the text; a reader wants the file's.
            offset = sum(len(line) + 1 for line in lines[: each.line - 1]) + each.column - 1
            ref = place_inside(document.lines, node.ref, text, offset)
            message, _, question = each.message.partition("; did")
            wrong.append(
                Diagnostic(
                    rule="bad-expression",
                    message=message,
                    ref=ref,
                    hint=f"did{question}"
                    if question
                    else "the variables of rules are in the how-to `Rules`",
                    line_text=line_at(document.lines, ref),
                )
            )
    return tuple(wrong)


def _expressions(root: Node) -> Iterator[Node]:
    *_, rules = [None, *root.walk(("policy", "rules"))]
    found = rules.node.value if rules is not None else ()
    for rule in found if isinstance(found, tuple) else ():
        for verb in RuleVerb:
            entry = rule.entries.get(verb)
            # What is not a text, is empty or too long is for the schema to report.
            if entry is None or not isinstance(entry.node.value, str):
                continue
            if entry.node.value.strip() and len(entry.node.value) <= MAX_EXPRESSION:
                yield entry.node
