"""What is written reads back as what it was."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaiten_sync.declare import build_desired, dump_catalog, merge_documents, read_documents
from kaiten_sync.declare.content import split_lines
from kaiten_sync.declare.write import is_as_dumped
from kaiten_sync.declare.yaml_reader import parse_yaml
from kaiten_sync.errors import KaitenSyncError
from kaiten_sync.kinds.addresses import grant_address, license_address, parse_address
from kaiten_sync.kinds.grant import GRANT
from kaiten_sync.kinds.values import normal_json
from kaiten_sync.model.address import Address, ChildList
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.model.value import Fields, Json

GOOD = Path(__file__).parents[2] / "fixtures" / "good"

SPECIAL = (
    "no yes on off y n true false null ~ 1e3 007 0x1F 1_000 1:30 2024-01-01 .5 .inf = << - ? : "
    "# & * ! | > % @ ` [ ] { } , 'x' a:b a#b -1 +1 unlimited"
)
AWKWARD = [
    *SPECIAL.split(" "),
    "",
    " ",
    " lead",
    "trail ",
    "a: b",
    "a #b",
    "two\nlines",
    "two\nlines\n",
    "\n",
    "\n\n",
    "\nlead",
    "a\n\n\nb",
    "  indented\nlines",
    "tab\there",
    "tab\n\tline",
    "trailing \nspace",
    "cr\rcr",
    "cr\r\nlf",
    "nel\x85nel",
    "ls\u2028ps\u2029",
    "bell\x07 esc\x1b del\x7f",
    "bom\ufeff",
    "é ü ñ",
    "日本語",
    "🎉👩‍💻",
    "\U0010ffff",
    "non\xa0breaking",
    '"quoted"',
    "it's",
    "back\\slash",
    "---",
    "--- a",
    "...",
    "%YAML",
    "x" * 300,
    "word " * 60,
]


def read_back(text: str) -> DesiredState:
    document, findings = parse_yaml("c.yaml", text, split_lines(text))
    assert findings == [], text
    merged, more = merge_documents([document], ())
    assert more == ()
    return build_desired(merged)


def assert_round_trip(objects: Mapping[Address, Fields]) -> None:
    text = dump_catalog(objects)
    found = {address: resource.fields for address, resource in read_back(text).resources.items()}
    assert is_as_dumped(text)
    assert found == {
        address: {name: normal_json(value) for name, value in fields.items()}
        for address, fields in objects.items()
    }
    assert dump_catalog(found) == dump_catalog(objects)


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_text_survives_as_value_and_as_key(text: str) -> None:
    assert_round_trip(
        {
            license_address("growth"): {"name": text, "type": "PAID"},
            grant_address("growth", "branding"): {"value": {text: [text, {"k": text}]}},
        }
    )


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\u2066", "\ufeff", "\u00ad", "\U000e0041"])
def test_what_cannot_be_seen_is_written_as_an_escape(hidden: str) -> None:
    for text in (f"a{hidden}b", f"one\ntwo{hidden}\n"):
        written = dump_catalog({parse_address("entitlement/e"): {"name": text, "type": "NUMBER"}})
        assert hidden not in written
        assert written.replace("\n", "").isprintable()
        assert f"{ord(hidden):X}" in written
        assert_round_trip({parse_address("entitlement/e"): {"name": text, "type": "NUMBER"}})


def test_what_can_be_seen_is_written_as_it_is() -> None:
    fields = {"name": "Party 🎉", "type": "PAID", "description": "All 🎉\nof it\n"}
    text = dump_catalog({license_address("growth"): fields})
    assert "name: Party 🎉\n" in text
    assert "description: |\n      All 🎉\n      of it\n" in text


def test_the_order_is_stable_and_the_form_short() -> None:
    objects: dict[Address, Fields] = {
        license_address("growth"): {"description": "For teams", "type": "PAID", "name": "Growth"},
        grant_address("growth", "sso"): {"value": True},
        grant_address("growth", "seats"): {"overagePercent": 20, "value": 25},
        grant_address("growth", "exports"): {"value": "unlimited"},
        grant_address("growth", "branding"): {"value": {"b": 1, "a": []}},
        license_address("bare"): {"name": "Bare", "type": "TRIAL"},
        parse_address("entitlement/seats"): {
            "groups": ["a1", "b1"],
            "type": "NUMBER",
            "name": "Seats",
        },
        parse_address("group/quotas"): {"name": "Quotas", "description": None},
    }
    expected = """# yaml-language-server: $schema=catalog.schema.json
version: 1
groups:
  quotas:
    name: Quotas
    description: null
entitlements:
  seats:
    name: Seats
    type: NUMBER
    groups: [a1, b1]
licenses:
  bare:
    name: Bare
    type: TRIAL
    entitlements: {}
  growth:
    name: Growth
    type: PAID
    description: For teams
    entitlements:
      branding:
        value:
          a: []
          b: 1
      exports: unlimited
      seats: {value: 25, overagePercent: 20}
      sso: true
"""
    schema = "catalog.schema.json"
    owns = [ChildList(license_address("bare"), GRANT.kind)]
    assert dump_catalog(objects, owns=owns, schema=schema) == expected
    backwards = dict(reversed(objects.items()))
    assert dump_catalog(backwards, owns=owns, schema=schema) == expected


def test_a_written_catalog_is_the_catalog_that_was_read() -> None:
    documents, _ = read_documents(["everything.yaml"], root=GOOD)
    desired = build_desired(merge_documents(documents, ())[0])
    fields = {address: resource.fields for address, resource in desired.resources.items()}
    again = read_back(dump_catalog(fields, owns=desired.owns))
    assert {address: r.fields for address, r in again.resources.items()} == fields
    assert again.owns == desired.owns


# Without U+0000, which no server stores.
TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30
) | st.sampled_from(AWKWARD)
NUMBER = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
JSON: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=400)
@given(st.dictionaries(TEXT, JSON, max_size=4), TEXT, NUMBER)
def test_everything_survives(config: dict[str, Json], text: str, number: float) -> None:
    value = "unlimited" if number == -1 else number
    assert_round_trip(
        {
            license_address("growth"): {"name": text, "type": "PAID"},
            grant_address("growth", "branding"): {"value": config},
            grant_address("growth", "seats"): {"value": value, "overagePercent": 20},
            grant_address("growth", "calls"): {"value": value},
        }
    )


def test_half_a_character_is_an_error_of_ours() -> None:
    with pytest.raises(KaitenSyncError, match="half of a character"):
        dump_catalog({license_address("growth"): {"name": "\ud800"}})
