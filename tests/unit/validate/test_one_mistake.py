"""One mistake is one finding, at its place, with what to write instead: no echoes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.pipeline import CatalogSource, read_project, validate

_ENTITLEMENTS = """\
version: 1
entitlements:
  api-calls: {name: A, type: NUMBER}
  sso: {name: S, type: BOOLEAN}
  look: {name: L, type: CONFIG}
"""


def grant(text: str, slug: str = "api-calls") -> str:
    return f"""{_ENTITLEMENTS}licenses:
  pro:
    name: Pro
    type: PAID
    entitlements:
      {slug}: {text}
"""


def licenses(text: str) -> str:
    return f"{_ENTITLEMENTS}licenses:\n{text}"


def entitlement(field: str) -> str:
    return f"version: 1\nentitlements:\n  seats: {{name: S, type: NUMBER, {field}}}\n"


API_BODY = (
    '{"id": "l1", "licenseId": "l2", "entitlementSlug": "api-calls", "value": '
    '{"type": "number", "value": 1000}, "limitCapExceededOveragePercent": %s, '
    '"createdAt": "2026-01-01T00:00:00Z"}'
)

ONE = {
    # a misspelled field is not missing as well
    "a typo of a required field": (
        licenses("  pro: {nmae: Pro, type: PAID}\n"),
        "unknown-field",
        "7:9",
        "did you mean 'name'?",
    ),
    "a typo of version": ("versoin: 1\ngroups: {}\n", "unknown-field", "1:1", "mean 'version'?"),
    "a version in capitals": ("Version: 1\n", "unknown-field", "1:1", "mean 'version'?"),
    "a section whose objects are not indented": (
        "version: 1\nentitlements:\na1: {name: A, type: NUMBER}\na2: {name: B, type: NUMBER}\n",
        "empty-section",
        "3:1",
        "indent `a1:` and what follows it",
    ),
    "a section and its objects one level too far left": (
        "version: 1\ngroups: {}\nentitlements:\na1:\n  name: A\n  type: NUMBER\nlicenses: {}\n",
        "empty-section",
        "4:1",
        "if they belong to `entitlements`",
    ),
    "a null beside a section": (
        "version: 1\nentitlements:\ngroups: {}\n",
        "empty-section",
        "2:1",
        "write `entitlements: {}`",
    ),
    "a list": ("- version: 1\n", "wrong-type", "1:1", "begin the file with `version: 1`"),
    "another language": ("version = 1\n", "wrong-type", "1:1", "begin the file with `version: 1`"),
    "a comment of another language": (
        "// catalog\nversion: 1\n",
        "pasted-text",
        "1:1",
        "begin a comment with `#`",
    ),
    "a wide colon": (
        "version: 1\nentitlements：\n  a: {name: A, type: NUMBER}\n",
        "yaml-syntax",
        "2:1",
        "fullwidth colon (U+FF1A): write an ordinary ':'",
    ),
    "a version without a space": ("{version:1}\n", "unknown-field", "1:2", "space after the ':'"),
    "a section that is an unknown alias": (
        "version: 1\ngroups: *all\n",
        "unknown-alias",
        "2:9",
        "put `&all` before",
    ),
    "no space in braces": (
        licenses("  pro: {name:Pro, type: PAID}\n"),
        "unknown-field",
        "7:9",
        "write a space after the ':'",
    ),
    "a typo of value": (grant("{vaule: 5}"), "unknown-field", "11:19", "did you mean 'value'?"),
    "a field in capitals": (grant("{Value: 5}"), "unknown-field", "11:19", "mean 'value'?"),
    "a zero-width space in a field": (
        licenses("  pro: {name: Pro, ty\u200bpe: PAID}\n"),
        "unknown-field",
        "7:20",
        "did you mean 'type'?",
    ),
    "JSON without value": (grant("{theme: dark}", "look"), "missing-field", "11:7", "add `value`"),
    # a malformed slug is not undeclared as well
    "an entitlement in capitals": (grant("true", "SSO"), "bad-slug", "11:7", "mean 'sso'?"),
    "an accent": (grant("5", "ápi-calls"), "bad-slug", "11:7", "mean 'api-calls'?"),
    "an accent of its own": (grant("5", "a\u0301pi-calls"), "bad-slug", "11:7", "mean 'api-calls'"),
    "a zero-width space": (grant("5", "api\u200b-calls"), "bad-slug", "11:7", "mean 'api-calls'?"),
    "a group in capitals": (
        entitlement("groups: [Quotas]") + "groups: {quotas: {name: Q}}\n",
        "bad-slug",
        "3:43",
        "did you mean 'quotas'?",
    ),
    "a group as the API has it": (
        entitlement("groups: [{slug: quotas}]") + "groups: {quotas: {name: Q}}\n",
        "bad-slug",
        "3:43",
        "write its slug alone: quotas",
    ),
    "groups as a map": (
        entitlement("groups: {quotas: true}") + "groups: {quotas: {name: Q}}\n",
        "wrong-type",
        "3:42",
        "write a list: [quotas]",
    ),
    # objects of the API
    "a grant of the API": (grant(API_BODY % 0), "api-form", "11:7", "write `api-calls: 1000`"),
    "one with overage": (
        grant(API_BODY % 20),
        "api-form",
        "11:7",
        "write `api-calls: {value: 1000, overagePercent: 20}`",
    ),
    "one without a cap": (
        grant("{value: {type: number, value: -1}}"),
        "api-form",
        "11:7",
        "write `api-calls: unlimited`",
    ),
    "one with a truth": (
        grant("{value: {type: boolean, value: true}}", "sso"),
        "api-form",
        "11:7",
        "write `sso: true`",
    ),
    "overage as the API has it": (
        grant("{value: 5, limitCapExceededOveragePercent: 20}"),
        "unknown-field",
        "11:29",
        "did you mean 'overagePercent'?",
    ),
    "an id": (entitlement("id: e1"), "unknown-field", "3:34", "the server sets it: remove it"),
    "a time": (entitlement("updatedAt: x"), "unknown-field", "3:34", "the server sets it"),
    "a slug": (entitlement("slug: seats"), "unknown-field", "3:34", "the slug: remove it"),
    # indentation
    "grants beside the license": (
        licenses("  pro:\n    name: Pro\n    type: PAID\n  entitlements:\n    sso: true\n"),
        "missing-field",
        "10:3",
        "indent `entitlements:` more",
    ),
    "more indented": (
        licenses("  pro:\n    name: Pro\n     type: PAID\n"),
        "yaml-syntax",
        "9:10",
        "indent it like the line above",
    ),
    "more indented, after a comment": (
        licenses("  pro:\n    name: Pro\n    # type: none\n     type: PAID\n"),
        "yaml-syntax",
        "10:6",
        "indent it like the other keys of its map",
    ),
    "no-break spaces": (
        licenses("\u00a0\u00a0pro: {name: Pro, type: PAID}\n"),
        "odd-space",
        "7:1",
        "indent with ordinary spaces",
    ),
    "a no-break space after a colon": (
        licenses("  pro:\u00a0{name: Pro, type: PAID}\n"),
        "yaml-syntax",
        "7:24",
        "no-break space (U+00A0): write an ordinary space",
    ),
    "a tab": (licenses("\tpro: {}\n"), "yaml-syntax", "7:1", "indent with spaces, not tabs"),
    # colons, commas, brackets, quotes
    "no space after the first colon": (
        "version:1\nlicenses:\n",
        "yaml-syntax",
        "2:9",
        "write a ':' with a space behind it after the key of line 1",
    ),
    "no colon": (
        licenses("  pro\n    name: Pro\n"),
        "yaml-syntax",
        "8:9",
        "after the key of line 7",
    ),
    "no space after colons": (
        licenses("  pro:\n    name:Pro\n    type:PAID\n"),
        "wrong-type",
        "8:5",
        "write a space after each ':'",
    ),
    "a colon in a name": (
        licenses("  pro:\n    name: Pro: best\n    type: PAID\n"),
        "yaml-syntax",
        "8:14",
        "quote the value if it contains ': '",
    ),
    "a brace left open": (
        licenses("  pro: {name: Pro, type: PAID\n  max: {name: Max, type: PAID}\n"),
        "yaml-syntax",
        "8:6",
        "put a ',' between two entries, and close the '{' of line 7, column 8",
    ),
    "a brace too many": (
        "{version: 1, licenses: {}}}\n",
        "yaml-syntax",
        "1:27",
        "remove this: what is before it is a whole document",
    ),
    "no space before braces": (
        licenses("  pro:{name: Pro, type: PAID}\n"),
        "yaml-syntax",
        "7:23",
        "write a space after the ':'",
    ),
    "no space before braces of one field": (
        licenses("  pro:{name: Pro}\n"),
        "bad-slug",
        "7:3",
        "write a space after the ':'",
    ),
    "no comma": (
        licenses("  pro: {name: Pro type: PAID}\n"),
        "yaml-syntax",
        "7:23",
        "put a ',' between two entries",
    ),
    "a bracket that ends a brace": (
        licenses("  pro: {name: Pro, type: PAID]\n"),
        "yaml-syntax",
        "7:30",
        "close the '{' of line 7, column 8",
    ),
    "equals signs": (
        licenses("  pro:\n    name = Pro\n    type = PAID\n"),
        "wrong-type",
        "8:5",
        "write ':' with a space behind it, not '='",
    ),
    "an apostrophe": (
        licenses("  pro:\n    name: 'It's'\n    type: PAID\n"),
        "yaml-syntax",
        "8:15",
        "quote the whole value, and double a ' inside",
    ),
    "a backslash": (
        licenses('  pro:\n    name: "C:\\dir"\n    type: PAID\n'),
        "yaml-syntax",
        "8:14",
        "write the text in '...'",
    ),
    "a dash among keys": (
        licenses("  pro: {name: Pro, type: PAID}\n  - max: {name: Max, type: PAID}\n"),
        "yaml-syntax",
        "8:3",
        "remove the dash",
    ),
    "less indented": (
        licenses("  pro: {name: Pro, type: PAID}\n max: {name: Max, type: PAID}\n"),
        "yaml-syntax",
        "8:2",
        "indent it like the other keys of its map",
    ),
    "the first line indented": (
        "  version: 1\nlicenses: {}\n",
        "yaml-syntax",
        "2:1",
        "indent line 1 like this one",
    ),
    "a hash": (
        licenses("  pro:\n    name: #1 plan\n    type: PAID\n"),
        "null-field",
        "8:5",
        "begins a comment",
    ),
    "a percent sign": (grant("%5"), "yaml-syntax", "11:18", "quote what begins with %"),
    "a backquote": (grant("`5`"), "yaml-syntax", "11:18", "quote what begins with `"),
    "a template": (
        licenses("  {{ plan }}: {name: Pro, type: PAID}\n"),
        "non-string-key",
        "7:4",
        "templates are not filled in",
    ),
    "a template as a value": (
        licenses("  pro: {name: {{ plan }}, type: PAID}\n"),
        "non-string-key",
        "7:16",
        "templates are not filled in",
    ),
    # anchors
    "an unknown alias": (
        licenses("  pro: &pro {name: Pro, type: PAID}\n  max: {<<: *por}\n"),
        "unknown-alias",
        "8:13",
        "did you mean 'pro'?",
    ),
    "an alias without its star": (
        licenses("  pro: &pro {name: Pro, type: PAID}\n  max: {<<: pro}\n"),
        "bad-merge-key",
        "8:13",
        "write `<<: *pro`",
    ),
    "an alias of what it is in": (
        licenses("  pro: &pro {name: Pro, type: PAID, entitlements: *pro}\n"),
        "recursive-alias",
        "7:51",
        "write out what is meant",
    ),
    # keys that look like numbers
    "a slug with a zero": (
        licenses("  010:\n    name: Pro\n    type: PAID\n"),
        "ambiguous-scalar",
        "7:3",
        'quote it: "010"',
    ),
    "one in braces": (
        f"{_ENTITLEMENTS}licenses: {{010: {{name: Pro, type: PAID}}}}\n",
        "ambiguous-scalar",
        "6:12",
        'quote it: "010"',
    ),
    "three digits and a word": (
        licenses("  100 seats: {name: Pro, type: PAID}\n"),
        "bad-slug",
        "7:3",
        "did you mean '100-seats'?",
    ),
    # numbers, texts and choices
    "00": (grant("00"), "ambiguous-scalar", "11:18", "write 0, or quote it"),
    "a time of day": (
        grant("1:30"),
        "ambiguous-scalar",
        "11:18",
        "write a plain number such as 90",
    ),
    "percent": (grant("80 %"), "bad-quantity", "11:18", '`unitSingular: "%"`'),
    "a typo of unlimited": (grant("unlimted"), "bad-grant", "11:18", "did you mean 'unlimited'?"),
    "one for true": (grant("1", "sso"), "wrong-value-type", "11:12", "write true; its type is"),
    "JSON in quotes": (grant("'{\"a\": 1}'", "look"), "bad-grant", "11:13", "without the quotes"),
    "a number as a name": (
        licenses("  pro: {name: 2026, type: PAID}\n"),
        "wrong-type",
        "7:15",
        'quote it: "2026"',
    ),
    "a fraction as a percentage": (
        entitlement("warningThresholdPercent: 0.8"),
        "wrong-type",
        "3:59",
        "write 80: it is in percent",
    ),
    "a period of never": (entitlement("resetPeriod: NEVER"), "unknown-value", "3:47", "leave the"),
    "one for a flag": (
        licenses("  pro: {name: Pro, type: PAID, isActive: 1}\n"),
        "wrong-type",
        "7:42",
        "write true",
    ),
}


def findings(folder: Path, text: str) -> tuple[Diagnostic, ...]:
    (folder / "catalog.yaml").write_text(text, encoding="utf-8")
    desired, found = validate(CatalogSource(root=folder, catalog=("catalog.yaml",)))
    assert desired is None
    return found


@pytest.mark.parametrize(("text", "rule", "place", "hint"), ONE.values(), ids=ONE)
def test_one_mistake_is_one_finding(
    tmp_path: Path, text: str, rule: str, place: str, hint: str
) -> None:
    found = [(each.rule, str(each.ref), each.hint) for each in findings(tmp_path, text)]
    assert [(rule, f"catalog.yaml:{place}", hint)] == [
        (r, ref, hint if h and hint in h else h) for r, ref, h in found
    ]


@pytest.mark.parametrize(
    ("value", "is_warned"),
    [
        ("{value: {type: object, value: {theme: x}}}", True),
        ("{type: object, value: {theme: x}}", False),
        ("{type: object, value: {type: object, value: {theme: x}}}", False),
        ("{value: {type: dark, value: {theme: x}}}", False),
        ("{value: {type: object, value: 1, more: 2}}", False),
    ],
)
def test_a_config_value_one_level_too_deep_is_warned_of(
    tmp_path: Path, value: str, is_warned: bool
) -> None:
    (tmp_path / "catalog.yaml").write_text(grant(value, "look"), encoding="utf-8")
    desired, found = validate(CatalogSource(root=tmp_path, catalog=("catalog.yaml",)))
    assert desired is not None
    warned = [(each.severity, each.rule, str(each.ref)) for each in found]
    assert warned == [(Severity.WARNING, "nested-value", "catalog.yaml:11:21")] * is_warned


def test_two_mistakes_are_two_findings(tmp_path: Path) -> None:
    text = licenses(
        "  pro: {nmae: Pro, entitlements: {SSO: true, ssoo: true, look: {theme: dark}}}\n"
    )
    assert [each.rule for each in findings(tmp_path, text)] == [
        "missing-field",  # type
        "unknown-field",  # nmae
        "bad-slug",  # SSO
        "undeclared-entitlement",  # ssoo
        "missing-field",  # value
    ]


@pytest.mark.parametrize("text", ["80 %", "5 calls", "5 GB", "5 MB/s"])
def test_a_hint_for_a_unit_is_valid_yaml(tmp_path: Path, text: str) -> None:
    (found,) = findings(tmp_path, grant(text))
    fields = yaml.safe_load("\n".join((found.hint or "").split("`")[1::2]))
    assert fields.keys() == {"unitSingular", "unitPlural"}
    assert fields["unitPlural"] == text.partition(" ")[2]


IN_A_PROJECT = {
    "a typo of catalog": ("catalogs: [c.yaml]", "unknown-field", "2:1", "mean 'catalog'?"),
    "a typo of url": (
        "catalog: [c.yaml]\ntargets: {prod: {uri: 'https://a.example'}}",
        "unknown-field",
        "3:18",
        "did you mean 'url'?",
    ),
    "a URL as a target": (
        "catalog: [c.yaml]\ntargets: {prod: https://a.example}",
        "wrong-type",
        "3:17",
        "write a map: {url: https://a.example}",
    ),
    # of all words, not the one that deletes
    "a policy that prunes none": (
        "catalog: [c.yaml]\npolicy: {prune: none}",
        "unknown-value",
        "3:17",
        "write never",
    ),
    "a policy of what is managed": (
        "catalog: [c.yaml]\npolicy: {prune: managed}",
        "unknown-value",
        "3:17",
        "write owned",
    ),
    "a setting of the policy": (
        "catalog: [c.yaml]\nmaxDeletes: 5",
        "unknown-field",
        "3:1",
        "`maxDeletes` goes below `policy:`",
    ),
    "a setting of a target": (
        "catalog: [c.yaml]\nurl: https://a.example",
        "unknown-field",
        "3:1",
        "`url` goes below a name, and that below `targets:`",
    ),
}


@pytest.mark.parametrize(("text", "rule", "place", "hint"), IN_A_PROJECT.values(), ids=IN_A_PROJECT)
def test_one_mistake_in_a_project_is_one_finding(
    tmp_path: Path, text: str, rule: str, place: str, hint: str
) -> None:
    file = tmp_path / "kaiten-sync.yaml"
    file.write_text(f"version: 1\n{text}\n", encoding="utf-8")
    project, found = read_project(file)
    assert project is None
    (one,) = found
    assert (one.rule, str(one.ref).rpartition("kaiten-sync.yaml:")[2]) == (rule, place)
    assert hint in (one.hint or "")
