"""curl, which lines of the docs and of the dashboard run."""

from __future__ import annotations

import os
import shutil

import pytest

needs_curl = pytest.mark.skipif(
    shutil.which("curl") is None and os.environ.get("CI") != "true",
    reason="curl is not installed: apt-get install --no-install-recommends curl",
)
"""Skips a test where it is missing; with CI=true the test fails instead."""
