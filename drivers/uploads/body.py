"""What a sender brings, as it comes, until it ends, leaves or falls silent."""

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import Request

SILENT_S = 60.0
"""Who sends nothing for so long has gone, and keeps no place from others."""
CLOSE = {"Connection": "close"}
"""Said with the answer to one who fell silent: what is left of its request is read by nobody."""


async def incoming(request: Request) -> AsyncIterator[bytes]:
    """Raises ClientDisconnect if the sender leaves, TimeoutError if it falls silent."""
    stream = aiter(request.stream())
    while True:
        async with asyncio.timeout(SILENT_S):
            chunk = await anext(stream, None)
        if chunk is None:
            return
        yield chunk
