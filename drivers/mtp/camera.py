"""A camera's session: one transaction after another, each in steps short enough to be broken off."""

import threading
import time
from collections.abc import Callable, Iterator

from drivers.mtp.pipe import Pipe, Silence, Stalled
from drivers.mtp.wire import (
    BAD_HANDLE,
    DATA,
    EVENT,
    HEADER,
    OBJECT_SIZE,
    OK,
    OPEN_ALREADY,
    RESPONSE,
    SAID,
    UNKNOWN_LENGTH,
    Garbled,
    ObjectInfo,
    Operation,
    Reader,
    command,
    read_device_info,
    read_header,
    read_object_info,
    read_storage_name,
)
from gateway.device import DeviceUnavailable

STEP_S = 0.4
ANSWER_S = 20.0
"""A camera that says nothing for so long has hung."""
PART = 1 << 20
"""Bytes of a file that one transaction asks for."""
PIECE = 256 << 10
"""Bytes of one read: even the slowest bus brings them before the time-out would cut them off."""
PACKET = 1024
"""Reads are a multiple of the longest packet that any bus speed has."""
EMPTY = 8
"""Packets without content in a row; one is common."""
MOST = 64 << 20
"""No answer but a file's own bytes is longer: four bytes for each of sixteen million objects."""
SESSION = 1


class Said(Exception):
    """The camera refused one operation; the session goes on."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(SAID.get(code, f"0x{code:04x}"))

    @property
    def is_unknown(self) -> bool:
        """There is no such object, or none any more."""
        return self.code == BAD_HANDLE


class Camera:
    """Raises Said where the camera refuses, DeviceUnavailable where it has left, hangs or talks nonsense.

    Several threads may ask; `halted` says that nobody wants to wait any longer.
    """

    def __init__(self, pipe: Pipe, halted: Callable[[], bool]) -> None:
        self.pipe, self.halted = pipe, halted
        self.lock = threading.Lock()
        self.transaction = 0
        self.pending = b""
        """What came with the end of one container and belongs to the next."""
        self.broken = False
        """Nothing more can be asked: a transaction did not come to its end."""
        self.closed = False
        self.operations: frozenset[int] = frozenset()
        self.serial = ""

    def open(self) -> None:
        """What an earlier process left half said is cleared away once."""
        for first in (True, False):
            try:
                self.begin()  # first: uMTP-Responder tells nothing of itself before
                told = read_device_info(self.asked(Operation.DEVICE_INFO))
                self.operations, self.serial = told.operations, told.serial
                return
            except (DeviceUnavailable, Said, Garbled) as no:
                if not first or self.halted():
                    raise no if isinstance(no, DeviceUnavailable) else failed(no) from no
                self.pipe.reset()
                self.broken, self.pending = False, b""

    def begin(self) -> None:
        self.transaction = 0
        try:
            self.asked(Operation.OPEN, SESSION)
        except Said as no:
            if no.code != OPEN_ALREADY:
                raise

    def close(self) -> None:
        """A transfer that is under way ends at its next step."""
        self.closed = self.broken = True
        held = self.lock.acquire(timeout=2 * STEP_S)
        self.pipe.close()
        if held:
            self.lock.release()

    def storages(self) -> dict[int, str]:
        """Id → name of each that holds something; a locked phone shows none."""
        ids = [one for one in Reader(self.asked(Operation.STORAGES)).numbers(4) if one & 0xFFFF]
        return {one: self.storage_name(one) for one in ids}

    def storage_name(self, storage: int) -> str:
        try:
            return read_storage_name(self.asked(Operation.STORAGE_INFO, storage))
        except (Said, Garbled):
            return ""

    def children(self, storage: int, parent: int) -> list[int]:
        return Reader(self.asked(Operation.HANDLES, storage, 0, parent)).numbers(4)

    def info(self, handle: int) -> ObjectInfo:
        """Raises Garbled, too: one object that cannot be understood is no reason to leave the others."""
        return read_object_info(self.asked(Operation.INFO, handle))

    def size(self, handle: int) -> int:
        """Of an object whose size does not fit into its data set."""
        return Reader(self.asked(Operation.PROPERTY, handle, OBJECT_SIZE)).number(8)

    def delete(self, handle: int) -> None:
        self.asked(Operation.DELETE, handle, 0)

    @property
    def may_delete(self) -> bool:
        return Operation.DELETE in self.operations

    def can_seek(self, size: int) -> bool:
        """Whether any part of an object of this size can be asked for by itself."""
        return Operation.PART_64 in self.operations or (Operation.PART in self.operations and size < 1 << 32)

    def part(self, handle: int, offset: int, size: int) -> bytes:
        """At most `size` bytes; fewer as the camera likes, none at the end."""
        if offset >= 1 << 32 or Operation.PART not in self.operations:
            block = self.asked(Operation.PART_64, handle, offset & 0xFFFFFFFF, offset >> 32, size)
        else:
            block = self.asked(Operation.PART, handle, offset, size)
        if len(block) > size:
            raise self.lost(Garbled(f"{len(block)} bytes where {size} were asked for"))
        return block

    def blocks(self, handle: int, size: int, offset: int = 0) -> Iterator[bytes]:
        """An object's bytes from `offset` on. One that cannot be sought in is read from its beginning."""
        if self.can_seek(size):
            while offset < size and (block := self.part(handle, offset, min(PART, size - offset))):
                yield block
                offset += len(block)
            return
        passed = 0
        for block in self.answer(Operation.WHOLE, (handle,), size):
            fresh = block[max(0, offset - passed) :]
            passed += len(block)
            if fresh:
                yield fresh

    def asked(self, code: int, *parameters: int) -> bytes:
        answer = bytearray()
        for block in self.answer(code, parameters):
            answer += block
            if len(answer) > MOST:
                raise self.lost(Garbled(f"an answer of more than {MOST >> 20} MiB"))
        return bytes(answer)

    def answer(self, code: int, parameters: tuple[int, ...], size: int | None = None) -> Iterator[bytes]:
        """One transaction: the bytes of its data phase as they come, if it has one. `size` is what it must be
        where the camera cannot say so in 32 bits.

        Whoever stops listening in the middle ends the session: the rest would be taken for the next answer.
        """
        with self.lock:
            if self.broken:
                raise DeviceUnavailable("wait.source_gone", done=0)
            ended = False
            try:
                yield from self.transact(code, parameters, size)
                ended = True
            except Said:
                ended = True
                raise
            except Garbled as error:
                raise failed(error) from error
            finally:
                self.broken = self.broken or not ended

    def transact(self, code: int, parameters: tuple[int, ...], size: int | None) -> Iterator[bytes]:
        number, self.transaction = self.transaction, (self.transaction + 1) % UNKNOWN_LENGTH
        self.send(command(code, number, parameters))
        while True:
            block = self.container()
            length, kind, told, of = read_header(block)
            if kind == EVENT:
                continue
            if of != number:
                raise Garbled(f"an answer to {of} where {number} was asked")
            if kind == DATA and told == code:
                left = length - HEADER.size if length != UNKNOWN_LENGTH else size
                if left is None:
                    raise Garbled("an answer of unknown length")
                yield from self.content(left, block[HEADER.size :])
            elif kind == RESPONSE:
                self.pending = block[length:]
                if told != OK:
                    raise Said(told)
                return
            else:
                raise Garbled(f"a container of type {kind}, code 0x{told:04x}")

    def content(self, left: int, block: bytes) -> Iterator[bytes]:
        """The rest of a data phase, of which `block` has come; its end may bring what follows."""
        while True:
            if block and left:
                yield block[:left]
            if left <= len(block):
                self.pending = block[left:]
                return
            left -= len(block)
            block = self.receive(min(PIECE, -(-left // PACKET) * PACKET))

    def container(self) -> bytes:
        block, self.pending = self.pending, b""
        while len(block) < HEADER.size:
            block += self.receive(PIECE)
        return block

    def send(self, block: bytes) -> None:
        self.patiently(lambda: self.pipe.write(block))

    def receive(self, size: int) -> bytes:
        """Never empty: a packet without content only ends what came before it."""
        got: list[bytes] = []
        while len(got) < EMPTY:
            self.patiently(lambda: got.append(self.pipe.read(size, STEP_S)))
            if got[-1]:
                return got[-1]
        raise Garbled("packets without content")

    def patiently(self, step: Callable[[], None]) -> None:
        """Again and again while nothing comes, until that is too long or nobody waits for it any more."""
        deadline = time.monotonic() + ANSWER_S
        while True:
            if self.closed or self.halted():
                raise DeviceUnavailable("wait.source_gone", done=0)
            try:
                return step()
            except Silence:
                if time.monotonic() > deadline:
                    raise DeviceUnavailable("bay.mtp_hangs", seconds=int(ANSWER_S)) from None
            except Stalled as error:
                raise DeviceUnavailable("bay.mtp_failed", error="stalled") from error

    def lost(self, error: Garbled) -> DeviceUnavailable:
        self.broken = True
        return failed(error)


def failed(error: Exception) -> DeviceUnavailable:
    return DeviceUnavailable("bay.mtp_failed", error=str(error))
