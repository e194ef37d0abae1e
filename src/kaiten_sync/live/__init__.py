"""Stage 3: reads what the scope needs from a server, whole or not at all."""

from kaiten_sync.live.holders import (
    read_holders,
    read_instances,
    read_refusals,
    read_usage,
    read_use,
)
from kaiten_sync.live.need import narrowed, need_of_everything, need_of_plan, owned_on_server
from kaiten_sync.live.read import read_live
from kaiten_sync.live.versions import read_entitlements, read_grants, read_holding, read_licenses

__all__ = [
    "narrowed",
    "need_of_everything",
    "need_of_plan",
    "owned_on_server",
    "read_entitlements",
    "read_grants",
    "read_holders",
    "read_holding",
    "read_instances",
    "read_licenses",
    "read_live",
    "read_refusals",
    "read_usage",
    "read_use",
]
