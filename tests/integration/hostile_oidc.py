"""A sign-in service over HTTP that answers what it is told to, its tokens made by hand: no library of ours signs them."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.config.oidc import OidcSettings

CLIENT = "gateway"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def part(value: Any) -> str:
    return b64(json.dumps(value).encode())


@dataclass
class Key:
    kid: str
    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def jwk(self) -> dict[str, str]:
        numbers = self.private.public_key().public_numbers()
        x, y = (b64(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": self.kid, "use": "sig", "alg": "ES256"}

    def signed(self, header: dict[str, Any], claims: Any) -> str:
        text = f"{part(header)}.{part(claims)}"
        r, s = decode_dss_signature(self.private.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{text}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def misused(self, header: dict[str, Any], claims: Any) -> str:
        """HS256 with what anybody may read as the secret."""
        text = f"{part(header)}.{part(claims)}"
        public = self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return f"{text}.{b64(hmac.digest(public, text.encode(), hashlib.sha256))}"


@dataclass
class Hostile:
    issuer: str = ""
    key: Key = field(default_factory=lambda: Key("first"))
    token: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str], dict[str, str]]] = field(default_factory=list)
    """(path, headers, form) of each request."""

    def settings(self, **more: Any) -> OidcSettings:
        return OidcSettings(issuer=self.issuer, client_id=CLIENT, client_secret="s" * 32, **more)

    def forget(self) -> None:
        self.token = ""
        self.metadata, self.answers, self.asked = {}, {}, []

    def claims(self, nonce: str, /, **more: Any) -> dict[str, Any]:
        at = int(time.time())
        return {
            "iss": self.issuer, "aud": CLIENT, "sub": "4711", "nonce": nonce, "iat": at, "auth_time": at, "exp": at + 300,
            "preferred_username": "chen", **more,
        }  # fmt: skip

    def good(self, nonce: str, /, **more: Any) -> str:
        return self.key.signed({"alg": "ES256", "kid": self.key.kid}, self.claims(nonce, **more))

    def answer(self, path: str) -> tuple[int, bytes]:
        return self.answers.get(path) or (200, json.dumps(self.told(path)).encode())

    def told(self, path: str) -> Any:
        match path:
            case "/.well-known/openid-configuration":
                ends = {"authorization": "auth", "token": "token", "userinfo": "me"}
                found = {f"{name}_endpoint": f"{self.issuer}/{end}" for name, end in ends.items()}
                return {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/jwks", **found, **self.metadata}
            case "/jwks":
                odd = [
                    {"kty": "XX", "kid": "odd"},
                    {"kty": "oct", "k": "AAAA", "kid": "first", "alg": "HS256"},
                ]
                return {"keys": [*odd, self.key.jwk()]}
            case "/token":
                return {"access_token": "at", "token_type": "Bearer", "id_token": self.token}
        return {"sub": "4711", "preferred_username": "of userinfo"}


@contextmanager
def serving() -> Iterator[Hostile]:
    hostile = Hostile()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            form = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            hostile.asked.append((path, headers, {name: one[0] for name, one in parse_qs(form).items()}))
            status, body = hostile.answer(path)
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.send_header("location", f"{hostile.issuer}/elsewhere")
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Not into the tests' output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hostile.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield hostile
    server.shutdown()
    thread.join()
    server.server_close()
