"""nginx in front of several servers, as an operator would set it up."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.processes import started

_ADVICE = "nginx is not installed: apt-get install --no-install-recommends nginx-light"
_LOOK_S = 0.02
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")

# The locations are those of docs/how-to/scale-out.md.
_CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  {temporary}
  upstream kaiten {{
    {servers}
  }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://kaiten;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      add_header X-Answered-By $upstream_addr always;
    }}
  }}
}}
"""


@contextmanager
def nginx(ports: Sequence[int]) -> Iterator[str]:
    """The URL of a proxy that takes the servers on these ports in turn.

    Skips the test where nginx is missing; with CI=true it fails instead.
    """
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail(_ADVICE)
        pytest.skip(_ADVICE)
    with tempfile.TemporaryDirectory() as folder:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        Path(folder, "nginx.conf").write_text(
            _CONFIGURATION.format(
                folder=folder,
                port=port,
                servers="\n".join(f"server 127.0.0.1:{each};" for each in ports),
                temporary="\n".join(f"{each}_temp_path {folder}/{each};" for each in _TEMPORARY),
            ),
            encoding="utf-8",
        )
        command = [program, "-p", folder, "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]
        with started(command) as process:
            while not _listens(port):
                assert process.poll() is None, Path(folder, "error.log").read_text()
            yield f"http://127.0.0.1:{port}"


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        threading.Event().wait(_LOOK_S)
        return False
    return True
