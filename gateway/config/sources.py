"""Where case records come from (案件来源系统): signed files in a folder, or an HTTP case system."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from gateway.config.model import IDENTIFIER, Model


class Hmac(Model):
    """HMAC-SHA256 of the file with a secret that both sides have."""

    kind: Literal["hmac"]
    secret: SecretStr = Field(min_length=32)


class Ed25519(Model):
    """Signed with the sender's private key; any of these public keys (PEM) may be the right one."""

    kind: Literal["ed25519"]
    public_keys: tuple[Path, ...] = Field(min_length=1)


class CaseSource(Model):
    id: str = Field(pattern=IDENTIFIER)
    units: tuple[str, ...] | None = Field(
        default=None, description="whose cases it may write; without it, every unit's"
    )
    longest_wait_seconds: float = Field(default=300.0, gt=0, description="between attempts while it is away")


class FolderSource(CaseSource):
    kind: Literal["folder"]
    path: Path
    signature: Annotated[Hmac | Ed25519, Field(discriminator="kind")]
    scan_seconds: float = Field(default=5.0, gt=0)
    patience_seconds: float = Field(
        default=60.0, ge=0, description="a file without its signature is refused after so long"
    )


class HttpSource(CaseSource):
    kind: Literal["http"]
    url: str
    token: SecretStr | None = None
    ca: Path | None = Field(default=None, description="whose certificates are trusted (PEM)")
    poll_seconds: float = Field(default=30.0, gt=0)
    page: int = Field(default=100, ge=1, le=1000)
    timeout_seconds: float = Field(default=15.0, gt=0, le=30)
    write_back: bool = Field(default=False, description="write links, labels and digests back to it")

    @field_validator("url")
    @classmethod
    def is_address(cls, value: str) -> str:
        return checked_url(value)


def checked_url(value: str) -> str:
    """Raises ValueError for what is no plain http(s) address; credentials do not stand in one."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{value!r} is no address; write one such as https://cases.example/api")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("write the address without user, password, `?` and `#`")
    return value.rstrip("/")


AnyCaseSource = Annotated[FolderSource | HttpSource, Field(discriminator="kind")]


def http_systems(sources: Iterable[AnyCaseSource]) -> dict[str, HttpSource]:
    """Those that are written back to, by id."""
    return {one.id: one for one in sources if isinstance(one, HttpSource) and one.write_back}


class WebhookSettings(Model):
    """How events are delivered to other systems."""

    hosts: tuple[str, ...] = Field(
        default=(), description="where webhooks may go: host names or patterns such as *.example"
    )
    attempts: int = Field(default=20, ge=1, description="before an event counts as undeliverable")
    first_wait_seconds: float = Field(default=5.0, gt=0)
    longest_wait_seconds: float = Field(default=3600.0, gt=0)
    timeout_seconds: float = Field(default=15.0, gt=0, le=30)
    keep_days: float = Field(default=30.0, gt=0, description="what was delivered can be replayed for so long")
