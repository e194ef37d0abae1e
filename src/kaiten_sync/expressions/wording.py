"""What is wrong with an expression, or with its values, and how to write it instead."""

from __future__ import annotations

import re

_FOUND = re.compile(
    r"found no matching overload for '([^']*)' applied to '\((.*)\)'"
    r"|No matching overloads found : (?:\((.*)\)\.)?([^\s(]+)(?:\((.*)\))?"
)
"""The library's words when it checks an expression, and when it judges one: there, a method has its
object before the dot, and an operator that takes only one type has no types.
"""

_PLAIN = tuple(
    (re.compile(theirs), ours)
    for theirs, ours in (
        (r"Key not found in map : (.*)", r"there is no key \1; test with has() or in"),
        (r"Applying SELECT to non-message type", "a value that is not a map has no fields"),
        (r"Invalid container type: .*", "a value that is not a map has no fields"),
        (r"Index error: index=(-?\d+) size=(\d+)", r"there is no item \1 in a list of \2"),
        (r"String to Timestamp .*", "a text is not a time, as '2027-01-01T00:00:00Z' is"),
        (r"String to Duration .*", "a text is not a time span, as '24h' is"),
        (r"Type conversion error from '(.*)' to '(.*)'", r"cannot convert \1 to \2"),
        (r"Iteration budget exceeded", "it takes too many steps"),
        (r"Expression recursion limit exceeded. limit: (\d+)", r"it is nested more than \1 deep"),
        (r"\w+ input '<EOF>'.*", "it ends too early"),
        (r"missing '(.*)' at '<EOF>'", r"it ends too early, without '\1'"),
        (r"token recognition error at: '([=&|]).*", r"'\1' means nothing; write '\1\1'"),
        (r"token recognition error at: '[\"'].*", "a text does not end"),
        (r"token recognition error at: '(.).*", r"'\1' means nothing"),
        (r"\w+ input '((?i:and))'.*", r"'\1' means nothing; write '&&'"),
        (r"\w+ input '((?i:or))'.*", r"'\1' means nothing; write '||'"),
        (r"\w+ input '(.*?)'( expecting .*)?$", r"'\1' cannot be here"),
    )
)
"""The library's words for what is wrong with an expression or a value, and ours."""

_LOGIC = {"&&": "&&", "||": "||", "!": "!", "<jump_condition>": "?"}
"""Operators that take true and false, as they are written, by the names that the library has."""

_OWN_NAMES = {
    "google.protobuf.Timestamp": "timestamp",
    "google.protobuf.Duration": "duration",
    "int64": "int",
    "uint64": "uint",
    "null_type": "null",
}
"""Names of types as an expression writes them, by those that the library writes."""

_OWN_NAME = re.compile("|".join(map(re.escape, _OWN_NAMES)))

_COMPARISONS = frozenset(("<", "<=", ">", ">=", "==", "!="))
_SUMS = frozenset("+-")
_PRODUCTS = frozenset("*/")

_AS_DOUBLE = "convert the int with double()"
_AS_INT = "convert the double with int()"
_AS_STRING = "convert the number with string()"
_AS_TIMESTAMP = "write the time as timestamp('2027-01-01T00:00:00Z')"
_AS_DURATION = "write the time span as duration('24h')"

_WAYS = (
    ({"int", "double"}, _COMPARISONS | _SUMS | _PRODUCTS, _AS_DOUBLE),
    ({"int", "double"}, {"%"}, _AS_INT),
    ({"double"}, {"%"}, _AS_INT),
    ({"string", "int"}, {"+"}, _AS_STRING),
    ({"string", "double"}, {"+"}, _AS_STRING),
    ({"timestamp", "string"}, _COMPARISONS, _AS_TIMESTAMP),
    ({"duration", "int"}, _COMPARISONS | _SUMS, _AS_DURATION),
)
"""Types of which CEL converts none by itself, the operators that people use between them, and the
function that makes them one type.
"""


def worded(message: str) -> str:
    """An error of the library in words of ours; as it is if its own will do."""
    for theirs, ours in _PLAIN:
        if theirs.search(message):
            return theirs.sub(ours, message)
    found = _FOUND.search(message)
    if not found:
        return message
    operator = (found[1] or found[4]).strip("_@")
    written = found[2] or ", ".join(filter(None, (found[3], found[5])))
    if not written:
        takes = "takes only true or false" if operator in _LOGIC else "does not take these types"
        return f"'{_LOGIC.get(operator, operator)}' {takes}"
    types = _OWN_NAME.sub(lambda name: _OWN_NAMES[name[0]], written)
    return f"'{operator}' does not take ({types}){_way_out(operator, set(types.split(', ')))}"


def _way_out(operator: str, types: set[str]) -> str:
    for between, operators, way in _WAYS:
        if types == between and operator in operators:
            return f"; {way}"
    return ""
