"""A provider for Terraform with which it reads the grants of a Kaiten server, and nothing more.

    python -m benchmarks.terraform_provider ADDRESS

Terraform starts it under its address, and asks it for every grant, ten at a time. It reads each
license once, with all of its grants, and answers the rest from memory: no provider can send fewer
requests. KAITEN_BASE_URL and KAITEN_AUTH_TOKEN tell which server.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections import defaultdict
from typing import Any, TypeAlias

import httpx
from tf.runner import run_provider
from tf.schema import Attribute, Schema
from tf.types import Number, String

_State: TypeAlias = dict[str, Any]


class Live:
    """The grants of licenses, each license read when one of its grants is asked for first."""

    def __init__(self) -> None:
        headers = {"Authorization": f"Bearer {os.environ['KAITEN_AUTH_TOKEN']}"}
        self._client = httpx.Client(
            base_url=f"{os.environ['KAITEN_BASE_URL']}/api", headers=headers
        )
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._grants: dict[str, dict[str, Any]] = {}

    def threshold(self, slug: str, entitlement: str) -> Any:
        """What a license grants of the entitlement; None if it does not grant it."""
        with self._locks[slug]:
            if slug not in self._grants:
                self._grants[slug] = self._read(slug)
        return self._grants[slug].get(entitlement)

    def _read(self, slug: str) -> dict[str, Any]:
        answer = self._client.get(f"/licenses/{slug}/entitlements", params={"limit": 200})
        page = json.loads(answer.raise_for_status().content)
        if page["hasMore"]:
            raise ValueError(f"The license {slug} has more grants than one page.")
        return {each["entitlementSlug"]: each["value"]["value"] for each in page["items"]}


class Grant:
    """The type of resource `kaiten_grant`, which can be read and not be changed."""

    def __init__(self, provider: Provider) -> None:
        self._live = provider.live

    @classmethod
    def get_name(cls) -> str:
        return "_grant"

    @classmethod
    def get_schema(cls) -> Schema:
        return Schema(
            version=0,
            attributes=[
                Attribute("id", String(), computed=True),
                Attribute("license", String(), required=True),
                Attribute("entitlement", String(), required=True),
                Attribute("threshold", Number(), required=True),
            ],
        )

    def validate(self, *_: Any) -> None:
        """The schema is all there is to check."""

    def read(self, _: Any, current: _State) -> _State | None:
        threshold = self._live.threshold(current["license"], current["entitlement"])
        return None if threshold is None else {**current, "threshold": threshold}

    def plan(self, _: Any, __: _State | None, planned: _State) -> _State:
        return planned


class Provider:
    """What the framework asks a provider; this one has no settings."""

    def __init__(self, address: str) -> None:
        self.live = Live()
        self._address = address

    def full_name(self) -> str:
        return self._address

    def get_model_prefix(self) -> str:
        return "kaiten"

    def get_provider_schema(self, _: Any) -> Schema:
        return Schema(version=0)

    def validate_config(self, *_: Any) -> None:
        """There is nothing to check."""

    configure_provider = validate_config

    def get_resources(self) -> list[type[Grant]]:
        return [Grant]

    def get_data_sources(self) -> list[Any]:
        return []

    get_functions = get_data_sources

    def new_resource(self, kind: type[Grant]) -> Grant:
        return kind(self)


if __name__ == "__main__":
    run_provider(Provider(sys.argv[1]))
