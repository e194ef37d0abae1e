"""Chooses the version that a family's changes go to. The rule of ADR 37, row by row."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from functools import partial

from kaiten_sync.families.served import (
    DRAFT,
    PUBLISHED,
    STATE,
    LiveFamily,
    number_of,
    version_address,
)
from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.grant import GRANT
from kaiten_sync.kinds.spec import SOLD
from kaiten_sync.kinds.units import quantities
from kaiten_sync.licensing import is_read_with_prefix, may_scale_both, quantity_text
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Effect, FieldChange
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.drift import Difference, DriftClass
from kaiten_sync.model.family import FamilyChoice, FamilyTerms, Way, WhenTightened
from kaiten_sync.model.holder import Holders
from kaiten_sync.model.resource import LiveResource
from kaiten_sync.model.source import SourceRef
from kaiten_sync.model.value import NO_UNIT, NO_UNITS, Absent, Json, Unit, is_number

_MOST_NAMED = 3
"""Holders that a refusal names, and limits that a reason names."""

_VALUE = GRANT.limited_by[0]
"""The main field of a grant, which messages do not name."""

_LONGEST_SLUG = 100
"""Characters. Source: API facts, section 2.1."""


class SoldFamily(Immutable, frozen=True, kw_only=True):
    """One declared family beside the server.

    `live` is None if the server has no such family. `differences` are those from the version that
    it serves, and `from_newest` those from its newest version. `kept` is the choice of a plan that
    is looked at again, and `goes_back_to` the version that it served by agreement. `defaults` are
    the versions that the plan before makes the default.
    """

    address: Address
    terms: FamilyTerms
    source: SourceRef
    is_sold: bool
    live: LiveFamily | None = None
    differences: Sequence[Difference] = ()
    from_newest: Sequence[Difference] = ()
    kept: FamilyChoice | None = None
    goes_back_to: str | None = None
    defaults: frozenset[Address] = frozenset()

    @property
    def effect(self) -> Effect | None:
        """What the declaration means for holders of the served version; None if it is equal."""
        effects = [each.effect for each in self.differences]
        return max(effects, key=list(Effect).index) if effects else None


def harmful(sold: SoldFamily) -> bool:
    """Whether holders of the served version would lose something."""
    is_served = sold.live is not None and sold.live.served is not None
    return is_served and sold.is_sold and sold.effect is not None and sold.effect.is_harmful


def choose(
    sold: SoldFamily, holders: Holders, taken: Collection[str]
) -> tuple[FamilyChoice, tuple[Diagnostic, ...]]:
    """The way of one family, and the reason if it is refused.

    `holders` are those of the served versions that would be tightened, and `taken` the slugs that a
    new version cannot have.
    """
    family, live = sold.address, sold.live
    # The order counts: each way rules out those below it, and only the last depends on holders.
    if not sold.is_sold:
        return _unsold(sold), ()
    if live is None:
        choice = FamilyChoice(
            address=family,
            way=Way.CREATE,
            reason="the server does not have this family",
            version=family.slug,
        )
        return choice, tuple(_slug_taken(sold, taken))
    if live.served is None:
        return _reopened(sold, live, taken), ()
    served = live.served.address
    if sold.goes_back_to is not None:
        return FamilyChoice(
            address=sold.address,
            way=Way.IN_PLACE,
            reason=f"{sold.goes_back_to} was agreed, and the server serves {served.slug}",
            serves=served.slug,
            version=sold.goes_back_to,
        ), ()
    choice = FamilyChoice(
        address=family,
        way=Way.NOTHING,
        reason="the version that it serves is as declared",
        serves=served.slug,
        version=served.slug,
        effect=sold.effect,
    )
    if sold.effect is None:
        why = _why_not_sure(sold, live)
        return (choice if why is None else choice.changed(way=Way.IN_PLACE, reason=why)), ()
    if not harmful(sold):
        reason = "the change takes nothing from holders"
        return choice.changed(way=Way.IN_PLACE, reason=reason), ()
    return _tightened(sold, live, choice, holders, taken)


def priced(
    sold: SoldFamily, choice: FamilyChoice, is_priced: Callable[[Address], bool]
) -> tuple[Diagnostic, ...]:
    """Why a new version cannot be made: the one before it has prices, and it would have none.

    That is the served one, or the newest of a family that sells nothing now.
    """
    if choice.way is not Way.NEW_VERSION or choice.version is None or sold.live is None:
        return ()
    new = version_address(choice.address, choice.version)
    others = [each.address for each in sold.live.versions if each.address != new]
    # Prices are outside the catalog, so a new version would be made without any.
    before = sold.live.served.address if sold.live.served else next(reversed(others), None)
    is_new = len(others) == len(sold.live.versions)
    if before is None or not is_priced(before) or (not is_new and is_priced(new)):
        return ()
    return (
        Diagnostic(
            rule="family-priced",
            message=f"{before.slug} has prices, and a new version made from here would have none",
            ref=sold.source,
            address=str(choice.address),
            hint="create the next version with its prices on the server, publish it and make it the"
            f" default; then run `kaiten-sync adopt {choice.address}`",
        ),
    )


def _why_not_sure(sold: SoldFamily, live: LiveFamily) -> str | None:
    """Why the version that is served is made the default; None if it needs no default."""
    if not live.is_certain:
        # The version that happens to be served becomes the default, so that no other replaces it.
        return "it has several published versions and no default"
    # An apply stopped right before that. The next version published by hand would replace it
    # without a change in git.
    return (
        "the previous plan was to make it the default"
        if live.lacks_default(sold.defaults)
        else None
    )


def _unsold(sold: SoldFamily) -> FamilyChoice:
    live = sold.live
    # A draft was never on sale, so no holder loses anything if it stays.
    on_sale = () if live is None else live.in_state(PUBLISHED)
    return FamilyChoice(
        address=sold.address,
        way=Way.WITHDRAW if on_sale else Way.NOTHING,
        reason=f"`{SOLD}` is false; holders keep their versions" if on_sale else "it is not sold",
        serves=live.served.address.slug if live is not None and live.served else None,
    )


def _reopened(sold: SoldFamily, live: LiveFamily, taken: Collection[str]) -> FamilyChoice:
    version = _next_version(sold, live, taken)
    drafts = [v.address.slug for v in live.in_state(DRAFT) if v.address.slug != version]
    left = f"; left as drafts: {', '.join(drafts)}" if drafts else ""
    return FamilyChoice(
        address=sold.address,
        way=Way.NEW_VERSION,
        reason=f"it has no version on sale{left}",
        version=version,
    )


def _tightened(
    sold: SoldFamily,
    live: LiveFamily,
    choice: FamilyChoice,
    holders: Holders,
    taken: Collection[str],
) -> tuple[FamilyChoice, tuple[Diagnostic, ...]]:
    terms, slug = sold.terms, str(choice.serves)
    served = version_address(sold.address, slug)
    holding = holders.instances.get(served, ())
    count = len(holding) if served in holders.checked else None
    if terms.when_tightened is WhenTightened.IN_PLACE:
        reason = f"`onTighten` is in-place: {terms.reason}"
        return choice.changed(way=Way.IN_PLACE, reason=reason), ()
    version = _next_version(sold, live, taken)
    kept = sold.kept
    if (
        kept is not None
        and (kept.way, kept.serves, kept.version) == (Way.NEW_VERSION, slug, version)
        and kept.holders != 0
    ):
        # It was made for holders. That some have come or gone makes it no less right.
        count = kept.holders
    elif count == 0:
        reason = f"{slug} has no holders"
        return choice.changed(way=Way.IN_PLACE, reason=reason, holders=0), ()
    choice = choice.changed(holders=count)
    who = f"the holders of {slug} could not be listed"
    if count is not None:
        who = f"the change {choice.effect} {slug} for {count:,} holder{'' if count == 1 else 's'}"
    who += f" ({_lost(sold)})"
    if terms.when_tightened is WhenTightened.REFUSE:
        refused = choice.changed(way=Way.IN_PLACE, reason=f"{who}; refused, as `onTighten` says")
        shown = [f"instance/{slug}" for slug in holding[:_MOST_NAMED]]
        more = f" and {len(holding) - _MOST_NAMED} more" if len(holding) > _MOST_NAMED else ""
        named = (
            f": {', '.join(shown)}{more}" if shown else f" ({holders.gap})" if holders.gap else ""
        )
        refusal = Diagnostic(
            rule="family-held",
            message=f"{who}{named}, and `onTighten` is refuse",
            ref=sold.source,
            address=str(sold.address),
            hint="declare `onTighten: new-version`: then holders keep the version that they bought",
        )
        return refused, (refusal,)
    keeps = "it keeps" if count == 1 else "holders keep" if count is None else "they keep"
    reason = f"{who}; {keeps} that version"
    return choice.changed(way=Way.NEW_VERSION, version=version, reason=reason), ()


def _lost(sold: SoldFamily) -> str:
    """What holders would lose, in a few words."""
    words = []
    for each in sold.differences:
        if each.effect.is_harmful:
            gone = "is removed" if each.drift is DriftClass.UNMANAGED else "changes"
            is_changed = each.drift is DriftClass.CHANGED
            fields = [_change(field, each) for field in each.fields] if is_changed else []
            words.append(f"{each.address.slug} {' and '.join(fields) or gone}")
    more = f" and {len(words) - _MOST_NAMED} more" if len(words) > _MOST_NAMED else ""
    return ", ".join(words[:_MOST_NAMED]) + more


def _change(field: FieldChange, difference: Difference) -> str:
    """Both values of a field; a unit that is the same is named once, as in `1,000 → 500 calls`."""
    name = "" if field.name == _VALUE else f"{field.name} "
    old, new = difference.units if field.name in quantities() else NO_UNITS
    if old == new and is_number(field.after) and not is_read_with_prefix(old):
        old = NO_UNIT
    # In two units, each number is in its own: 2 TB → 2,000,000 MB, not 2 TB → 2 TB.
    said = partial(_said, may_scale=may_scale_both(old, new))
    return f"{name}{said(field.before, old)} → {said(field.after, new)}"


def _said(value: Json | Absent, unit: Unit, *, may_scale: bool) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if is_number(value):
        return quantity_text(value, unit, may_scale=may_scale)
    return value if isinstance(value, str) else "…"


def _slug_taken(sold: SoldFamily, taken: Collection[str]) -> Sequence[Diagnostic]:
    family = sold.address
    if family.slug not in taken:
        return ()
    version = version_address(family, family.slug)
    return (
        Diagnostic(
            rule="family-slug-taken",
            message=f"{version} is a version of another family, so the server cannot open a family"
            " of this name",
            ref=sold.source,
            address=str(family),
            hint="give the family another slug",
        ),
    )


def _next_version(sold: SoldFamily, live: LiveFamily, taken: Collection[str]) -> str:
    """The slug of the next version: of one that was left half made, or else a new one."""
    newest = live.newest
    ending = re.search(r"-v([0-9]+)\Z", newest.address.slug)
    is_ours = newest.address.slug == live.slug or (
        ending is not None and newest.address.slug == _version_slug(live.slug, int(ending[1]))
    )
    # An apply that stopped halfway leaves its version behind. Going on with it leaves no draft
    # and no gap in the numbers.
    if is_ours and newest is not live.served and _is_half_made(newest, sold):
        return newest.address.slug
    number = number_of(newest) + 1
    # A slug may belong to an object outside the family. The number that the server gives is then
    # lower than the one in the slug, which is for people only.
    while _version_slug(live.slug, number) in taken:
        number += 1
    return _version_slug(live.slug, number)


def _version_slug(family: str, number: int) -> str:
    """`growth-v2`; a long slug is cut so that the whole is one. Source: API facts, section 2.1."""
    ending = f"-v{number}"
    return family[: _LONGEST_SLUG - len(ending)].rstrip("-") + ending


def _is_half_made(version: LiveResource, sold: SoldFamily) -> bool:
    """Whether a version has nothing but what is declared: a draft part of it, or else all."""
    rest = [
        each
        for each in sold.from_newest
        if each.drift is not DriftClass.CHANGED or any(f.name != SOLD for f in each.fields)
    ]
    if version.fields.get(STATE) == DRAFT:
        return all(each.drift is DriftClass.MISSING for each in rest)
    return version.fields.get(STATE) == PUBLISHED and not rest
