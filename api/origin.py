"""Who writes by a cookie must come from a page of ours (CSRF)."""

from collections.abc import Mapping
from urllib.parse import urlsplit

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def is_ours(method: str, headers: Mapping[bytes, bytes]) -> bool:
    """By what browsers say of where a request comes from, which no page can change.

    `Sec-Fetch-Site` is sent to https and to this machine only; `Origin` with every POST, by old browsers too.
    A program that sends neither has no cookie that it was not given on purpose.
    """
    if method in SAFE:
        return True
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site in {b"same-origin", b"none"}
    origin = headers.get(b"origin")
    if origin is None:
        return True
    return urlsplit(origin.decode("latin-1")).netloc.encode("latin-1") == headers.get(b"host")
