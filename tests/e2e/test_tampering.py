"""Whoever changes a byte, a line or a row is named by `gateway verify`."""

import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from drivers.simulators.card import Camera
from tests.e2e.site import Site, volume
from tests.e2e.test_ingest import PEOPLE, case_file


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with linked clips, made once; each test spoils a copy of it."""
    site = Site(tmp_path_factory.mktemp("finished"), [volume()])
    camera = Camera(site.folder / "card", "CAM1", "130501")
    camera.record(datetime(2024, 5, 6, 9, 30), 1)
    camera.record(datetime(2024, 5, 6, 9, 40), 1, hue=60)
    (site.folder / "people.yaml").write_text(PEOPLE)
    site.command("devices", "import", site.folder / "people.yaml")
    site.command("devices", "allocate", "cam-1", "--officer", "zhang", "--from", "2024-01-01")
    site.command("cases", "import", case_file(site, "2024-05-06T09:20:00+08:00", "2024-05-06T09:50:00+08:00"))
    site.command("ingest", site.folder / "card", "--device", "cam-1")
    site.verify()
    return site.folder


@pytest.fixture
def site(finished: Path, tmp_path: Path) -> Site:
    shutil.copytree(finished, tmp_path / "copy", ignore=shutil.ignore_patterns("*.lock"))
    return Site(tmp_path / "copy", [volume()])


def spoil(site: Site, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(site.settings.data / "gateway.sqlite")) as database:
        assert database.execute(statement, values).rowcount == 1
        database.commit()


def test_one_flipped_byte_in_an_original(site: Site) -> None:
    key = next(key for key in site.finished() if key.startswith("originals"))
    path = site.store.path(key)
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    said = site.verify(expect=1)
    assert str(path) in said
    assert "altered: sha256 and sm3 differ" in said


def test_a_line_deleted_in_the_middle(site: Site) -> None:
    spoil(site, "DELETE FROM custodyevent WHERE chain = 'device:cam-1' AND seq = 5")
    said = site.verify(expect=1)
    assert "chain device:cam-1, line 5: missing" in said


def test_a_line_deleted_at_the_tail(site: Site) -> None:
    spoil(
        site,
        "DELETE FROM custodyevent WHERE chain = 'device:cam-1' AND seq = "
        "(SELECT max(seq) FROM custodyevent WHERE chain = 'device:cam-1')",
    )
    assert "missing at the tail" in site.verify(expect=1)


def test_an_edited_line(site: Site) -> None:
    spoil(site, "UPDATE custodyevent SET actor = 'nobody' WHERE chain = 'device:cam-1' AND seq = 4")
    assert "chain device:cam-1, line 4: edited" in site.verify(expect=1)


def test_an_edited_link_row(site: Site) -> None:
    spoil(site, "UPDATE link SET verdict = 'VALID' WHERE id = (SELECT min(id) FROM link)")
    said = site.verify(expect=1)
    assert "row link/" in said
    assert "edited" in said


def test_a_deleted_link_row(site: Site) -> None:
    spoil(site, "DELETE FROM link WHERE id = (SELECT min(id) FROM link)")
    assert "deleted: the chain tells of it" in site.verify(expect=1)


def test_an_inserted_row(site: Site) -> None:
    spoil(
        site,
        "INSERT INTO clockreading (id, device_id, read_at, device_time, offset_s, uncertainty_s) "
        "VALUES ('x', 'cam-1', '2024-01-01', '2024-01-01', 3600, 1)",
    )
    assert "no line of custody tells of it" in site.verify(expect=1)


def test_a_swapped_manifest_a_missing_file_and_a_stray_one(site: Site) -> None:
    originals = [key for key in site.finished() if key.startswith("originals")]
    site.store.manifest_path(originals[0]).write_text("{}")
    site.store.path(originals[1]).unlink()
    stray = site.store.path("originals/00/" + "0" * 32 + ".mp4")
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"x")
    said = site.verify(expect=1)
    assert f"{site.store.manifest_path(originals[0])}: altered" in said
    assert f"{site.store.path(originals[1])}: missing" in said
    assert f"{stray}: no row knows it" in said


def test_an_edited_allocation(site: Site) -> None:
    spoil(site, "UPDATE allocation SET officer_id = 'li'")
    assert "row allocation/" in site.verify(expect=1)


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE activity SET started_at = '2020-01-01 00:00:00'", "row activity/a1"),
        ("UPDATE caserecord SET title = 'x'", "row caserecord/k1"),
        ("DELETE FROM casealias", "row casealias/"),
        ("UPDATE officer SET cert_valid_to = '2050-01-01' WHERE id = 'zhang'", "row officer/zhang"),
        ("UPDATE device SET status = 'LOST'", "row device/cam-1"),
        ("UPDATE offload SET listing = '[]'", "row offload/"),
        ("UPDATE offload SET bay = '7'", "its bay differs"),
        ("UPDATE offload SET volume = 'other'", "its volume differs"),
        ("UPDATE offload SET device_id = 'cam-2'", "its device_id differs"),
        ("UPDATE offload SET opened_at = '2020-01-01 00:00:00'", "its opened_at differs"),
        ("UPDATE offload SET closed_at = '2020-01-01 00:00:00'", "its closed_at differs"),
        ("UPDATE offload SET closed_at = NULL", "its closed_at differs"),
        ("UPDATE clip SET started_at = 'garbage' WHERE id = (SELECT min(id) FROM clip)", "row clip/"),
        ("UPDATE original SET state = 'FINE' WHERE id = (SELECT min(id) FROM original)", "row original/"),
    ],
)
def test_every_fact_that_decides_a_case_is_watched(site: Site, statement: str, named: str) -> None:
    spoil(site, statement)
    assert named in site.verify(expect=1)


def test_a_whole_chain_with_its_head(site: Site) -> None:
    with closing(sqlite3.connect(site.settings.data / "gateway.sqlite")) as database:
        database.execute("DELETE FROM custodyevent WHERE chain = 'site'")
        database.execute("DELETE FROM chainhead WHERE chain = 'site'")
        database.commit()
    assert "row caserecord/k1: no line of custody tells of it" in site.verify(expect=1)


def originals_of(site: Site) -> list[str]:
    """Keys by age, as the rows' ids sort."""
    kept = [key for key in site.finished() if key.startswith("originals")]
    return sorted(kept, key=lambda key: Path(key).name)


def flipped(site: Site) -> Path:
    """A byte flipped in the last original: whatever else is wrong, this must be named."""
    path = site.store.path(originals_of(site)[-1])
    path.chmod(0o644)
    path.write_bytes(b"\xff" + path.read_bytes()[1:])
    return path


HIDING = {
    "an unreadable row": "UPDATE original SET found_at = 'garbage' WHERE id = (SELECT min(id) FROM original)",
    "an unreadable line": "UPDATE custodyevent SET detail = '{bad' WHERE chain = 'site' AND seq = 2",
    "an unreadable list of rows": "UPDATE custodyevent SET rows = '{bad' WHERE chain = 'site' AND seq = 2",
}


@pytest.mark.parametrize("what", HIDING)
def test_what_cannot_be_read_hides_nothing_else(site: Site, what: str) -> None:
    path = flipped(site)
    spoil(site, HIDING[what])
    spoil(site, "UPDATE finding SET name = 'other' WHERE id = (SELECT max(id) FROM finding)")
    spoil(site, "DELETE FROM custodyevent WHERE chain = 'device:cam-1' AND seq = 5")
    said = site.verify(expect=1)
    assert f"{path}: altered" in said
    assert "row finding/" in said
    assert "chain device:cam-1, line 5: missing" in said
    assert "cannot be read" in said


@pytest.mark.parametrize("what", ["a loop", "a folder", "a link"])
def test_a_file_that_is_none_any_more_hides_nothing_else(site: Site, what: str) -> None:
    path = flipped(site)
    other = site.store.path(originals_of(site)[0])
    if what == "a folder":
        other = site.store.manifest_path(str(other.relative_to(site.store.root)))
        other.unlink()
        other.mkdir()
    else:
        other.rename(site.folder / "elsewhere")
        other.symlink_to(other if what == "a loop" else site.folder / "elsewhere")
    said = site.verify(expect=1)
    assert f"{path}: altered" in said
    assert str(other) in said


@pytest.mark.parametrize(
    "place", ["x.mp4", "originals/x.mp4", "originals/abc/x.mp4", "originals/00/x.mp4.manifest.json"]
)
def test_a_stray_file_is_found_wherever_it_lies(site: Site, place: str) -> None:
    stray = site.store.root / place
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_bytes(b"x")
    assert f"{stray}: no row knows it" in site.verify(expect=1)


def test_an_inserted_key(site: Site) -> None:
    site.command("user", "add", "reader")
    site.verify()
    spoil(
        site,
        "INSERT INTO apikey (id, user_id, key_hash, label, made_at) "
        "SELECT 'x', id, 'h', '', '2024-01-01' FROM account LIMIT 1",
    )
    assert "row apikey/x: no line of custody tells of it" in site.verify(expect=1)
