"""What people mean by words that the catalog does not know: as price lists and other tools say it.

Hints only: nothing here is read as anything else than it says.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping

from kaiten_sync.kinds.closest import closest, did_you_mean
from kaiten_sync.kinds.spec import EXTENDS

_FIELDS: Mapping[str, str] = {
    EXTENDS: "extend inherit inherits inheritsfrom includes base basedon parent from",
    "licenses": "plans plan tiers products packages editions offers skus",
    "entitlements": "features feature grants grant limits quotas quota allowances meters",
    "groups": "group category categories",
    "value": "limit max maximum quota threshold amount cap count included",
    "overagePercent": "overage overagepercentage softlimit burst limitcapexceededoveragepercent",
    "name": "title label displayname",
    "type": "kind tier",
    "lifecycleState": "state status lifecycle",
    "isDefault": "default",
    "familySlug": "family",
    "resetPeriod": "period reset window interval resets per",
    "aggregationMethod": "aggregation aggregate",
    "warningThresholdPercent": "warning warningthreshold warnat",
    "protect": "protected locked",
    "sold": "onsale forsale available",
}
"""By field, the words that people write instead of it, in lower case and letters only."""

_CHOICES: Mapping[str, str] = {
    word: choice
    for choice, words in {
        "COMMUNITY": "free freemium oss opensource gratis",
        "PAID": "enterprise business standard basic premium pro commercial subscription",
        "TRIAL": "evaluation eval demo",
        "DEVELOPMENT": "dev test sandbox internal staging",
        "CONFIG": "string text json object map list array enum choice",
        "NUMBER": "int integer float decimal numeric meter metered quota limit count static"
        " amount duration time days size bytes storage seats users percent percentage rate",
        "BOOLEAN": "bool flag switch toggle feature onoff",
        "NUMBER_AI_CREDIT": "credit credits aicredit aicredits tokens",
        "HOUR": "hourly",
        "DAY": "daily",
        "WEEK": "weekly",
        "MONTH": "monthly",
        "YEAR": "yearly annual annually",
        "PUBLISHED": "active live public released",
        "ARCHIVED": "retired deprecated discontinued inactive",
        "SUM": "total cumulative",
        "AVERAGE": "avg mean",
        "MAX": "peak highwatermark highest",
        "LATEST": "last current gauge",
        "owned": "managed own ours mine",
        "all": "everything any true yes on",
        "never": "none no nothing nobody off false disabled",
        "LICENSE_START": "billing billingdate anniversary start signup",
    }.items()
    for word in words.split()
}

SLUG_LENGTHS = range(2, 101)
"""As in the schema: a hint must not suggest a slug that is refused as well."""

_NO_PERIOD = frozenset({"none", "never", "lifetime", "forever", "total", "once"})

_PRICE = re.compile(
    r"price|cost|currenc|fees?\b|billing|^(usd|eur|gbp|sku|discount|tax|vat|mrr|arr)s?$"
)
_NO_PRICES = (
    "the API has no prices: leave them where you bill, or put them into a grant of a CONFIG"
    " entitlement"
)
_TRIAL = re.compile(r"trial|duration|^(validfor|expires|expiry|term|days)$")
_NO_END = (
    "a trial is a license of the type TRIAL; how long it lasts is the end date of each instance"
)
_OF_VERSIONS = frozenset({"version", "versionname", "familyslug", "lifecyclestate", "isdefault"})
_NO_VERSIONS = "the versions of a family are made by its plans: remove it"
_SHARE = re.compile(r"^per[a-z]+|per(seat|user|member|agent|host|device)$")
_NO_SHARES = (
    "the API does not multiply grants: grant the number for one under a name that says so, and let"
    " your service multiply it"
)
NO_SPACE = "write a space after the ':'"
"""The hint at a key that has swallowed the beginning of its value."""

EXTENDS_GOES = (
    f"`{EXTENDS}` goes directly below a license or family, beside `entitlements`; what is shared"
    " goes into `bundles:`"
)
"""Where `extends` belongs, for those who wrote it elsewhere."""

_SET_BY_SERVER = re.compile(r"^(id|licenseid|entitlementid|familyid|organizationid)$|(edat|edby)$")
_OWN_NAMES = frozenset({"slug", "entitlementslug", "licenseslug", "handle", "key", "identifier"})

_GRANTS: Mapping[str, str] = {
    **dict.fromkeys(("true", "yes", "on", "enabled", "included", "available", *"✓✔✅☑🗸"), "true"),
    **dict.fromkeys(
        ("false", "no", "off", "disabled", "excluded", "not available", *"✗✘❌✖☐"), "false"
    ),
    **dict.fromkeys(
        (
            "unmetered",
            "unlimited",
            "infinite",
            "infinity",
            "inf",
            "no limit",
            "no cap",
            "all",
            "∞",
            "-1",
        ),
        "unlimited",
    ),
}
_NOTHING = frozenset({"none", "n/a", "-", "–", "—", "nothing"})
_TRUTHS = frozenset("yn")
"""What is a boolean to YAML 1.1, and no word of its own."""
_NUMBER = re.compile(r"unlimited|[-+]?\.?(?:[0-9]|inf|nan)(?![0-9]{3}-)")
"""How a number begins, and a date does not."""
_BY_CONTRACT = re.compile(r"^(custom|contact|talk to|negotiable|on request|varies|tbd)\b")
_ADD_ON = re.compile(r"\badd[- ]?on\b")


def field_hint(key: str, known: Collection[str]) -> str | None:
    """What to write in place of a field that is not known; None if its word means nothing here."""
    if _without_value(key) in known:
        return NO_SPACE
    word = _letters(key)
    if field := _field_of(word, known):
        return f"did you mean '{field}'?"
    if _SET_BY_SERVER.search(word):
        return "the server sets it: remove it"
    if word in _OWN_NAMES and ("name" in known or "value" in known):
        return "the key above the fields is the slug: remove it"
    # `sold` is a field of families alone: it is how a family is told from a license here.
    if word in _OF_VERSIONS and "sold" in known:
        return _NO_VERSIONS
    if word in (EXTENDS, *_FIELDS[EXTENDS].split()):
        return EXTENDS_GOES
    # In this order: a price per seat is first of all a price.
    unheard_of = ((_PRICE, _NO_PRICES), (_TRIAL, _NO_END), (_SHARE, _NO_SHARES))
    return next((hint for pattern, hint in unheard_of if pattern.search(word)), None)


def misspelled(keys: Iterable[str], known: Collection[str]) -> frozenset[str]:
    """The known fields that unknown keys are meant to be."""
    unknown = [key for key in keys if key not in known]
    said = {_field_of(_letters(key), known) for key in unknown}
    said |= {_without_value(key) for key in unknown if _without_value(key) in known}
    # What has a hint of its own is no slip of the pen.
    close = {closest(key, known) for key in unknown if field_hint(key, known) is None}
    return frozenset(filter(None, said | close))


def extends_hint(value: object) -> str:
    """What to write in place of something that is not the name of what can be extended."""
    words = re.split(r"[\s,]+", value.strip(" ,")) if isinstance(value, str) else ()
    slugs = [slug_meant(re.split("[/.:]", word)[-1]) for word in words]
    if len(slugs) > 1:
        return f"write a list: [{', '.join(slugs)}]"
    if slugs and len(slugs[0]) in SLUG_LENGTHS:
        return f"did you mean '{slugs[0]}'?"
    return f"write a name, or a list of names: `{EXTENDS}: [free, extras]`"


def choice_hint(text: object, choices: Collection[object]) -> str | None:
    """The choice that a text means; None if it means none of them."""
    if isinstance(text, str) and _letters(text) in _NO_PERIOD and "MONTH" in choices:
        return "leave the line out: without a period, usage never starts over"
    choice = _CHOICES.get(_letters(text)) if isinstance(text, str) else None
    return f"write {choice}" if choice is not None and choice in choices else None


def grant_hint(value: object) -> str | None:
    """What to write in place of something that is not a grant."""
    if isinstance(value, list | tuple):
        return "a list goes into a CONFIG entitlement, inside a map: `{value: {items: [...]}}`"
    if not isinstance(value, str):
        return None
    text = value.strip().removesuffix("\ufe0f")  # which asks for the picture of a sign
    if text.lower() in _NOTHING:
        return "write unlimited for no limit, 0 or false for nothing, or leave the line out"
    if _BY_CONTRACT.search(text.lower()):
        return "all who have a license get the same: sell a special contract as its own license"
    if _ADD_ON.search(text.lower()):
        return "an add-on is a license of its own, which extends this one"
    first = text.lower().partition(" ")[0]
    meant = _GRANTS.get(text.lower()) or ("unlimited" if first == "unlimited" else None)
    if meant is not None:
        return f"remove the quotes: {meant}" if text == meant else f"write {meant}"
    if close := did_you_mean(text, ("unlimited",)):
        return close
    if text.startswith("{"):
        return "write the map without the quotes around it, below `value`: `{value: {...}}`"
    return (
        "write a number, `unlimited`, true or false; a text goes into a CONFIG entitlement,"
        " inside a map: `{value: {name: ...}}`"
    )


def type_meant(value: object) -> type | None:
    """The type of the value that is meant by something that is not a grant.

    It is that of a text if nothing else is meant, and None if no type is: a hint says more.
    """
    if isinstance(value, list | tuple):
        return dict
    text = str(value).strip().removesuffix("\ufe0f").lower()
    if text in _NOTHING or _BY_CONTRACT.search(text) or _ADD_ON.search(text):
        return None
    if text in _TRUTHS or _GRANTS.get(text) in ("true", "false"):
        return bool
    if text in _GRANTS or _NUMBER.match(text) or did_you_mean(text, ("unlimited",)):
        return int
    return dict if text.startswith("{") else str


def truth_hint(value: object) -> str | None:
    """What to write in place of something that is neither true nor false."""
    if isinstance(value, int) and value in (0, 1):
        return f"write {str(bool(value)).lower()}"
    meant = _GRANTS.get(value.strip().lower()) if isinstance(value, str) else None
    if meant not in ("true", "false"):
        return None
    return f"remove the quotes: {meant}" if meant == value else f"write {meant}"


def number_hint(value: object, *, is_percent: bool = False) -> str | None:
    """What to write in place of a number of a field that has no unit."""
    text = value.strip() if isinstance(value, str) else ""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)( ?%)?", text)
    if isinstance(value, float) and is_percent and 0 < value < 1:
        return f"write {value * 100:.0f}: it is in percent"
    if isinstance(value, float):
        return f"write {math.floor(value)} or {math.ceil(value)}"
    if found is None:
        return "write a plain number, without prefix or unit"
    return f"write {found[1]}, without the percent sign" if found[2] else f"write {found[1]}"


def text_hint(value: object) -> str | None:
    """What to write in place of something that is not a text."""
    if isinstance(value, bool):
        return f'quote it if text is meant: "{str(value).lower()}"'
    return f'quote it: "{value}"' if isinstance(value, int | float) else None


def comma_hint(key: str) -> str | None:
    """What was meant by a key such as `000 emails`: in braces, 10,000 is two entries."""
    if re.match(r"[0-9]{3}(?![0-9])", key) is None:
        return None
    return "in braces, a comma begins the next entry: write the number without it, or `_` instead"


def slug_meant(text: str) -> str:
    """The slug that a name means: requestsPerMonth is requests-per-month."""
    # Letters without their accents, and nothing that cannot be seen.
    plain = (
        each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each)
    )
    seen = "".join(each for each in plain if unicodedata.category(each) != "Cf")
    # A hyphen before each capital that begins a word; of `APIKey` that is the K.
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", seen)
    return re.sub("[^a-z0-9]+", "-", spaced.lower()).strip("-")


def _without_value(key: str) -> str | None:
    """The key of `name:Pro`, which has no space behind its colon; None if there is no colon."""
    name, colon, _ = key.partition(":")
    return name if colon else None


def _field_of(word: str, known: Collection[str]) -> str | None:
    """The field that people call so elsewhere."""
    found = (name for name, words in _FIELDS.items() if name in known and word in words.split())
    return next(found, None)


def _letters(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.lower())
