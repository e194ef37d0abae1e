"""The server's rules, without storage and without HTTP."""

from kaiten_sync.server.domain.refusals import (
    Problem,
    RecordedRefusalError,
    RefusalError,
    RefusalKind,
)

__all__ = ["Problem", "RecordedRefusalError", "RefusalError", "RefusalKind"]
