"""An Axis controller's recordings in an installed gateway: who wore it, what is encrypted, kill -9 at any moment."""

import base64
import hashlib
import json
import os
import random
import subprocess
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from sqlmodel import select

from drivers.ports import free_port
from drivers.simulators.axis import USER, Controller
from gateway.models import Attachment, Device, Offload, Receipt, Rendition
from tests.e2e.site import Site

KEY = "0123456789abcdef"
SERIAL = "B8A44F0001"
STARTED = datetime(2026, 8, 4, 2, 0, 0, tzinfo=UTC)


def site_for(folder: Path, **more: Any) -> tuple[Site, Controller]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    axis = {
        "id": "axis", "driver": "axis_body_worn", "port": port, "url": url, "api_key": KEY, "reserve_mb": 1,
        "unit": "u",
    }  # fmt: skip
    return Site(folder, [axis], **more), Controller(url, "evidence", KEY, patience_s=60)


def video(folder: Path, seconds: int = 2) -> bytes:
    path = folder / "made.mkv"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", f"testsrc2=d={seconds}:s=320x240:r=10",
         "-c:v", "libx264", "-preset", "ultrafast", path],
        check=True,
    )  # fmt: skip
    return path.read_bytes()


def encrypted(content: bytes, public: rsa.RSAPublicKey) -> tuple[bytes, bytes]:
    """(ciphertext, key object) as a controller makes them."""
    key, vector = os.urandom(32), os.urandom(16)
    padder = padding.PKCS7(128).padder()
    sealer = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    sealed = sealer.update(padder.update(content) + padder.finalize()) + sealer.finalize()
    oaep = rsa_padding.OAEP(rsa_padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    told = {
        "EncryptedKey": base64.b64encode(public.encrypt(key, oaep)).decode(),
        "ContentEncryptionIV": base64.b64encode(vector).decode(), "PublicKeyId": "unit-2026",
    }  # fmt: skip
    return sealed, json.dumps(told).encode()


def test_an_officer_whom_nobody_knows(tmp_path: Path) -> None:
    """Accepted, kept, playable, set aside with the reason; over once the officer is entered."""
    site, twin = site_for(tmp_path / "site")
    content = video(tmp_path)
    with site.running():
        site.wait("the listener", lambda _: "CONNECTED" in site.events("axis"))
        twin.know(USER, "张伟", "110023")
        name = twin.recording(SERIAL, STARTED, {"20260804_020000_ab12.mkv": content})
        site.settled(2)
        [(clip, original)] = site.clips().values()
        assert clip.quarantine
        assert clip.quarantine["code"] == "quarantine.unknown_officer"
        assert "张伟 (110023)" in clip.quarantine["facts"]["account"]
        assert (clip.device_id, clip.described.value, original.state.value) == (SERIAL, "READY", "PRESERVED")
        assert original.name == f"{name}/20260804_020000_ab12.mkv"
        assert original.sha256 == hashlib.sha256(content).hexdigest()
        with site.read() as session:
            [record] = session.exec(select(Attachment))
            assert record.clip_id == clip.id
        site.wait("the recording to be let go of", lambda s: s.exec(select(Offload)).one().closed_at)
        site.wait("its receipt", lambda s: s.exec(select(Receipt)).first())
    people = {
        "units": [{"id": "u", "name": "执法一科"}],
        "officers": [{"id": "zhang", "name": "张伟", "unit": "u", "number": "110023"}],
        "allocations": [{"device": SERIAL, "officer": "zhang", "valid_from": "2020-01-01T00:00:00+08:00"}],
    }  # fmt: skip
    (tmp_path / "people.json").write_text(json.dumps(people))
    site.command("devices", "import", tmp_path / "people.json")
    [(clip, _)] = site.clips().values()
    assert clip.quarantine is None
    assert clip.officer_id == "zhang"
    receipt = site.newest_receipt()
    assert receipt is not None
    assert (receipt.body["missing"], receipt.body["listed"]["files"], receipt.body["stored"]["files"]) == (
        [],
        2,
        2,
    )
    site.verify()


def test_encrypted_content_is_kept_as_it_came_and_read_where_the_key_is(tmp_path: Path) -> None:
    private = rsa.generate_private_key(65537, 2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "unit.pem").write_bytes(pem)
    content = video(tmp_path)
    sealed, key = encrypted(content, private.public_key())
    foreign, other_key = encrypted(content[::-1], rsa.generate_private_key(65537, 2048).public_key())
    site, twin = site_for(tmp_path / "site", content_keys={"unit-2026": str(tmp_path / "unit.pem")})
    with site.running():
        site.wait("the listener", lambda _: "CONNECTED" in site.events("axis"))
        clips = {"20260804_020000_ab12.mkv": sealed, "20260804_020100_cd34.mkv": foreign}
        keys = {"20260804_020000_ab12.key": key, "20260804_020100_cd34.mkv.key": other_key}
        twin.recording(SERIAL, STARTED, clips, others=keys)
        site.settled(5)
        found = {name.partition("/")[2]: pair for name, pair in site.clips().items()}
    clip, original = found["20260804_020000_ab12.mkv"]
    assert original.sha256 == hashlib.sha256(sealed).hexdigest()
    assert clip.condition is None
    assert clip.duration_s == 2.0
    with site.read() as session:
        made = {one.kind: one for one in session.exec(select(Rendition).where(Rendition.clip_id == clip.id))}
    assert made["decrypted"].sha256 == hashlib.sha256(content).hexdigest()
    assert made["decrypted"].parent_sha256 == original.sha256
    assert made["proxy"].parent_sha256 == made["decrypted"].sha256
    assert site.store.path(made["decrypted"].stored_as).read_bytes() == content
    clip, original = found["20260804_020100_cd34.mkv"]
    assert original.sha256 == hashlib.sha256(foreign).hexdigest()
    assert clip.condition
    assert clip.condition["code"] == "condition.undecryptable"
    with site.read() as session:
        assert not session.exec(select(Rendition).where(Rendition.clip_id == clip.id)).all()
    site.verify()


def test_kill_at_any_moment_of_an_upload(tmp_path: Path) -> None:
    """What was acknowledged is stored, once; the controller sends the rest again."""
    site, twin = site_for(tmp_path / "site", ingest={"derive": False})
    chance = random.Random(7)
    sent = {
        f"20260804_{hour:02}0000_{n}.mkv": chance.randbytes(1_500_000) for hour in range(3) for n in range(4)
    }  # fmt: skip
    names: list[str] = []

    def bring() -> None:
        for hour in range(3):
            clips = {name: body for name, body in sent.items() if name.startswith(f"20260804_{hour:02}")}
            names.append(twin.recording(SERIAL, STARTED + timedelta(hours=hour), clips))

    site.start()
    bringing = threading.Thread(target=bring)
    bringing.start()
    kills = 0
    while bringing.is_alive() and kills < 6:
        before = len(twin.answers)
        while bringing.is_alive() and len(twin.answers) < before + 3:
            time.sleep(0.01)
        time.sleep(chance.random() * 0.01)
        site.kill()
        kills += 1
        site.start()
    try:
        bringing.join(90)
        assert not bringing.is_alive()
        assert kills >= 3
        site.settled(15)
    finally:
        site.stop()
    assert len(names) == 3
    kept = [original.sha256 for _, original in site.clips().values()]
    assert sorted(kept) == sorted(hashlib.sha256(body).hexdigest() for body in sent.values())
    with site.read() as session:
        assert len(session.exec(select(Offload)).all()) == 3
    site.verify()


def test_a_serial_that_is_another_device_takes_nothing_over(tmp_path: Path) -> None:
    """Its policy decides what may be erased: a header must not change it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    axis = {
        "id": "axis",
        "driver": "axis_body_worn",
        "port": port,
        "url": url,
        "api_key": KEY,
        "reserve_mb": 1,
    }
    card = {"id": "card-1", "driver": "volume", "path": "card", "release": "erase", "poll_seconds": 0.2}
    store = {"reserve_mb": 1, "second_copy": str(tmp_path / "second")}
    site = Site(tmp_path / "site", [axis, card], store=store, ingest={"derive": False})
    with site.running():
        site.wait("the listener", lambda _: "CONNECTED" in site.events("axis"))
        Controller(url, "evidence", KEY).recording(
            "card-1", STARTED, {"20260804_020000_ab12.mkv": b"footage"}
        )
        site.settled(2)
        with site.read() as session:
            device = session.get_one(Device, "card-1")
            assert (device.driver, device.release) == ("volume", "erase")
    site.verify()
