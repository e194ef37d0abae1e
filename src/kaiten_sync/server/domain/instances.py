"""Rules of an instance."""

from __future__ import annotations

from kaiten_sync.server.domain.refusals import Problem, unprocessable


def check_license_dates(operation: str, start_ms: int, end_ms: int) -> None:
    """Refuse a license that would end before it starts. One without any length is fine.

    Raises:
        RefusalError: 422.
    """
    if end_ms < start_ms:
        raise unprocessable(
            f"{operation}.LicenseEndsBeforeStart",
            "endLicenseDate must not be before startLicenseDate",
            [Problem("must not be before startLicenseDate", "body.endLicenseDate")],
        )
