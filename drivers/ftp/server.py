"""pyftpdlib with what an evidence store needs of it: 226 means durable, and nothing is ever written over.

Each device has a user and sees its own folder: it may store, append, rename and list, not read or delete.
"""

import hmac
import logging
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from drivers.ftp.channel import ActiveLine, PassiveLine, PlainChannel, TlsChannel
from drivers.ftp.marks import Marks
from drivers.ftp.session import Careful, writes
from gateway.config.recorders import FtpReceiverSettings
from gateway.device import DeviceUnavailable
from gateway.scarce import Scarce

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own note on asyncore
    from pyftpdlib.authorizers import AuthenticationFailed, DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
    from pyftpdlib.ioloop import IOLoop
    from pyftpdlib.servers import FTPServer

logging.getLogger("pyftpdlib").setLevel(logging.WARNING)

RIGHTS = "elawmf"
TICK_S = 0.2


class Authorizer(DummyAuthorizer):  # type: ignore[misc]
    def validate_authentication(self, username: str, password: str, handler: Any) -> None:
        del handler
        known = self.user_table.get(username, {}).get("pwd", "")
        if not hmac.compare_digest(known.encode(), password.encode("utf-8", "surrogateescape")) or not known:
            raise AuthenticationFailed("Authentication failed.")


def authorizer_for(settings: FtpReceiverSettings) -> Authorizer:
    made = Authorizer()
    for camera in settings.cameras:
        home = settings.spool / "home" / camera.id
        home.mkdir(parents=True, exist_ok=True)
        made.add_user(camera.id, camera.password.get_secret_value(), str(home.resolve()), perm=RIGHTS)
    return made


class Server:
    """In a thread of its own. `keep_aside(user, path)` and `arrived(user)` are called there."""

    def __init__(
        self, settings: FtpReceiverSettings, keep_aside: Callable[[str, Path], None],
        arrived: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.settings = settings
        self.ended = threading.Event()
        self.marks = Marks(settings.spool / "open")
        told: dict[str, Any] = {
            "authorizer": authorizer_for(settings), "settings": settings,
            "banner": "evidence gateway", "marks": self.marks, "room": Scarce(str(settings.spool)),
            "keep_aside": staticmethod(keep_aside), "arrived": staticmethod(arrived),
            "masquerade_address": settings.public_address, "use_sendfile": False, "timeout": 300,
            "max_login_attempts": 3, "dtp_handler": PlainChannel, "passive_dtp": PassiveLine,
            "active_dtp": ActiveLine,
        }  # fmt: skip
        if settings.passive:
            told["passive_ports"] = range(settings.passive[0], settings.passive[1] + 1)
        if settings.certificate is not None:
            needed = settings.tls == "required"
            told |= {
                "certfile": str(settings.certificate), "keyfile": str(settings.key),
                "dtp_handler": TlsChannel, "tls_control_required": needed,
                "tls_data_required": needed,
            }  # fmt: skip
        base: Any = FTPHandler if settings.certificate is None else TLS_FTPHandler
        self.handler: Any = type("Handler", (Careful, base), told)
        try:
            own = IOLoop.factory()  # pyftpdlib's own is one for all servers of a process
            self.server = FTPServer((settings.host, settings.port), self.handler, ioloop=own)
        except OSError as error:
            address = f"{settings.host}:{settings.port} ({error.strerror or error})"
            raise DeviceUnavailable("upload.no_listener", address=address) from error
        self.server.max_cons, self.server.max_cons_per_ip = 512, 32
        self.thread = threading.Thread(target=self.serve, name="ftp", daemon=True)
        self.thread.start()

    def serve(self) -> None:
        try:
            while not self.ended.is_set():
                self.server.ioloop.loop(TICK_S, blocking=False)
        finally:
            self.server.close_all()

    def uploading(self) -> set[tuple[int, int] | None]:
        """(device, inode) of what somebody writes, or is about to."""
        return {writes(channel) for channel in list(self.server.ioloop.socket_map.values())}

    def close(self, wait_s: float) -> None:
        self.ended.set()
        self.thread.join(wait_s)
