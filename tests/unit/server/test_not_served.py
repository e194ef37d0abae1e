"""Kinds of the 1.0 contract that this server does not have."""

from __future__ import annotations

import httpx
import pytest
from tests.support.embedded import EmbeddedServer


@pytest.mark.parametrize("kind", ["components", "deployment-zones", "feature-flags", "releases"])
def test_lists_of_other_kinds_are_empty_and_the_rest_is_not_found(
    server: EmbeddedServer, api: httpx.Client, kind: str
) -> None:
    assert api.get(f"/{kind}").json() == {"items": [], "hasMore": False}
    for method, path in (("POST", kind), ("GET", f"{kind}/x"), ("DELETE", f"{kind}/x/y")):
        answer = api.request(method, f"/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "NotServed.NotFound")
        assert f"this server has no {kind.replace('-', ' ')}" in answer.json()["detail"]
    with httpx.Client(base_url=f"{server.url}/api") as stranger:
        assert stranger.get(f"/{kind}").status_code == 401
    token = server.new_organization("read:licenses")
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{server.url}/api", headers=headers) as narrow:
        assert narrow.get(f"/{kind}").status_code == 403
