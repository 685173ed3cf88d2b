"""pyftpdlib with what an evidence store needs of it: 226 means durable, and nothing is ever written over.

Each device has a user and sees its own folder: it may store, append, rename and list, not read or delete.
"""

import hmac
import logging
import os
import shutil
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateway.config.connected import FtpReceiverSettings
from gateway.device import DeviceUnavailable

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own note on asyncore
    from pyftpdlib.authorizers import AuthenticationFailed, DummyAuthorizer
    from pyftpdlib.handlers import DTPHandler, FTPHandler, TLS_DTPHandler, TLS_FTPHandler
    from pyftpdlib.servers import FTPServer

logging.getLogger("pyftpdlib").setLevel(logging.WARNING)

RIGHTS = "elawmf"
TICK_S = 0.2


class Authorizer(DummyAuthorizer):  # type: ignore[misc]
    def validate_authentication(self, username: str, password: str, handler: Any) -> None:
        del handler
        known = self.user_table.get(username, {}).get("pwd", "")
        if not hmac.compare_digest(known.encode(), password.encode("utf-8", "replace")) or not known:
            raise AuthenticationFailed("Authentication failed.")


def authorizer_for(settings: FtpReceiverSettings) -> Authorizer:
    made = Authorizer()
    for camera in settings.cameras:
        home = settings.spool / "home" / camera.id
        home.mkdir(parents=True, exist_ok=True)
        made.add_user(camera.id, camera.password.get_secret_value(), str(home.resolve()), perm=RIGHTS)
    return made


class Durable:
    """A data channel that makes what it received durable before it says 226."""

    def handle_close(self) -> None:
        channel: Any = self
        if channel.receive and channel.file_obj is not None and not channel.file_obj.closed:
            channel.file_obj.flush()
            os.fsync(channel.file_obj.fileno())
        super().handle_close()  # type: ignore[misc]


class PlainChannel(Durable, DTPHandler):  # type: ignore[misc]
    pass


class TlsChannel(Durable, TLS_DTPHandler):  # type: ignore[misc]
    pass


class Careful:
    """The commands that write. `keep_aside` moves away what a new file would replace."""

    settings: FtpReceiverSettings
    keep_aside: Callable[[str, Path], None]
    arrived: Callable[[str], None]
    cut: set[Path]
    _current_type = property(lambda _: "i", lambda _, __: None)
    """FTP begins in ASCII, and would drop bytes of a recording: none is ever converted."""

    def ftp_STOR(self, file: str, mode: str = "w") -> Any:  # noqa: N802
        session: Any = self
        if shutil.disk_usage(self.settings.spool).free < self.settings.reserve_mb << 20:
            session._restart_position = 0
            session.respond("452 No room on the gateway; keep the file and come again.")
            return None
        if mode == "w" and not session._restart_position:
            self.make_way(file)
        return super().ftp_STOR(file, mode)  # type: ignore[misc]

    def ftp_RNTO(self, path: str) -> Any:  # noqa: N802
        self.make_way(path)
        return super().ftp_RNTO(path)  # type: ignore[misc]

    def make_way(self, file: str) -> None:
        path, session = Path(file), self
        if path.is_file() and not path.is_symlink():
            type(self).keep_aside(session.username, path)  # type: ignore[attr-defined]

    def on_incomplete_file_received(self, file: str) -> None:
        """Its line broke: no container has to prove that it is cut."""
        self.cut.add(Path(file))

    def on_file_received(self, file: str) -> None:
        self.cut.discard(Path(file))

    def on_login(self, username: str) -> None:
        type(self).arrived(username)


class Server:
    """In a thread of its own. `keep_aside(user, path)` and `arrived(user)` are called there."""

    def __init__(
        self, settings: FtpReceiverSettings, keep_aside: Callable[[str, Path], None],
        arrived: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.settings = settings
        self.ended = threading.Event()
        self.cut: set[Path] = set()
        """Uploads whose line broke, until somebody goes on with them."""
        told: dict[str, Any] = {
            "authorizer": authorizer_for(settings), "settings": settings,
            "banner": "evidence gateway", "cut": self.cut,
            "keep_aside": staticmethod(keep_aside), "arrived": staticmethod(arrived),
            "masquerade_address": settings.public_address, "use_sendfile": False, "timeout": 300,
            "max_login_attempts": 3, "dtp_handler": PlainChannel,
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
            self.server = FTPServer((settings.host, settings.port), self.handler)
        except OSError as error:
            address = f"{settings.host}:{settings.port} ({error.strerror})"
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

    def uploading(self) -> set[Path]:
        """Files that somebody is writing now."""
        channels = [getattr(one, "file_obj", None) for one in list(self.server.ioloop.socket_map.values())]
        return {Path(os.fsdecode(one.name)) for one in channels if one is not None and not one.closed}

    def close(self, wait_s: float) -> None:
        self.ended.set()
        self.thread.join(wait_s)
