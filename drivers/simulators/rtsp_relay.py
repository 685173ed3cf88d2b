"""A relay before a room's recorder whose time stamps leap, as those of cameras that stamp by their clock do.

python -m drivers.simulators.rtsp_relay 8555 8554 --leap 3600 --after 5
"""

import argparse
import socket
import struct
import threading
import time
from contextlib import suppress

CLOCK_HZ = 90_000
RTP, RTCP = 0, 1
"""Channels of the picture when it is interleaved (RFC 2326 10.12); what follows is sound."""


class Relay:
    """Everything passes as it is, but for the time stamps of the picture, `after` seconds after it began."""

    def __init__(self, port: int, target: int, leap_s: float, after_s: float) -> None:
        self.target, self.after_s = target, after_s
        self.ticks = round(leap_s * CLOCK_HZ)
        self.server = socket.create_server(("127.0.0.1", port))
        self.lines: list[socket.socket] = []
        self.thread = threading.Thread(target=self.serve, name="relay", daemon=True)
        self.thread.start()

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.server.accept()
                self.lines.append(client)
                camera = socket.create_connection(("127.0.0.1", self.target))
                self.lines.append(camera)
                threading.Thread(target=passed_on, args=(client, camera), daemon=True).start()
                threading.Thread(target=self.stamped, args=(camera, client), daemon=True).start()

    def stamped(self, camera: socket.socket, client: socket.socket) -> None:
        begun: float | None = None
        with suppress(OSError, EOFError), camera.makefile("rb") as stream:
            while mark := stream.read(1):
                if mark != b"$":
                    client.sendall(mark + stream.readline())
                    continue
                head = stream.read(3)
                channel, length = struct.unpack(">BH", head)
                packet = bytearray(stream.read(length))
                if channel == RTP and length >= 8:
                    begun = begun or time.monotonic()
                    if time.monotonic() - begun > self.after_s:
                        (stamp,) = struct.unpack_from(">I", packet, 4)
                        struct.pack_into(">I", packet, 4, (stamp + self.ticks) % (1 << 32))
                client.sendall(mark + head + packet)
        client.close()

    def close(self) -> None:
        with suppress(OSError):
            self.server.shutdown(socket.SHUT_RDWR)  # to close alone wakes nobody who accepts
        self.thread.join()
        self.server.close()
        for line in self.lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()


def passed_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("target", type=int, help="the recorder's port")
    parser.add_argument("--leap", type=float, default=3600, help="seconds; less than nothing leaps back")
    parser.add_argument("--after", type=float, default=5)
    asked = parser.parse_args()
    Relay(asked.port, asked.target, asked.leap, asked.after)
    threading.Event().wait()


if __name__ == "__main__":
    main()
