"""Calls tools of Kaiten's MCP server: run by an interpreter that has it, not by the tests' own.

Reads `[[tool, arguments], ...]` as JSON from its input, and prints for each whether it failed and
what it answered. The environment has the address and the token, as the MCP server reads them.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any


async def main() -> None:
    """Call the tools, one after another."""
    from fastmcp import Client  # type: ignore[import-not-found]  # only the other one has it
    from kaiten_mcp.server import build  # type: ignore[import-not-found]  # as above

    answers: list[Any] = []
    async with Client(build(writes=True)) as client:
        if sys.argv[1:] == ["--list"]:
            answers = [tool.name for tool in await client.list_tools()]
        else:
            for tool, arguments in json.load(sys.stdin):
                result = await client.call_tool(tool, arguments, raise_on_error=False)
                text = "".join(getattr(part, "text", "") for part in result.content)
                answers.append([result.is_error, text])
    print(json.dumps(answers))


asyncio.run(main())
