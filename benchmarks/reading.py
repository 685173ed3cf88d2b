"""Players that read footage by range, each at its own pace: `python -m benchmarks.reading URL… < headers`.

Says how many bytes came once its input ends. No library: fifty of them must cost the machine little.
"""

import asyncio
import json
import os
import random
import sys
import time
from urllib.parse import urlsplit

CHUNK = 512 * 1024
BIT_S = float(os.environ.get("READ_BIT_S", "4e6"))


class Reader:
    def __init__(self, url: str, headers: dict[str, str]) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "", parts.port or 80
        self.lines = [f"GET {parts.path}?{parts.query} HTTP/1.1", f"Host: {parts.netloc}"]
        self.lines += [f"{name}: {value}" for name, value in headers.items()]
        self.got = 0

    async def read(self, stop: asyncio.Event) -> None:
        """A range, then as long a rest as its rate asks for; behind its time it does not rest."""
        reader, writer = await asyncio.open_connection(self.host, self.port, limit=1 << 20)
        await asyncio.sleep(random.random() * CHUNK * 8 / BIT_S)
        at, due, size = 0, time.monotonic(), CHUNK * 8
        while not stop.is_set():
            asked = [*self.lines, f"Range: bytes={at}-{at + CHUNK - 1}", "", ""]
            writer.write("\r\n".join(asked).encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            assert " 206 " in head.partition("\r\n")[0], head
            length = int(head.partition("content-length:")[2].split("\r\n")[0])
            size = int(head.partition("content-range:")[2].split("\r\n")[0].rpartition("/")[2])
            left = length
            while left:
                part = await reader.read(min(left, 1 << 18))
                assert part
                left -= len(part)
                self.got += len(part)
            at = at + length if at + length < size else 0
            due = max(due + length * 8 / BIT_S, time.monotonic() - 1)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        writer.close()


async def main() -> None:
    headers = json.loads(sys.stdin.readline())
    readers = [Reader(url, headers) for url in sys.argv[1:]]
    stop = asyncio.Event()
    began = time.monotonic()
    tasks = [asyncio.create_task(reader.read(stop)) for reader in readers]
    print("reading", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    print(8 * sum(reader.got for reader in readers) / (time.monotonic() - began), flush=True)
    stop.set()
    await asyncio.wait(tasks, timeout=5)


if __name__ == "__main__":
    asyncio.run(main())
