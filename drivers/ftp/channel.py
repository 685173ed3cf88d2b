"""Data channels of pyftpdlib that answer every upload: 226 when it is durable, 426 however else it ends."""

import errno
import logging
import os
import socket
import sys
import warnings
from typing import Any

from gateway.store import Claim
from gateway.store.room import AHEAD

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own note on asyncore
    from OpenSSL.SSL import RECEIVED_SHUTDOWN
    from pyftpdlib.exceptions import _FileReadWriteError
    from pyftpdlib.handlers import DTPHandler, FTPHandler, TLS_DTPHandler

log = logging.getLogger(__name__)

BROKEN = "426 The line broke; what came is kept, go on where it ends."
NOBODY = "425 Nobody opened the data connection; nothing came."


def said(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return "the disk is full; what came is kept, and its sender may go on as soon as there is room"
    return str(error)


class Durable:
    """Makes what it received durable before it says 226, and knows a line that broke."""

    broken = False
    """Reset, taken over by another session, or out of room."""
    unchecked = 0
    """Bytes since the free room was last looked at."""
    claim: Claim | None = None

    def __init__(self, sock: socket.socket, cmd_channel: Any) -> None:
        super().__init__(sock, cmd_channel)  # type: ignore[call-arg]
        channel: Any = self
        if not channel.connected:  # reset before we took it on
            cmd_channel.never_came()

    def recv(self, size: int) -> bytes:
        channel: Any = self
        data: bytes = super().recv(size)  # type: ignore[misc]
        if channel._closed:
            return data
        if self.claim is None:
            self.claim = channel.cmd_channel.claim(lambda: AHEAD)
            self.unchecked = AHEAD
        self.unchecked += len(data)
        if self.unchecked > AHEAD:
            self.unchecked = 0
            if not channel.cmd_channel.has_room(self.claim):
                self.broken = True
                raise _FileReadWriteError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return data

    def handle_error(self) -> None:
        """What the disk says is told in a line; with TLS, pyftpdlib would say nothing to the sender."""
        channel: Any = self
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            channel.log_exception(self)
        elif not channel._closed:
            log.warning("an upload ended: %s", said(error))
        if not channel._closed:
            channel._resp = ("426 Transfer aborted.", log.debug)
            self.broken = channel._error = True  # no farewell in TLS over a line that is not good
            channel.close()

    def close(self) -> None:
        """All ways of ending lead here; with TLS, `handle_close` is passed over."""
        channel: Any = self
        if self.claim is not None:
            self.claim.close()
        file = channel.file_obj
        if channel.receive and not channel._closed and file is not None and not file.closed:
            try:
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                self.broken = True
            if self.broken:
                channel.transfer_finished = False
                channel._resp = (BROKEN, log.debug)
            elif channel.transfer_finished and self.said_goodbye:
                channel.cmd_channel.marks.clear(os.fstat(file.fileno()))
        super().close()  # type: ignore[misc]

    @property
    def said_goodbye(self) -> bool:
        return True


class PlainChannel(Durable, DTPHandler):  # type: ignore[misc]
    def recv(self, size: int) -> bytes:
        """pyftpdlib takes a reset for an end. Peeking tells it first."""
        try:
            self.socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            pass
        except OSError:
            self.broken = True
        return super().recv(size)


class TlsChannel(Durable, TLS_DTPHandler):  # type: ignore[misc]
    def close(self) -> None:
        """A sender that leaves in the handshake is answered as well."""
        self.broken = self.broken or self._ssl_accepting
        super().close()

    def handle_failed_ssl_handshake(self) -> None:
        log.info("a data channel without a TLS handshake")
        self.close()

    @property
    def said_goodbye(self) -> bool:
        """Whether the sender ended its TLS in order. Many recorders never do: it hears 226 all the same,
        and its file has to be proved by its container."""
        shutdown = getattr(self.socket, "get_shutdown", None)
        return shutdown is None or bool(shutdown() & RECEIVED_SHUTDOWN)


class Awaited:
    """A data connection that nobody opens in half a minute: its command is told so, the session goes on."""

    def handle_timeout(self) -> None:
        line: Any = self
        if line.cmd_channel.connected:
            line.cmd_channel.never_came(NOBODY)
        line.close()


class PassiveLine(Awaited, FTPHandler.passive_dtp):  # type: ignore[misc]
    pass


class ActiveLine(Awaited, FTPHandler.active_dtp):  # type: ignore[misc]
    pass
