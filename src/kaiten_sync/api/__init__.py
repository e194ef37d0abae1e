"""Kaiten over HTTP: implements `model/ports.py`. The only package that imports httpx.

Others import its modules, not names from here: whoever only checks a URL would otherwise load the
whole client, which would slow the start of `init`.
"""

import sys

# httpx imports its own command line where it can, and with it rich and pygments: 30 ms of each run.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # Python refuses to import it
