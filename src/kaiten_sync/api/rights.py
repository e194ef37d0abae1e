"""Finds out what a token may do: the API has no answer to that, so each right is tried.

Reading is tried by reading. Writing is tried by deleting an object that cannot exist: a server
checks the scope first and answers 403 without it, and with it says that there is no such object.
Nothing can be changed this way (ADR 42).
"""

from __future__ import annotations

from kaiten_sync.api import paths
from kaiten_sync.api.client import Client
from kaiten_sync.errors import CredentialError, ProblemError
from kaiten_sync.model.rights import Module, Right, Rights

_PATHS: dict[Module, str] = {
    "entitlements": "/entitlements",
    "licenses": "/licenses",
    "instances": paths.INSTANCES,
}
"""One path for each module of scopes that this program uses. Source: API facts, section 3."""

_NOBODY = "~"
"""No object has this slug: slugs begin with a letter or a digit. Source: API facts, section 2.1."""


def ask_rights(client: Client) -> Rights:
    """What the token may do, in two requests for each module.

    Raises:
        AccessError: the server is not reached, or refuses the token as such. ServerError: it
            answers in a way that a Kaiten server does not.
    """
    found: dict[Right, bool] = {}
    for module, path in _PATHS.items():
        try:
            client.get(path, {"limit": 1})
            found[Right("read", module)] = True
        except CredentialError as error:
            _raise_unless_scope(error)
            found[Right("read", module)] = False
        except ProblemError as error:
            if error.status != 404 or module != "instances":
                raise
            continue  # a server that lists no instances gives nobody the right to see them
        found[Right("write", module)] = _may_write(client, f"{path}/{_NOBODY}")
    return Rights(granted=frozenset(right for right, is_granted in found.items() if is_granted))


def _may_write(client: Client, path: str) -> bool:
    try:
        client.answered(lambda: client.write_once("DELETE", path), f"DELETE {path}")
    except CredentialError as error:
        _raise_unless_scope(error)
        return False
    except ProblemError as error:
        if not error.is_final:
            raise
    return True


def _raise_unless_scope(error: CredentialError) -> None:
    if error.status != 403:
        raise error
