"""Footage: what was found, what is kept, what was derived from it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from gateway.models.columns import Json, UtcDateTime, new_id, no_entries, no_items, now, words


class State(StrEnum):
    """How far the bytes of an original are safe (pipeline PRESERVE)."""

    FOUND = "FOUND"
    ACQUIRED = "ACQUIRED"
    VERIFIED = "VERIFIED"
    PRESERVED = "PRESERVED"
    DUPLICATE = "DUPLICATE"
    QUARANTINED = "QUARANTINED"
    DESTROYED = "DESTROYED"
    """By a disposal: the row stays, the bytes do not."""


class Described(StrEnum):
    """How far a clip is described (pipeline DESCRIBE); never touches the bytes."""

    RAW = "RAW"
    CHARACTERIZED = "CHARACTERIZED"
    LABELLED = "LABELLED"
    READY = "READY"
    QUARANTINED = "QUARANTINED"


class Disposition(StrEnum):
    """What became of a finding."""

    CLIP = "CLIP"
    ATTACHMENT = "ATTACHMENT"
    DUPLICATE = "DUPLICATE"
    LISTED = "LISTED"


UNREAD = frozenset(
    {
        "listed.unreadable", "listed.gone", "listed.unstorable", "listed.other_file_system",
        "release.source_differs",
    }
)  # fmt: skip
"""Why a finding is no footage that is surely kept: what was in it may still be on the device alone."""
"""Reasons for which a listed file is missed, not merely left out."""


class ReleaseState(StrEnum):
    DUE = "DUE"
    BEGUN = "BEGUN"
    """The device is being asked to erase it; how that ended is not written down yet."""
    DONE = "DONE"
    KEPT = "KEPT"


RELEASING = (ReleaseState.DUE, ReleaseState.BEGUN)
"""Releases that have not come to their end."""


class Offload(SQLModel, table=True):
    """One docking session: from device seen to device released."""

    id: str = Field(primary_key=True)
    device_id: str = Field(foreign_key="device.id", index=True)
    bay: str | None = None
    volume: str = ""
    opened_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    listing: list[dict[str, Any]] = Field(default_factory=no_items, sa_type=Json)
    """Everything on the device at t0: path (hex), name, size, mtime_ns, sequence."""
    executor: str | None = None
    """The gateway that saw it begin."""
    stale: bool = Field(default=True, index=True)
    """Something changed since the last receipt, or there is none yet."""


class Receipt(SQLModel, table=True):
    """The sealed account of one offload; what changes later is a new revision."""

    __table_args__ = (UniqueConstraint("offload_id", "revision"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    offload_id: str = Field(foreign_key="offload.id", index=True)
    revision: int
    sealed_at: datetime = Field(sa_type=UtcDateTime)
    body: dict[str, Any] = Field(sa_type=Json)
    digest: str


SAFE = text("state IN ('VERIFIED', 'PRESERVED')")


class Original(SQLModel, table=True):
    """The bit-exact bytes of one file; a clip or attachment has the same id."""

    __table_args__ = (
        # the database decides that the same content is kept once, whoever comes first
        Index("uq_original_content", "sha256", unique=True, sqlite_where=SAFE, postgresql_where=SAFE),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    device_id: str = Field(foreign_key="device.id", index=True)
    state: State = Field(default=State.FOUND, index=True, sa_type=words(State))
    name: str
    """As the device had it, readable; the exact bytes stand in the finding."""
    suffix: str
    size: int = Field(sa_type=BigInteger)
    found_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    stored_as: str | None = None
    """Key in the clip store, from ACQUIRED on."""
    sha256: str | None = Field(default=None, index=True)
    sm3: str | None = None
    acquired_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    verified_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    preserved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    manifest: str | None = None
    """SHA-256 of the manifest beside the original, from PRESERVED on."""
    second_copy: bool | None = None
    duplicate_of: str | None = Field(default=None, foreign_key="original.id", index=True)
    returns: str | None = Field(default=None, index=True)
    """The destroyed original whose content came in again with this one."""
    quarantine: dict[str, Any] | None = Field(default=None, sa_type=Json)


class Finding(SQLModel, table=True):
    """One file seen on a device in one offload."""

    __table_args__ = (Index("ix_finding_identity_device_id", "identity", "device_id"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    device_id: str = Field(foreign_key="device.id", index=True)
    offload_id: str | None = Field(default=None, foreign_key="offload.id", index=True)
    seen_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    path: bytes = Field(sa_type=LargeBinary)
    name: str
    size: int = Field(sa_type=BigInteger)
    mtime_ns: int = Field(sa_type=BigInteger)
    volume: str = ""
    edges: str | None = None
    identity: str
    disposition: Disposition = Field(sa_type=words(Disposition))
    original_id: str | None = Field(default=None, foreign_key="original.id", index=True)
    why: dict[str, Any] | None = Field(default=None, sa_type=Json)
    declared: dict[str, Any] = Field(default_factory=no_entries, sa_type=Json)
    release: ReleaseState | None = Field(default=None, index=True, sa_type=words(ReleaseState))


SHOWS_NOTHING = ("condition.not_media", "condition.unplayable")
"""Conditions of a file in which there is nothing to see or hear; what is encrypted may show everything."""


class Clip(SQLModel, table=True):
    """One media file that we keep (音像资料): its description, labels and links."""

    __table_args__ = (
        Index("ix_clip_started_at_ended_at", "started_at", "ended_at"),
        Index("ix_clip_device_id_started_at", "device_id", "started_at"),
    )

    id: str = Field(primary_key=True, foreign_key="original.id")
    device_id: str = Field(foreign_key="device.id")
    """The recorder: the device that made it, which may not be the one it was found on."""
    kind: str
    described: Described = Field(default=Described.RAW, index=True, sa_type=words(Described))
    condition: dict[str, Any] | None = Field(default=None, sa_type=Json)
    """What is wrong with the content, if anything."""
    format: dict[str, Any] | None = Field(default=None, sa_type=Json)
    duration_s: float | None = None
    times: list[dict[str, Any]] | None = Field(default=None, sa_type=Json)
    """Every capture time as read, with zone and source."""
    time_source: str | None = None
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    uncertainty_s: float | None = None
    latitude: float | None = None
    longitude: float | None = None
    important: bool = False
    declared: dict[str, Any] = Field(default_factory=no_entries, sa_type=Json)
    case_no: str | None = Field(default=None, index=True)
    case_key: str | None = Field(default=None, index=True)
    """The number that the clip itself declares, as parts that two spellings share."""
    secrecy: str | None = None
    """`state_secret`, `trade_secret` or `privacy` (R-77); none: nobody said."""
    transcript: str | None = None
    """Where the words of a sound recording are written down (R-02)."""
    place: str | None = None
    officer_id: str | None = Field(default=None, foreign_key="officer.id", index=True)
    matter: str | None = None
    """证明对象: only a person knows it."""
    recording_id: str | None = Field(default=None, foreign_key="recording.id", index=True)
    unlinked: dict[str, Any] | None = Field(default=None, sa_type=Json)
    """Why no case fits, while none does."""
    quarantine: dict[str, Any] | None = Field(default=None, sa_type=Json)


class Attachment(SQLModel, table=True):
    """A log, track, key or preview kept beside a clip."""

    id: str = Field(primary_key=True, foreign_key="original.id")
    kind: str
    clip_id: str | None = Field(default=None, foreign_key="clip.id", index=True)


class Recording(SQLModel, table=True):
    """The series of consecutive clips that a device cut from one take."""

    id: str = Field(default_factory=new_id, primary_key=True)
    device_id: str = Field(foreign_key="device.id", index=True)


class Rendition(SQLModel, table=True):
    """What is derived from an original, with its lineage."""

    __table_args__ = (UniqueConstraint("clip_id", "kind"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    clip_id: str = Field(foreign_key="clip.id", index=True)
    kind: str
    stored_as: str
    media_type: str
    size: int = Field(sa_type=BigInteger)
    sha256: str
    parent_sha256: str
    command: list[str] = Field(sa_type=Json)
    tool: str
    made_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class Work(SQLModel, table=True):
    """Where one item's way through one pipeline stands; bookkeeping, no evidence."""

    item_id: str = Field(primary_key=True, foreign_key="original.id")
    pipeline: str = Field(primary_key=True)
    run: int = 1
    """Part of the job's id: an id that has ended is never run again, so every new start counts one up."""
    queued_run: int | None = None
    """The last start that was handed to the job engine."""
    failures: int = 0
    """Starts that went wrong; waiting spends none. Names the partial file."""
    open: bool = Field(default=True, index=True)
    host: str | None = None
    """The host that has the device: acquiring runs there."""
    source: bytes | None = Field(default=None, sa_type=LargeBinary)
    """Local path of the file now; changes when the device comes back in another bay."""
    adopt: bool = False
    waiting: dict[str, Any] | None = Field(default=None, sa_type=Json)
    not_before: datetime | None = Field(default=None, sa_type=UtcDateTime)
    executor: str | None = None
    done_bytes: int = Field(default=0, sa_type=BigInteger)
    updated_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class Lease(SQLModel, table=True):
    """A living executor renews its row; what an expired one held is taken over."""

    executor: str = Field(primary_key=True)
    host: str
    expires_at: datetime = Field(sa_type=UtcDateTime)
