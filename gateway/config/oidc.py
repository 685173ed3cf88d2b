"""The city's own sign-in service (统一身份认证, OpenID Connect), where people may sign in besides."""

from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from gateway.config.model import Model


class ServiceName(Model):
    """How the service is called on the sign-in page."""

    zh: str = Field(default="统一身份认证", min_length=1, max_length=40)
    en: str = Field(default="single sign-on", min_length=1, max_length=40)


class OidcSettings(Model):
    issuer: str = Field(description="as the provider writes it, to the letter")
    client_id: str = Field(min_length=1, max_length=255)
    client_secret: SecretStr | None = Field(default=None, min_length=1)
    client_secret_file: Path | None = None
    ca: Path | None = Field(default=None, description="whose certificates are trusted (PEM)")
    name: ServiceName = ServiceName()
    claim: str = Field(
        default="preferred_username",
        min_length=1,
        description="whose value is an account's name here, at the first sign-in; nobody may set his own",
    )
    scopes: tuple[str, ...] = ("openid", "profile")
    ask_anew: bool = Field(
        default=True,
        description="the provider asks for the password each time: station PCs are shared, "
        "and who signs out here is not signed out there",
    )
    second_factor: Literal["ours", "provider"] = Field(
        default="ours", description="whether the code is asked for of who has set one up here"
    )

    @field_validator("issuer")
    @classmethod
    def is_issuer(cls, value: str) -> str:
        parts = urlsplit(value)
        if not parts.hostname or parts.username or parts.query or parts.fragment:
            raise ValueError("is no issuer; write one such as https://sso.example/realms/city")
        if not is_guarded(value):
            raise ValueError("write it with https; http is for a provider on this machine only")
        return value

    @field_validator("scopes")
    @classmethod
    def asks_who(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in value or any(not one or " " in one for one in value):
            raise ValueError("write a list such as [openid, profile]; openid must be in it")
        return value

    @model_validator(mode="after")
    def has_one_secret(self) -> "OidcSettings":
        if (self.client_secret is None) == (self.client_secret_file is None):
            raise ValueError("write either client_secret (as ${NAME}) or client_secret_file")
        return self


def is_guarded(url: str) -> bool:
    """Nobody reads along: TLS, or it does not leave this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and is_here(parts.hostname or ""))


def is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
