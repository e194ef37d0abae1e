"""The form of the project file, `kaiten-sync.yaml`, version 1.

The file is validated against the schema that follows from these types, so that every diagnostic has
its place and its words; then it is converted. `errorMessage`, `patternErrorMessage` and `x-rule`
are those words, for editors too.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from kaiten_sync.documents.base import JsonDocument, about
from kaiten_sync.documents.parts import ACTION_NAMES, LimitValue
from kaiten_sync.model.change import Effect
from kaiten_sync.model.generation import Generation
from kaiten_sync.model.policy_rule import MAX_EXPRESSION
from kaiten_sync.model.settings import Limit, OnTighten, Policy, Prune
from kaiten_sync.model.value import Json

AUTOMATIC = "auto"
"""The generation that asks the server."""

VARIABLE = "^[A-Za-z_][A-Za-z0-9_]*$"
"""The name of an environment variable."""

_NO_TOKEN = {"not": {"type": "string", "pattern": "^(ksh_|ksm_|whsec_)"}}
_TARGET_NAMES = {
    "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",  # they become parts of file names
    "x-rule": "bad-target-name",
    "patternErrorMessage": "a target's name is made of letters, digits, '.', '_' and '-'",
}
INSTALL_SOURCE = (
    r"^(?:https?://[^\s#@]+\.whl#sha256=[0-9a-f]{64}|(?!/|[A-Za-z][A-Za-z0-9+.-]*:)[^\s#@'\"\\]+)$"
)
"""A wheel with its hash, or a folder of the project."""

_INSTALL = {
    "pattern": INSTALL_SOURCE,
    "x-rule": "bad-install-source",
    "patternErrorMessage": "this is neither the URL of a wheel with `#sha256=` and its hash, nor a"
    " folder of the project",
}
_URL = {
    "pattern": r"^https?://[^/?#@${}\s]+(/[^?#@${}\s]*)?$",
    "x-rule": "bad-url",
    "patternErrorMessage": "this is not the URL of a server",
}
_TEXT = {
    "pattern": r"\S",
    "x-rule": "wrong-type",
    "patternErrorMessage": "a text here must not be empty",
}
_NAME = {**_TEXT, "maxLength": 100}
_MESSAGE = {**_TEXT, "maxLength": 500}
_CUT_OFF = 'change.effect == "tightens" && impact.over > 0'
_MANY = "plan.changes > 100"
_AUTOMATIC: list[Json] = [*ACTION_NAMES, *(each.value for each in Effect)]
_GLOBS: list[Json] = ["*", "!legacy-*"]

_Text: TypeAlias = Annotated[str, msgspec.Meta(extra_json_schema=_TEXT)]
_Texts: TypeAlias = Annotated[tuple[_Text, ...] | _Text, msgspec.Meta()]
"""A list of texts, or one text alone."""


def _owned(kinds: str) -> msgspec.Meta:
    return about(
        f"Which {kinds} this repository owns: glob patterns, `!` excludes, later ones win."
        " Without it: all; an empty list: none.",
        _GLOBS,
    )


class TokenDocument(JsonDocument, frozen=True):
    """The place of a token."""

    MORE: ClassVar = {
        "minProperties": 1,
        "maxProperties": 1,
        "examples": [{"env": "PROD_API_TOKEN"}, {"file": "/run/secrets/kaiten"}],
    }

    env: Annotated[
        str | UnsetType,
        about(
            "The name of an environment variable.",
            "PROD_API_TOKEN",
            pattern=VARIABLE,
            **_NO_TOKEN,
        ),
    ] = UNSET
    file: Annotated[
        _Text | UnsetType,
        about("A file that contains only the token.", "/run/secrets/kaiten", **_NO_TOKEN),
    ] = UNSET


class ProjectTargetDocument(JsonDocument, frozen=True):
    """One server."""

    url: Annotated[
        str,
        about(
            "The server's base URL, without a credential, query or fragment.",
            "https://kaiten.example.com",
            **_URL,
        ),
    ]
    token: Annotated[
        TokenDocument | UnsetType,
        about(
            "Where the token is: in an environment variable or in a file. Never the token itself."
        ),
    ] = UNSET
    ca: Annotated[
        _Text | UnsetType,
        about(
            "A PEM file with the certificates to trust in place of the usual ones, relative to this"
            " file: of an authority of your own, for example.",
            "certificates/ca.pem",
        ),
    ] = UNSET
    overlays: Annotated[
        _Texts,
        about(
            "Files, folders and globs that are merged over the catalog for this target.",
            ["overlays/staging/"],
        ),
    ] = ()
    require_plan: Annotated[bool, about("Refuse to apply anything but a plan file.", True)] = False
    after: Annotated[
        _Texts,
        about(
            "Targets that have to be as declared before anything is applied to this one.",
            ["staging"],
        ),
    ] = ()
    generation: Annotated[
        str,
        about(
            "Which API the server speaks; `auto` asks it.",
            AUTOMATIC,
            enum=[AUTOMATIC, *(each.value for each in Generation)],
        ),
    ] = AUTOMATIC


class ScopeDocument(JsonDocument, frozen=True):
    """Glob patterns per kind."""

    groups: Annotated[_Texts, _owned("groups")] = ()
    entitlements: Annotated[_Texts, _owned("entitlements")] = ()
    licenses: Annotated[_Texts, _owned("licenses")] = ()
    families: Annotated[_Texts, _owned("families")] = ()


_EXPRESSION = {**_TEXT, "maxLength": MAX_EXPRESSION}


class RuleDocument(JsonDocument, frozen=True):
    """One rule of the project's own for its plans: an expression in CEL that denies or warns."""

    MORE: ClassVar = {
        "oneOf": [{"required": ["deny"]}, {"required": ["warn"]}],
        "examples": [
            {
                "name": "nobody is cut off",
                "deny": _CUT_OFF,
                "message": "raise it, or make a new version",
            }
        ],
    }

    name: Annotated[
        str, about("The rule's name, which refusals and tests use.", "nobody is cut off", **_NAME)
    ]
    deny: Annotated[
        str | UnsetType,
        about(
            "Refuse the plan if this is true of a change, or of the plan. A rule has either `deny`"
            " or `warn`.",
            _CUT_OFF,
            **_EXPRESSION,
        ),
    ] = UNSET
    warn: Annotated[
        str | UnsetType,
        about("Warn if this is true of a change, or of the plan.", _MANY, **_EXPRESSION),
    ] = UNSET
    message: Annotated[
        str | UnsetType,
        about(
            "The next step, for the author of the plan.",
            "raise it, or make a new version",
            **_MESSAGE,
        ),
    ] = UNSET


class PolicyDocument(JsonDocument, frozen=True):
    """Limits and choices of a plan."""

    prune: Annotated[
        Prune,
        about(
            "Which live objects that are not declared are deleted: none, those that the previous"
            " plan of the target managed (owned, the default), or all in scope.",
            "owned",
        ),
    ] = Policy().prune
    max_deletes: Annotated[
        LimitValue,
        about(
            "The largest share of the live objects of a kind that a plan may delete (from 10"
            " objects up; 0% always), or a number of objects. 30% if not set; --max-deletes"
            " replaces it.",
            "30%",
            5,
        ),
    ] = Policy().max_deletes.value
    max_updates: Annotated[
        LimitValue,
        about(
            "The largest share of the live objects of a kind that a plan may update (from 10"
            " objects up; 0% always), or a number of objects. 30% if not set; --max-updates"
            " replaces it.",
            "30%",
            5,
        ),
    ] = Policy().max_updates.value
    max_moves: Annotated[
        LimitValue,
        about(
            "The largest share of the holders that a migration may move at once (from 10 holders"
            " up; 0% always), or a number of holders. No limit if not set; --max-moves replaces"
            " it.",
            "20%",
            50,
        ),
    ] = Policy().max_moves.value
    on_tighten: Annotated[
        OnTighten,
        about(
            "How to treat a license, declared below `licenses`, that would grant less: with"
            " in-place (the default) its holders have less; with refuse there is no plan while"
            " it has holders."
        ),
    ] = Policy().on_tighten
    rules: Annotated[
        tuple[RuleDocument, ...],
        about("The project's own rules for its plans.", maxItems=100),
    ] = ()
    automatic: Annotated[
        tuple[Annotated[str, msgspec.Meta(extra_json_schema={"enum": _AUTOMATIC})], ...],
        about(
            "Actions and effects that need no review: a plan with no others says `approval:"
            " automatic`. Deleting and withdrawing count only by their action, tightening and"
            " breaking only by their effect.",
            ["create", "loosens", "neutral"],
        ),
    ] = ()


POLICY_LIMITS = frozenset(
    each.encode_name
    for each in msgspec.structs.fields(PolicyDocument)
    if isinstance(getattr(Policy(), each.name), Limit)
)
"""The properties of the policy that `parse_limit` reads, so that none is left unchecked."""


class ProjectDocument(JsonDocument, frozen=True):
    """kaiten-sync.yaml: where the catalog is, which servers it goes to, and what a plan may do."""

    MORE: ClassVar = {"errorMessage": "a project file must be a map with `version` and `catalog`"}

    version: Annotated[Literal[1], about("The version of this file format.", 1)]
    catalog: Annotated[
        _Texts,
        about(
            "Files, folders and globs of the catalog, relative to this file.",
            ["catalog/"],
            minItems=1,
        ),
    ]
    targets: Annotated[
        dict[str, ProjectTargetDocument],
        about(
            "Servers by name.",
            {"local": {"url": "http://127.0.0.1:6060"}},
            propertyNames=_TARGET_NAMES,
        ),
    ] = msgspec.field(default_factory=dict)
    scope: Annotated[
        ScopeDocument,
        about("The objects that this repository owns. The rest is neither changed nor deleted."),
    ] = msgspec.field(default_factory=ScopeDocument)
    policy: Annotated[PolicyDocument, about("Limits and choices of a plan.")] = msgspec.field(
        default_factory=PolicyDocument
    )
    install_from: Annotated[
        str | UnsetType,
        about(
            "Where CI installs kaiten-sync from: the URL of its wheel, with its hash, or a folder"
            " of this project with the wheel and those that it needs. `init --ci` makes"
            " `kaiten-sync.lock` from it.",
            "https://git.example.com/releases/kaiten_sync-0.1.0-py3-none-any.whl#sha256="
            "4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865",
            "vendor/kaiten-sync",
            **_INSTALL,
        ),
    ] = UNSET
