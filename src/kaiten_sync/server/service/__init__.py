"""Use cases: one function each, in the caller's transaction and for the caller's organization."""

from kaiten_sync.server.service.work import Caller, Work

__all__ = ["Caller", "Work"]
