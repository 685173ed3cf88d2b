"""What a recorder's line does to one answer: it drips, hangs, or is reset in the middle."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from enum import StrEnum

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

PIECE = 1 << 16
DRIP_S = 0.05


class Fault(StrEnum):
    NONE = ""
    DRIP = "drip"
    """A byte at a time, for ever."""
    HANG = "hang"
    """Half of it, then nothing; the line stays up."""
    RESET = "reset"
    """Half of it, then TCP's reset."""
    FORBIDDEN = "forbidden"
    MISSING = "missing"


def answer(request: Request, content: bytes, stated: int, fault: Fault, kind: str) -> Response:
    if fault in (Fault.FORBIDDEN, Fault.MISSING):
        return Response(status_code=403 if fault is Fault.FORBIDDEN else 404)
    pieces = dripping(content) if fault is Fault.DRIP else broken(request, content, fault)
    return StreamingResponse(pieces, headers={"Content-Length": str(stated)}, media_type=kind)


async def dripping(content: bytes) -> AsyncIterator[bytes]:
    for at in range(len(content)):
        yield content[at : at + 1]
        await asyncio.sleep(DRIP_S)


async def broken(request: Request, content: bytes, fault: Fault) -> AsyncIterator[bytes]:
    kept = len(content) // 2 if fault else len(content)
    for at in range(0, kept, PIECE):
        yield content[at : min(at + PIECE, kept)]
    if fault is Fault.HANG:
        await asyncio.sleep(3600)
    if fault is Fault.RESET:
        reset(request)
        await asyncio.sleep(1)


def reset(request: Request) -> None:
    """Closing with no time to linger is what makes it a reset."""
    here = request.client
    for transport in list(getattr(asyncio.get_running_loop(), "_transports", {}).values()):
        line = transport.get_extra_info("socket")
        if here is not None and transport.get_extra_info("peername") == (here.host, here.port):
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
