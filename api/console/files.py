"""The files that pages load: all from this host, under names that carry the digest of what is in them."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request, Response

from api.problems import not_found
from gateway.config import ConfigError

FOLDER = Path(__file__).parent / "static"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".txt": "text/plain"}
FOR_EVER = "public, max-age=31536000, immutable"

router = APIRouter()


@dataclass(frozen=True, slots=True)
class File:
    url: str
    content: bytes
    packed: bytes | None
    media_type: str


@cache
def files() -> dict[str, File]:
    """By the name they have in the folder; what was fetched at set-up lies one below."""
    found = [path for path in sorted(FOLDER.rglob("*")) if path.suffix in TYPES and path.is_file()]
    return {path.name: file_of(path) for path in found}


def file_of(path: Path) -> File:
    content, packed = path.read_bytes(), path.with_name(f"{path.name}.gz")
    name = f"{path.stem}.{hashlib.sha256(content).hexdigest()[:12]}{path.suffix}"
    return File(
        url=f"/static/{name}",
        content=content,
        packed=packed.read_bytes() if packed.exists() else None,
        media_type=f"{TYPES[path.suffix]}; charset=utf-8",
    )


@cache
def by_url() -> dict[str, File]:
    return {file.url: file for file in files().values()}


def url_of(name: str) -> str:
    """Raises ConfigError for what was not fetched: pages without their style are no pages."""
    if name not in files():
        raise ConfigError(f"{FOLDER / 'vendor' / name} is missing; run: make setup")
    return files()[name].url


@router.get("/static/{name}")
def static(name: str, request: Request) -> Response:
    file = by_url().get(f"/static/{name}")
    if file is None:
        raise not_found("File")
    headers = {"cache-control": FOR_EVER, "vary": "accept-encoding"}
    if file.packed and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(
            file.packed, media_type=file.media_type, headers=headers | {"content-encoding": "gzip"}
        )
    return Response(file.content, media_type=file.media_type, headers=headers)
