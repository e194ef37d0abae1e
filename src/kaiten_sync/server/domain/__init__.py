"""The server's rules, without storage and without HTTP."""

from kaiten_sync.server.domain.refusals import (
    Fault,
    RecordedRefusalError,
    RefusalError,
    RefusalKind,
)

__all__ = ["Fault", "RecordedRefusalError", "RefusalError", "RefusalKind"]
