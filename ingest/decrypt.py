"""Content that a recorder encrypted: kept as it came, and read where the unit's key is configured.

An Axis controller encrypts each object with AES-256-CBC under a key of its own, which a `.key` object carries
wrapped for the unit (RSA-OAEP): peers 2. CBC proves nothing: both sides of the decryption have their digest.
"""

import base64
import json
import mimetypes
from pathlib import Path

from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from gateway.device import DeviceUnavailable
from gateway.models import Original, Rendition, State
from gateway.store.durable import blocks, own_partial, sync_folder
from gateway.store.local import checked
from gateway.store.room import unwritten
from gateway.wording import Reason, reason
from ingest.stage import Context, Item
from ingest.transcode import finish

KEY_BYTES = 64 * 1024
KIND = "decrypted"
TOOL = "AES-256-CBC, RSA-OAEP"


class Locked(Exception):
    """It cannot be read here; the reason says why."""

    def __init__(self, why: Reason) -> None:
        super().__init__(why["code"])
        self.why = why


def decrypt(item: Item, context: Context) -> Rendition:
    """A readable copy with its lineage. Raises Locked, StoreFull; DeviceUnavailable while its key comes."""
    key, vector = content_key(item, context)
    original = item.original
    assert original.stored_as is not None
    assert original.sha256 is not None
    name = f"{KIND}{checked(original.suffix)}"
    partial = own_partial(context.store.place(context.store.rendition_key(original.id, name)))
    try:
        with context.store.claim(lambda: unwritten(partial, original.size)):
            unlock(context.store.path(original.stored_as), partial, key, vector, item, context)
        size, sha256 = finish(partial)
        stored_as = context.store.rendition_key(original.id, f"{sha256[:12]}.{name}")
        partial.replace(context.store.path(stored_as))
        sync_folder(partial.parent)
    finally:
        partial.unlink(missing_ok=True)
    return Rendition(
        clip_id=original.id, kind=KIND, stored_as=stored_as, size=size,
        media_type=mimetypes.guess_type(name)[0] or "application/octet-stream", sha256=sha256,
        parent_sha256=original.sha256, command=[KIND], tool=TOOL,
    )  # fmt: skip


def content_key(item: Item, context: Context) -> tuple[bytes, bytes]:
    """(key, initial vector) from the object that lies beside the clip. Raises Locked, DeviceUnavailable."""
    beside = item.key
    if beside is None or beside.state in (State.FOUND, State.ACQUIRED, State.VERIFIED):
        raise DeviceUnavailable("wait.content_key")
    told = read_key(context, beside)
    name = str(told.get("PublicKeyId", ""))[:128].encode("ascii", "backslashreplace").decode()
    path = context.content_keys.get(name)
    if path is None:
        raise Locked(reason("condition.encrypted", key=name or "—"))
    try:
        private = serialization.load_pem_private_key(path.read_bytes(), None)
        if not isinstance(private, RSAPrivateKey):
            raise ValueError("no RSA key")
        oaep = rsa_padding.OAEP(rsa_padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303
        key = private.decrypt(base64.b64decode(str(told["EncryptedKey"])), oaep)
        vector = base64.b64decode(str(told["ContentEncryptionIV"]))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Locked(reason("condition.undecryptable", key=name, error=str(error)[:200])) from error
    if len(key) != 32 or len(vector) != 16:
        raise Locked(reason("condition.undecryptable", key=name, error="AES-256-CBC"))
    return key, vector


def read_key(context: Context, beside: Original) -> dict[str, object]:
    try:
        with context.store.path(beside.stored_as or "").open("rb") as file:
            told = json.loads(file.read(KEY_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        raise Locked(reason("condition.undecryptable", key="—", error=str(error)[:200])) from error
    return told if isinstance(told, dict) else {}


def unlock(source: Path, target: Path, key: bytes, vector: bytes, item: Item, context: Context) -> None:
    """Raises Locked when the key does not fit: the end of the content tells."""
    decryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor()
    unpadder = padding.PKCS7(128).unpadder()
    done = 0
    try:
        with source.open("rb") as file, target.open("wb") as made:
            for block in blocks(file.fileno()):
                made.write(unpadder.update(decryptor.update(block)))
                done += len(block)
                context.tick(item.original.id, done)
            made.write(unpadder.update(decryptor.finalize()) + unpadder.finalize())
    except ValueError as error:
        raise Locked(reason("condition.undecryptable", key="—", error=str(error)[:200])) from error
