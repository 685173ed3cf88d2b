"""A device's session: how the commands that write are carried out, so that nothing is lost."""

import errno
import logging
import os
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from drivers.ftp.channel import BROKEN, said
from drivers.ftp.marks import Marks
from gateway.config.recorders import FtpReceiverSettings
from gateway.scarce import Scarce
from gateway.store import Claim, StoreFull, require
from gateway.store.room import AHEAD

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own note on asyncore
    from pyftpdlib.handlers import FTPHandler

log = logging.getLogger(__name__)

LONGEST = 2048
"""Bytes of a command, as with pyftpdlib."""


class Careful:
    """The commands that write. `keep_aside` moves away what a new file would replace."""

    settings: FtpReceiverSettings
    room: Scarce
    keep_aside: Callable[[str, Path], None]
    arrived: Callable[[str], None]
    marks: Marks
    _current_type = property(lambda _: "i", lambda _, __: None)
    """FTP begins in ASCII, and would drop bytes of a recording: none is ever converted."""
    unicode_errors = "surrogateescape"
    """Recorders write names in GBK without a word: their bytes reach the disk, and go back, as they came."""

    def push(self, data: str) -> None:
        super(FTPHandler, self).push(data.encode("utf-8", self.unicode_errors))  # type: ignore[misc]

    def has_room(self, claim: Claim | None = None) -> bool:
        """For the next bytes of an upload, which stay its own where it has a claim."""
        try:
            if claim is None:
                require(self.settings.spool, self.settings.reserve_mb << 20, AHEAD)
            else:
                claim.check()
        except StoreFull:
            self.room.waits("", "no room but the reserve; uploads are refused")
            return False
        self.room.goes_on("")
        return True

    def claim(self, left: Callable[[], int]) -> Claim:
        return Claim(self.settings.spool, self.settings.reserve_mb << 20, left)

    def collect_incoming_data(self, data: bytes) -> None:
        """pyftpdlib drops what a command has too much of, and would obey its end."""
        session: Any = self
        session._in_buffer_len += len(data)
        if session._in_buffer_len <= LONGEST:
            session._in_buffer.append(data)

    def found_terminator(self) -> None:
        """What comes behind a QUIT in one packet is nobody's any more."""
        session: Any = self
        if session._closed or session._closing or session._quit_pending:
            session._in_buffer, session._in_buffer_len = [], 0
        elif session._in_buffer_len > LONGEST:
            session._in_buffer, session._in_buffer_len = [], 0
            session.respond(f"500 The command is longer than {LONGEST} bytes.")
        elif b"\0" in b"".join(session._in_buffer):
            session._in_buffer, session._in_buffer_len = [], 0
            session.respond("501 No name holds a NUL character.")
        else:
            super().found_terminator()  # type: ignore[misc]

    def handle_error(self) -> None:
        """A sender that left in the middle of a command is no fault: what pyftpdlib needs is gone then."""
        session: Any = self
        error = sys.exc_info()[1]
        if session._closed and isinstance(error, AttributeError | OSError):
            log.debug("a session ended in the middle of a command: %s", error)
        else:
            super().handle_error()  # type: ignore[misc]

    def never_came(self, why: str = BROKEN) -> None:
        """The data channel was reset before it was here, and pyftpdlib lets its sender wait for ever."""
        session: Any = self
        session._dtp_acceptor = session._dtp_connector = None
        listed, session._out_dtp_queue = session._out_dtp_queue, None
        if listed and listed[2] is not None:
            listed[2].close()
        if self.drop_unbegun() or listed:
            session.respond(why)

    def awaits_in_vain(self) -> None:
        """Its file is somebody else's now: what comes by a line that opens later would have no name."""
        session: Any = self
        for way in (session._dtp_acceptor, session._dtp_connector):
            if way is not None:
                way.close()
        self.never_came()

    def drop_unbegun(self) -> bool:
        """An upload to which no line ever opened leaves no empty file behind; whether there was one."""
        session: Any = self
        queued = getattr(session, "_in_dtp_queue", None)  # none any more after its end
        if not queued:
            return False
        session._in_dtp_queue = None
        file, _ = queued
        seen = os.fstat(file.fileno())
        with suppress(OSError):  # renamed meanwhile: then it is somebody's
            if seen.st_size == 0 and os.path.samestat(seen, Path(file.name).stat()):
                Path(file.name).unlink()
                self.marks.clear(seen)
        file.close()
        return True

    def close(self) -> None:
        self.drop_unbegun()
        super().close()  # type: ignore[misc]

    def _on_dtp_connection(self) -> None:
        session: Any = self
        if session.data_channel is not None and session.data_channel._closed:
            session.data_channel = None  # of an active one it is entered all the same
        else:
            super()._on_dtp_connection()  # type: ignore[misc]
        session._dtp_connector = None

    @property
    def awaits_data(self) -> bool:
        session: Any = self
        ways = session._dtp_acceptor, session._dtp_connector, session.data_channel
        return any(way is not None and not way._closed for way in ways)

    def ftp_STOR(self, file: str, mode: str = "w") -> Any:  # noqa: N802
        session: Any = self
        begin, path = session._restart_position, Path(file)
        try:
            look_up(path)
            if not self.awaits_data:
                return self.refuse("425 There is no data connection; open one first (PASV, PORT).")
            if not self.has_room():
                return self.refuse("452 No room on the gateway; keep the file and come again.")
            if begin and not (path.is_file() and path.stat().st_size == begin):
                return self.refuse("554 Go on where the file ends (SIZE tells), or send it anew.")
            self.drop_unbegun()  # of an earlier STOR, whose line never opened
            if begin or mode != "w":
                self.cut_off(path)
            else:
                self.make_way(path)
        except OSError as error:
            return self.refuse(unfit(error))
        stored = super().ftp_STOR(file, mode)  # type: ignore[misc]
        if stored is not None:
            queued = session._in_dtp_queue
            opened = queued[0] if queued else session.data_channel.file_obj
            self.marks.set(os.fstat(opened.fileno()))
        return stored

    def ftp_STOU(self, line: str) -> None:  # noqa: N802
        del line
        self.refuse("502 Use STOR: a name that is used again replaces nothing here.")

    def refuse(self, why: str) -> None:
        session: Any = self
        session._restart_position = 0
        session.respond(why)

    def ftp_RNTO(self, path: str) -> Any:  # noqa: N802
        session: Any = self
        if session._rnfr:
            self.cut_off(Path(session._rnfr))
        try:
            look_up(Path(path))
            self.make_way(Path(path))
        except OSError as error:
            return self.refuse(unfit(error))
        return super().ftp_RNTO(path)  # type: ignore[misc]

    def make_way(self, path: Path) -> None:
        session = self
        if path.is_file() and not path.is_symlink():
            self.cut_off(path)
        if path.is_file() and not path.is_symlink():
            type(self).keep_aside(session.username, path)  # type: ignore[attr-defined]

    def cut_off(self, path: Path) -> None:
        """A session that still writes this file ends: its sender has come back in another one."""
        session: Any = self
        with suppress(OSError):
            seen = path.stat()
            for channel in list(session.ioloop.socket_map.values()):
                if writes(channel) != (seen.st_dev, seen.st_ino):
                    continue
                if isinstance(channel, Careful):
                    channel.awaits_in_vain()
                else:
                    channel.broken = True
                    channel.close()

    def on_login(self, username: str) -> None:
        type(self).arrived(username)


def look_up(path: Path) -> None:
    """Raises OSError for a name that is too long; what else is wrong with it shows when it is opened."""
    try:
        path.lstat()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise


def unfit(error: OSError) -> str:
    """What a sender hears whose file cannot be begun under its name."""
    if error.errno == errno.ENAMETOOLONG:
        return "553 The name is too long; send it under a shorter one."
    log.error("an upload cannot be begun: %s", said(error))
    return "450 Not now; keep the file and come again."


def writes(channel: Any) -> tuple[int, int] | None:
    """(device, inode) of what a channel writes now, or will once its line is open."""
    queued = getattr(channel, "_in_dtp_queue", None)
    file = queued[0] if queued else getattr(channel, "file_obj", None)
    try:
        seen = os.fstat(file.fileno()) if file is not None else None
    except (OSError, ValueError):
        return None
    return (seen.st_dev, seen.st_ino) if seen else None
