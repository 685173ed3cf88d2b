"""A watched folder of signed files: only what is whole, signed and new is taken, and nothing half."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlmodel import select

from gateway.case_sources.folder import Inbox
from gateway.case_sources.rules import usual
from gateway.case_sources.taking import Desk
from gateway.config import ConfigError
from gateway.config.sources import Ed25519, FolderSource, Hmac
from gateway.database import Database
from gateway.device import DeviceUnavailable
from gateway.models import CaseFeed, CaseFile, CaseRecord, CaseRefusal

KEY = Ed25519PrivateKey.generate()
SECRET = "a secret that both sides have, long"
HMAC = Hmac(kind="hmac", secret=SECRET)  # type: ignore[arg-type]
CASES = json.dumps(
    [{"uid": "k1", "title": "一案", "unit": "u"}, {"uid": "k2", "title": "二案", "unit": "u"}]
).encode()


def by_hmac(content: bytes) -> bytes:
    return hmac.new(SECRET.encode(), content, hashlib.sha256).hexdigest().encode()


class Folder:
    """An inbox whose rounds are made by hand, a second apart."""

    def __init__(self, database: Database, path: Path, **more: Any) -> None:
        self.path, self.database, self.at = path / "inbox", database, 0.0
        self.path.mkdir(exist_ok=True)
        self.settings = FolderSource(id="f", kind="folder", path=self.path, **{"signature": HMAC, **more})
        self.inbox = Inbox(self.settings, Desk(database, usual(), self.settings))

    def put(self, name: str, content: bytes = CASES, sign: Callable[[bytes], bytes] | None = by_hmac) -> None:
        (self.path / name).write_bytes(content)
        if sign is not None:
            (self.path / f"{name}.sig").write_bytes(sign(content))

    def rounds(self, count: int = 2) -> None:
        for _ in range(count):
            self.at += 1
            self.inbox.round(self.at)

    def names(self, folder: str = "") -> list[str]:
        return sorted(path.name for path in (self.path / folder).iterdir() if path.is_file())

    def why(self, name: str) -> str:
        return (self.path / "refused" / f"{name}.why.txt").read_text()

    def cases(self) -> list[str]:
        with self.database.read() as session:
            return sorted(session.exec(select(CaseRecord.uid)))

    def refusals(self) -> list[str]:
        with self.database.read() as session:
            return [row.why["code"] for row in session.exec(select(CaseRefusal))]


@pytest.fixture
def folder(database: Database, tmp_path: Path) -> Folder:
    return Folder(database, tmp_path)


def test_a_signed_file_is_taken_and_put_away(folder: Folder) -> None:
    folder.put("cases.json")
    folder.rounds()
    assert folder.cases() == ["k1", "k2"]
    assert folder.names() == []
    assert folder.names("done") == ["cases.json", "cases.json.sig"]
    assert folder.refusals() == []


def test_ed25519_in_every_way_it_may_be_written(database: Database, tmp_path: Path) -> None:
    public = tmp_path / "public.pem"
    public.write_bytes(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    other = tmp_path / "other.pem"
    other.write_bytes(
        Ed25519PrivateKey.generate()
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    folder = Folder(database, tmp_path, signature=Ed25519(kind="ed25519", public_keys=(other, public)))
    for count, write in enumerate([bytes, base64.b64encode, lambda raw: raw.hex().encode() + b"\n"]):
        content = json.dumps([{"uid": f"e{count}", "title": "t"}]).encode()
        folder.put(f"{count}.json", content, lambda content, write=write: write(KEY.sign(content)))  # type: ignore[misc]
    folder.put("forged.json", b'[{"uid": "x", "title": "t"}]', lambda _: base64.b64encode(KEY.sign(CASES)))
    folder.rounds()
    assert folder.cases() == ["e0", "e1", "e2"]
    assert "签名" in folder.why("forged.json")


def test_a_key_that_is_none_is_a_mistake_in_the_configuration(database: Database, tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_text("no key")
    with pytest.raises(ConfigError, match=r"x\.pem"):
        Folder(database, tmp_path, signature=Ed25519(kind="ed25519", public_keys=(tmp_path / "x.pem",)))


@pytest.mark.parametrize(
    ("sign", "code"),
    [
        (lambda _: b"", "case_file.wrong_signature"),
        (lambda _: b"0" * 64, "case_file.wrong_signature"),
        (lambda content: by_hmac(content + b"\n"), "case_file.wrong_signature"),
        (lambda content: by_hmac(content)[:-2], "case_file.wrong_signature"),
    ],
)
def test_what_is_wrongly_signed_is_refused(folder: Folder, sign: Callable[[bytes], bytes], code: str) -> None:
    folder.put("cases.json", sign=sign)
    folder.rounds()
    assert folder.refusals() == [code]
    assert folder.cases() == []
    assert folder.names("refused") == ["cases.json", "cases.json.sig", "cases.json.why.txt"]


def test_an_unsigned_file_has_its_time_and_is_refused_then(folder: Folder) -> None:
    folder.put("cases.json", sign=None)
    folder.rounds(60)
    assert folder.names() == ["cases.json"]
    folder.rounds(2)
    assert folder.refusals() == ["case_file.unsigned"]
    assert folder.names("refused") == ["cases.json", "cases.json.why.txt"]


def test_a_signature_that_comes_late_is_in_time(folder: Folder) -> None:
    folder.put("cases.json", sign=None)
    folder.rounds(30)
    folder.put("cases.json")
    folder.rounds()
    assert folder.cases() == ["k1", "k2"]


def test_a_file_that_still_grows_is_left_alone(folder: Folder) -> None:
    folder.put("cases.json.part", CASES[:10], None)
    folder.put("cases.json", CASES[:20], None)
    (folder.path / "cases.json.sig").write_bytes(by_hmac(CASES))
    for length in range(21, len(CASES) + 1, 7):
        folder.rounds(1)
        (folder.path / "cases.json").write_bytes(CASES[:length])
        assert folder.refusals() == []
    (folder.path / "cases.json").write_bytes(CASES)
    folder.rounds()
    assert folder.cases() == ["k1", "k2"]
    assert folder.names() == ["cases.json.part"]


def test_one_that_stopped_half_way_is_refused(folder: Folder) -> None:
    folder.put("cases.json", CASES[:20], None)
    (folder.path / "cases.json.sig").write_bytes(by_hmac(CASES))
    folder.rounds()
    assert folder.refusals() == ["case_file.wrong_signature"]


def test_the_same_content_again_is_refused_under_any_name(folder: Folder) -> None:
    folder.put("cases.json")
    folder.rounds()
    folder.put("cases.json")
    folder.put("again.json")
    folder.rounds()
    assert folder.refusals() == ["case_file.duplicate"] * 2
    assert "cases.json" in folder.why("again.json")


def test_one_wrong_row_refuses_the_whole_file_naming_row_and_cell(folder: Folder) -> None:
    table = "uid,title,opened_on\nk1,一案,2024-05-06T09:00:00+08:00\nk2,二案,soon\n".encode()
    folder.put("cases.csv", table)
    folder.rounds()
    assert folder.cases() == []
    assert "line 3, cell C3: case 2: opened_on" in folder.why("cases.csv")
    folder.put("cases.csv", table.replace(b"soon", b"2024-05-07T09:00:00+08:00"))
    folder.rounds()
    assert folder.cases() == ["k1", "k2"]
    with folder.database.read() as session:
        assert all(row.settled_at for row in session.exec(select(CaseRefusal))), "it came after all"


def test_a_case_of_another_unit_refuses_the_whole_file(database: Database, tmp_path: Path) -> None:
    folder = Folder(database, tmp_path, units=("v",))
    folder.put("cases.json")
    folder.rounds()
    assert folder.refusals() == ["case.other_unit"]
    assert folder.cases() == []


@pytest.mark.parametrize("name", ["cases.xml", "README", "cases.json.sig"])
def test_what_is_no_file_of_cases_is_refused(folder: Folder, name: str) -> None:
    folder.put(name, sign=None)
    folder.rounds(63)
    assert folder.names() == []
    assert name in folder.names("refused")


def test_a_link_to_another_place_is_not_followed(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_bytes(CASES)
    (folder.path / "cases.json").symlink_to(tmp_path / "secret.json")
    (folder.path / "cases.json.sig").write_bytes(by_hmac(CASES))
    folder.rounds()
    assert folder.refusals() == ["case_file.no_plain_file"]
    assert (tmp_path / "secret.json").read_bytes() == CASES


def test_a_gateway_that_died_between_taking_and_moving_only_moves(
    folder: Folder, database: Database, tmp_path: Path
) -> None:
    folder.put("cases.json")
    with database.write() as session:
        session.add(CaseFile(source_id="f", sha256=hashlib.sha256(CASES).hexdigest(), name="cases.json"))
    (folder.path / "cases.json.sig").unlink()
    folder.rounds()
    assert folder.refusals() == []
    assert folder.names("done") == ["cases.json"]
    with database.read() as session:
        assert session.exec(select(CaseFile)).one().put_away


def test_a_folder_that_is_gone_is_a_loss_and_not_an_end(folder: Folder) -> None:
    folder.rounds()
    for inner in ("done", "refused"):
        (folder.path / inner).rmdir()
    folder.path.rmdir()
    with pytest.raises(DeviceUnavailable):
        folder.rounds()
    assert not folder.path.exists(), "what may be a share that is not mounted is not made"
    with folder.database.read() as session:
        assert session.get_one(CaseFeed, "f").read_at is not None
