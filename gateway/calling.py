"""One call to another system over HTTP, and everything that can go wrong with it as one error."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class NoAnswer(Exception):
    """Nobody answered, or not whole; `args[0]` says what happened."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content: bytes

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300


class Caller:
    """Follows no redirect, takes no proxy from the environment, reads no more than `most` bytes."""

    def __init__(self, timeout_s: float, ca: Path | None = None, most: int = 2**16) -> None:
        import httpx2 as httpx  # here, since most sites call nobody

        self.most = most
        self.errors = (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError)
        context = ssl.create_default_context(cafile=str(ca)) if ca else ssl.create_default_context()
        self.client = httpx.Client(
            timeout=timeout_s, follow_redirects=False, trust_env=False, verify=context
        )  # fmt: skip

    def call(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> Answer:  # fmt: skip
        """Raises NoAnswer."""
        try:
            with self.client.stream(
                method, url, headers=dict(headers), content=content, params=dict(parameters or {})
            ) as answer:
                read = bytearray()
                for piece in answer.iter_bytes():
                    read += piece
                    if len(read) > self.most:
                        raise NoAnswer(f"more than {self.most} bytes")
                return Answer(answer.status_code, bytes(read))
        except self.errors as error:
            raise NoAnswer(f"{type(error).__name__}: {error}"[:300]) from error

    def close(self) -> None:
        self.client.close()
