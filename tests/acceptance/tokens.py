"""Tokens of a place's server that may do only some things."""

from __future__ import annotations

import httpx
from tests.acceptance.conftest import Workplace
from tests.support.tenants import make


def token_with(place: Workplace, *scopes: str) -> str:
    """A token that has only these scopes."""
    headers = {"Authorization": f"Bearer {place.token}"}
    with httpx.Client(base_url=f"{place.url}/api", headers=headers) as api:
        account = make(api, "/service-accounts", name="Limited")
        path = f"/service-accounts/{account['slug']}/tokens"
        made = make(api, path, name="Limited", scopes=list(scopes))
        return str(made["token"])
