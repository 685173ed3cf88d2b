"""What is reported of one segment of a room's recording."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from drivers.room.takes import Leftover, Take
from gateway.config.recorders import RtspRecorderSettings
from gateway.device import Declared, FileFound, FileListed, FoundFile, MediaKind, edge_digest, modified_ns
from gateway.wording import reason


def event_of(
    settings: RtspRecorderSettings, take: Take, left: Leftover, path: Path
) -> FileFound | FileListed:
    """Listed only is what has no bytes, or certainly no picture."""
    taken, seen = taken_at(settings, take, left), path.stat()
    name = f"{take.id}/{settings.id}_{taken:%Y%m%d_%H%M%S}_{left.name}".encode()
    if seen.st_size == 0 or left.duration_s == 0:
        return FileListed(
            device_id=settings.id, offload=None, path=name, size=seen.st_size,
            mtime_ns=modified_ns(seen), why=reason("condition.empty"),
        )  # fmt: skip
    with path.open("rb") as file:
        edges = edge_digest(file.fileno(), seen.st_size)
    declared = Declared(device=settings.id, started=taken, clock="gateway", sequence=int(left.name[:5]))
    return FileFound(
        found=FoundFile(
            device_id=settings.id, path=name, local=path, size=seen.st_size,
            mtime_ns=modified_ns(seen), kind=MediaKind.VIDEO, edges=edges, volume=take.id,
            declared=declared, adopt=True,
        )
    )  # fmt: skip


def taken_at(settings: RtspRecorderSettings, take: Take, left: Leftover) -> datetime:
    """As a clock in the room shows it."""
    at = take.at(left.offset_s)
    assert at is not None
    return at.astimezone(ZoneInfo(settings.timezone or "UTC")).replace(tzinfo=None)
