"""Whose a file is that names a device: of the same unit or one below, and of one only."""

from pathlib import Path

import pytest
from sqlmodel import select

from gateway.database import Database
from gateway.device import Declared, FileFound, FoundFile, MediaKind
from gateway.intake.events import store_one
from gateway.models import Clip, CustodyEvent, Device, Unit

DEVICES = (
    ("ftp", "town", None), ("mine", "town", "S1"), ("below", "village", "S2"), ("above", "city", "S3"),
    ("other", "county", "S4"), ("twin-1", "town", "S5"), ("twin-2", "village", "S5"), ("far-twin", "county", "S1"),
    ("S4", "town", None),
)  # fmt: skip


@pytest.fixture
def site(database: Database) -> Database:
    with database.write() as session:
        for unit, parent in (("city", None), ("town", "city"), ("village", "town"), ("county", "city")):
            session.add(Unit(id=unit, name=unit, parent_id=parent))
            session.flush()
        for device, unit, serial in DEVICES:
            session.add(Device(id=device, type="body_camera", unit_id=unit, serial_no=serial))
        session.add(Device(id="dock", type="storage"))
    return database


@pytest.mark.parametrize(
    ("named", "whose", "why"),
    [
        ("mine", "mine", None), ("S2", "below", None), ("above", "ftp", "recorder.other_unit"),
        ("other", "ftp", "recorder.other_unit"), ("S5", "ftp", "recorder.several"), ("S1", "mine", None),
        ("S4", "S4", None), ("nobody", "ftp", None), (None, "ftp", None),
    ],
)  # fmt: skip
def test_a_name_reaches_its_own_unit_and_those_below(
    site: Database, named: str | None, whose: str, why: str | None
) -> None:
    assert taken(site, "ftp", named) == (whose, why)


def test_a_dock_of_no_unit_is_for_everybody(site: Database) -> None:
    assert taken(site, "dock", "other") == ("other", None)
    assert taken(site, "dock", "S5") == ("dock", "recorder.several")


def taken(site: Database, device: str, named: str | None) -> tuple[str, str | None]:
    found = FoundFile(
        device_id=device, path=f"{named}.mp4".encode(), local=Path("/spool/a.mp4"), size=4, mtime_ns=1,
        kind=MediaKind.VIDEO, edges=f"{named}", declared=Declared(device=named),
    )  # fmt: skip
    with site.write() as session:
        [item] = store_one(session, FileFound(found=found), "h", "e")
        clip = session.get_one(Clip, item)
        event = session.exec(select(CustodyEvent).where(CustodyEvent.subject == item)).one()
        return clip.device_id, event.detail.get("recorder", {}).get("code")
