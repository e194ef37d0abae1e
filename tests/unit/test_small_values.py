"""Values that take less memory than a dict are as good as one."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from kaiten_sync.kinds.addresses import parse_address
from kaiten_sync.model.address import Address, by_text, in_places
from kaiten_sync.model.change import Action, Change
from kaiten_sync.model.managed import Managed, marks_by_text
from kaiten_sync.model.outcome import Outcomes, Status, outcome_of
from kaiten_sync.model.plan import Observed, ObservedObjects
from kaiten_sync.model.value import Json, OneField

SLUGS = ("a", "a-b", "a.b", "ab", "B", "a0")
ADDRESSES = tuple(
    parse_address(text)
    for one, other in product(SLUGS, repeat=2)
    for text in (
        f"license/{one}",
        f"license/{one}/grant/{other}",
        f"family/{one}/grant/{other}",
        f"group/{one}",
    )
)


@given(st.lists(st.sampled_from(ADDRESSES), unique=True))
def test_addresses_are_in_the_order_of_their_texts(addresses: list[Address]) -> None:
    places = {place: [(a.slug, a) for a in found] for place, found in in_places(addresses).items()}
    assert [*by_text(places)] == sorted((str(each), each) for each in addresses)


@given(st.lists(st.tuples(st.sampled_from(ADDRESSES), st.integers(0, 2**64 - 1))))
def test_fingerprints_are_found_by_address(marks: list[tuple[Address, int]]) -> None:
    pairs = [(address, f"{number:016x}") for address, number in marks]
    known, found = dict(pairs), Managed(pairs)
    assert found == known == {**found}
    assert len(found) == len(known)
    assert all(found.get(each) == known.get(each) for each in ADDRESSES)
    by_text_known = [(str(each), known[each]) for each in sorted(known, key=str)]
    assert [*marks_by_text(found)] == [*marks_by_text(known)] == by_text_known


@given(st.text(), st.recursive(st.none() | st.integers() | st.text(), st.lists), st.text())
def test_one_field_is_as_a_dict_of_it(name: str, value: Json, other: str) -> None:
    field, known = OneField(name, value), {name: value}
    assert field == known == dict(field) == {**field}
    assert (len(field), [*field], field.keys(), [*field.items()]) == (
        1,
        [name],
        known.keys(),
        [*known.items()],
    )
    for each in (name, other):
        assert (each in field, field.get(each, other)) == (each in known, known.get(each, other))


@given(st.lists(st.tuples(st.sampled_from(ADDRESSES), st.booleans(), st.booleans())))
def test_what_a_plan_rests_on_is_as_it_was_given(found: list[tuple[Address, bool, bool]]) -> None:
    observed = tuple(
        Observed(address=address, fields={} if is_there else None, unheld=is_unheld)
        for address, is_there, is_unheld in found
    )
    seen = ObservedObjects(observed)
    assert seen == observed == (*seen,)
    assert (len(seen), seen[1:]) == (len(observed), observed[1:])
    assert [seen[place] for place in range(len(seen))] == [*observed]


@given(st.lists(st.tuples(st.sampled_from(ADDRESSES), st.sampled_from(Status), st.booleans())))
def test_an_outcome_says_what_was_noted(found: list[tuple[Address, Status, bool]]) -> None:
    changes = [Change(address=each, action=Action.CREATE) for each, _, _ in found]
    whole = [outcome_of(change, each[1]) for change, each in zip(changes, found, strict=True)]
    whole = [o.changed(message="why") if f[2] else o for o, f in zip(whole, found, strict=True)]
    noted = [o if f[2] else o.status for o, f in zip(whole, found, strict=True)]
    outcomes = Outcomes(changes, noted)
    assert outcomes == whole == [*outcomes]
    assert (len(outcomes), outcomes[:2]) == (len(whole), tuple(whole[:2]))
    assert [outcomes[place] for place in range(len(outcomes))] == whole
