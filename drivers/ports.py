"""A free port of this machine, for what ffmpeg or a twin listens on."""

import socket


def free_port() -> int:
    """On loopback; somebody else may take it before it is used, and whoever asked must see that."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
