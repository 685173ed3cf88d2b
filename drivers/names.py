"""What a file's name and place say: its kind, and what the camera wrote into the name."""

import re
from collections.abc import Sequence
from datetime import datetime
from fnmatch import fnmatch

from gateway.device import AttachmentKind, Declared, MediaKind
from gateway.rules import case_number

KINDS: dict[MediaKind | AttachmentKind, frozenset[str]] = {
    MediaKind.VIDEO: frozenset(
        "mp4 mov avi mkv ts mts m2ts mpg mpeg vob ps dav 3gp asf wmv flv webm m4v 264 h264 265 h265".split()  # noqa: SIM905
    ),
    MediaKind.AUDIO: frozenset(["wav", "mp3", "m4a", "aac", "amr", "ogg", "opus", "wma", "flac"]),
    MediaKind.PHOTO: frozenset(
        ["jpg", "jpeg", "png", "heic", "heif", "bmp", "dng", "tif", "tiff", "webp", "raw"]
    ),
    AttachmentKind.TRACK: frozenset(["nmea", "gpx", "gps", "srt", "kml"]),
    AttachmentKind.LOG: frozenset(["log", "txt", "csv"]),
    AttachmentKind.KEY: frozenset(["key", "pem", "cer"]),
    AttachmentKind.PREVIEW: frozenset(["thm", "lrv"]),
    AttachmentKind.LABELS: frozenset(["json"]),
}

SYSTEM = (
    "System Volume Information*", "$RECYCLE.BIN*", ".Trash*", ".Spotlight*", ".fseventsd*", "LOST.DIR*",
    "lost+found*", "desktop.ini", ".DS_Store", "Thumbs.db", "autorun.inf", "._*", ".gateway-*",
)  # fmt: skip

TIME = r"(?P<date>20\d{6})[_-]?(?P<time>\d{6})?"

TEMPLATES = (
    # DCAM_<device>_<officer6>_<YYYYMMDD>_<HHMMSS>[_IMP]
    rf"^[A-Z]+_(?P<device>[A-Za-z0-9-]+)_(?P<officer>\d{{6}})_{TIME}(?:_(?P<sequence>\d{{1,6}}))?(?P<important>_IMP)?$",
    # 20130501-121010_EVT_D1, 20260804_100000_IMP
    rf"^{TIME}(?:[_-](?P<important>IMP|EVT|LOCK|SOS))?(?:[_-].*)?$",
    # 2017_0101_060101_001A
    r"^(?P<date>20\d{2}_\d{4})_(?P<time>\d{6})_(?P<sequence>\d{3,6})[A-Z]?(?P<important>_IMP)?$",
    # DCF: GX010001, MVI_0001, DSCF0001, 0001
    r"^[A-Za-z_]{0,5}(?P<sequence>\d{3,8})(?P<important>_IMP|_I)?$",
)

IMPORTANT_FOLDERS = frozenset({"event", "emergency", "important", "lock", "locked", "sos"})


def kind_of(name: str) -> MediaKind | AttachmentKind:
    """By extension; what nobody knows is kept as OTHER."""
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    for kind, extensions in KINDS.items():
        if extension in extensions:
            return kind
    return AttachmentKind.OTHER


def is_system(relative: str) -> bool:
    """Files that an operating system leaves on every card."""
    return any(fnmatch(part, pattern) for part in relative.split("/") for pattern in SYSTEM)


def read_name(relative: str, own_templates: Sequence[str] = ()) -> Declared:
    """What the first template that fits makes of a name; own templates come before the known ones."""
    folders, _, name = relative.rpartition("/")
    stem = name.rpartition(".")[0] or name
    in_important = bool(IMPORTANT_FOLDERS & {part.lower() for part in folders.split("/")})
    found: dict[str, str] = {}
    for template in (*own_templates, *TEMPLATES):
        if match := re.match(template, stem):
            found = {key: value for key, value in match.groupdict().items() if value}
            break
    sequence = found.get("sequence")
    return Declared(
        device=found.get("device"),
        officer=found.get("officer"),
        started=moment(found.get("date"), found.get("time")),
        sequence=int(sequence) if sequence else None,
        important=in_important or "important" in found,
        case_no=found.get("case_no") or case_number.find(stem),
    )


def moment(date: str | None, time: str | None) -> datetime | None:
    """A naive time as the camera wrote it; None where the digits are no time."""
    if date is None or time is None:
        return None
    try:
        return datetime.strptime(date.replace("_", "") + time, "%Y%m%d%H%M%S")
    except ValueError:
        return None
