"""Who wrote a file of cases: its detached signature, checked with the key that is configured."""

import base64
import binascii
import hashlib
import hmac
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from gateway.config import ConfigError
from gateway.config.sources import Ed25519, Hmac


class Checker:
    """Reads the keys once. Raises ConfigError for one that is none."""

    def __init__(self, signature: Hmac | Ed25519) -> None:
        self.secret: bytes | None = None
        self.keys: tuple[Ed25519PublicKey, ...] = ()
        if isinstance(signature, Hmac):
            self.secret = signature.secret.get_secret_value().encode()
        else:
            self.keys = tuple(public_key(path) for path in signature.public_keys)

    def accepts(self, content: bytes, signature: bytes) -> bool:
        given = [read for read in readings(signature) if read]
        if self.secret is not None:
            right = hmac.new(self.secret, content, hashlib.sha256).digest()
            return any(hmac.compare_digest(right, one) for one in given)
        return any(verifies(key, one, content) for key in self.keys for one in given)


def public_key(path: Path) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: no public key in PEM form ({error})") from None
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(f"{path}: not an Ed25519 key; `openssl genpkey -algorithm ed25519` makes one")
    return key


def readings(signature: bytes) -> list[bytes]:
    """A signature as it may be written: raw, base64, hexadecimal (also as `openssl dgst` prints it)."""
    words = signature.split()
    found = [signature]
    if words:
        with suppress(ValueError):
            found.append(base64.b64decode(words[-1], validate=True))
        with suppress(ValueError):
            found.append(binascii.unhexlify(words[-1]))
    return found


def verifies(key: Ed25519PublicKey, signature: bytes, content: bytes) -> bool:
    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True
