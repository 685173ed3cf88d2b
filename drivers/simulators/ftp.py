"""A recorder that brings its files by FTP (twin).

    python -m drivers.simulators.ftp 127.0.0.1 2121 FOLDER --user u --password long-enough-1 --fault cut@1MB

brings every file of FOLDER, its sub-folders too. With what was cut it goes on in a new session, from where
the server says that the file ends; with --once it never does.
"""

import argparse
import ftplib
import io
import socket
import ssl
import struct
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from drivers.simulators.fault_forms import Fault, only
from drivers.simulators.fault_script import add_to, given
from drivers.simulators.faults import Cut, Rename, Reset, Twice
from drivers.simulators.timetable import tell

SETTLES_S = 0.3
"""What was sent must be there before the line is torn down, or less than was meant arrives."""


@dataclass
class Sender:
    address: tuple[str, int]
    user: str
    password: str
    context: ssl.SSLContext | None = None
    faults: Sequence[Fault] = ()
    once: bool = False

    def session(self) -> ftplib.FTP:
        """Raises ftplib.error_perm where it is not let in."""
        tls = self.context
        line = ftplib.FTP() if tls is None else ftplib.FTP_TLS(context=tls)  # noqa: S321
        with ExitStack() as unless_let_in:
            unless_let_in.callback(line.close)
            line.connect(*self.address, timeout=20)
            line.login(self.user, self.password)
            if isinstance(line, ftplib.FTP_TLS):
                line.prot_p()
            unless_let_in.pop_all()
        return line

    def bring(self, folder: Path) -> None:
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        twice = only(self.faults, Twice)
        for number, path in enumerate(files):
            name = path.relative_to(folder).as_posix()
            if twice and number < 2:
                name = twice.name
            torn = only(self.faults, Cut) or only(self.faults, Reset) if number == 0 else None
            self.one(name, path.read_bytes(), torn)

    def one(self, name: str, content: bytes, torn: Cut | Reset | None) -> None:
        written = f"{name}.part" if only(self.faults, Rename) else name
        with self.session() as line:
            make_folders(line, name)
            if torn is not None and torn.at < len(content):
                tell(f"{written}: {tear(line, written, content[: torn.at], reset=isinstance(torn, Reset))}")
                if self.once:
                    return
                tell(f"{written}: {self.go_on(written, content)}")
            else:
                tell(f"{written}: {line.storbinary(f'STOR {written}', io.BytesIO(content))}")
        if written != name:
            with self.session() as line:
                tell(f"{name}: {line.rename(written, name)}")

    def go_on(self, name: str, content: bytes) -> str:
        with self.session() as line:
            line.voidcmd("TYPE I")
            at = line.size(name) or 0
            return line.storbinary(f"STOR {name}", io.BytesIO(content[at:]), rest=at or None)


def make_folders(line: ftplib.FTP, name: str) -> None:
    for folder in reversed(PurePosixPath(name).parents[:-1]):
        with suppress(ftplib.error_perm):  # it is there
            line.mkd(folder.as_posix())


def tear(line: ftplib.FTP, name: str, content: bytes, *, reset: bool) -> str:
    """Send so much and no more: ended in order, or by a reset. What the server says to it."""
    line.voidcmd("TYPE I")
    with closing(line.transfercmd(f"STOR {name}")) as channel:
        channel.sendall(content)
        if reset:
            time.sleep(SETTLES_S)
            channel.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif isinstance(channel, ssl.SSLSocket):
            channel.unwrap()
    try:
        return line.voidresp()
    except (ftplib.Error, OSError, EOFError) as no:
        return str(no)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m drivers.simulators.ftp", description=__doc__)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--user", required=True)
    parser.add_argument("--password", required=True, help="as in `cameras`: 12 characters or more")
    parser.add_argument("--ca", type=Path, help="FTPS, and whose certificates are trusted")
    parser.add_argument("--once", action="store_true", help="what was cut is never gone on with")
    add_to(parser, Cut, Reset, Twice, Rename)
    asked = parser.parse_args(arguments)
    faults = given(parser, asked).everybody
    context = ssl.create_default_context(cafile=str(asked.ca)) if asked.ca else None
    sender = Sender((asked.host, asked.port), asked.user, asked.password, context, faults, asked.once)
    try:
        sender.bring(asked.folder)
    except (ftplib.Error, OSError, EOFError) as no:
        parser.error(str(no))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
