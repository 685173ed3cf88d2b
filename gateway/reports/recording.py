"""The recording sheet of one case (全过程记录抽查表): what had to be recorded, and what is there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session, col, select

from gateway import holdings, ledger
from gateway.case_sources.numbers import numbers_of
from gateway.law import Law, is_form, parents_of
from gateway.linking.labels import named
from gateway.linking.untimed import doubts_time
from gateway.models import (
    CaseParty,
    CaseRecord,
    Clip,
    Device,
    Document,
    Link,
    Officer,
    Original,
    Room,
    Statement,
)
from gateway.reports.sheet_lines import RecordingSheet, Said, SheetClip, SheetDevice, SheetLink, SheetStep
from gateway.reports.sheet_papers import papers_of
from gateway.reports.timely import untimely
from gateway.roster import unit_names
from gateway.rules.labels import NUMBER, is_matter_given, lacking
from gateway.scope.board import Row, board
from gateway.scope.facts import COUNTED, Wanted
from gateway.visibility import Viewer, visible
from gateway.wording import Reason, reason

EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def recording_sheet(
    session: Session, viewer: Viewer, law: Law, case: CaseRecord, at: datetime
) -> RecordingSheet:
    """As things stand at `at`; clips of devices that the viewer may not see are counted, not shown."""
    rows = board(session, viewer, law, Wanted(since=EARLIEST, until=LATEST, case=case.uid), at)
    rows.reverse()  # a file is read from its beginning
    names = Names.read(session)
    links = links_of(session, case.uid)
    seen = clips_seen(session, viewer, links)
    clips = [clip_of(clip, original, links[clip.id]) for clip, original in seen]
    hidden = len(links) - len(clips)
    named = numbers_of(session, case.uid)
    numbers = [one.raw for one in named if one.paper is None]
    paper_numbers = [str(one) for one in named if one.paper is not None]
    return RecordingSheet(
        case=case.uid, title=case.title, numbers=numbers, paper_numbers=paper_numbers,
        parties=parties_of(session, case), unit=case.unit_id, unit_name=names.unit(case.unit_id),
        handlers=[names.person(one) for one in case.handlers], procedure=case.procedure,
        opened_on=case.opened_on, decided_on=case.decided_on, closed_on=case.closed_on,
        archived_on=case.archived_on, archive_no=case.archive_no, at=at,
        steps=steps_of(session, rows, names), clips=clips, devices=devices_of(session, seen, names),
        papers=papers_of(session, case, names.person),
        notes=[
            *notes_of(rows, hidden), *notes_of_papers(session, law, case),
            *(one.stored() for one in untimely(session, law, case, at)),
        ],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Names:
    """Officers, rooms and units as people know them."""

    people: Mapping[str, str]
    units: Mapping[str, str]

    @classmethod
    def read(cls, session: Session) -> "Names":
        people = dict(session.exec(select(Officer.id, Officer.name)).all())
        rooms = dict(session.exec(select(Room.id, Room.name)).all())
        return cls({**rooms, **people}, unit_names(session))

    def person(self, ref: str) -> str:
        return self.people.get(ref, ref)

    def unit(self, ref: str | None) -> str:
        return self.units.get(ref or "", ref or "")


def parties_of(session: Session, case: CaseRecord) -> list[str]:
    named = select(CaseParty.name).where(CaseParty.case_uid == case.uid).order_by(col(CaseParty.place))
    return list(session.exec(named)) or ([case.party_name] if case.party_name else [])


def steps_of(session: Session, rows: Sequence[Row], names: Names) -> list[SheetStep]:
    told: dict[str, list[Said]] = {}
    stated = select(Statement).where(
        col(Statement.activity_id).in_([row.step.id for row in rows]), col(Statement.superseded_at).is_(None)
    )
    for one in session.exec(stated.order_by(col(Statement.id))):
        told.setdefault(one.activity_id, []).append(said_of(one))
    return [step_of(row, told.get(row.step.id, []), names) for row in rows]


def said_of(one: Statement) -> Said:
    return Said(
        one.kind.value, one.ground, one.why, one.work_record, one.approved_by, one.made_by, one.recorded_at
    )


def step_of(row: Row, said: Sequence[Said], names: Names) -> SheetStep:
    step, duty = row.step, row.duty
    return SheetStep(
        activity=step.id, stage=step.stage, kind=step.kind, start=step.start, end=step.end, place=step.place,
        officers=[names.person(one) for one in step.officers], mode=row.owed.mode.value,
        standing=duty.standing.value, deadline=duty.deadline,
        clips=len(row.footage.parts) + row.footage.timeless, measured=duty.recorded.measured,
        gaps=duty.recorded.gaps if row.footage.parts else (),
        reasons=[one.stored() for one in duty.findings], said=said,
    )  # fmt: skip


def links_of(session: Session, case: str) -> dict[str, list[Link]]:
    """By clip, as they stand now."""
    found: dict[str, list[Link]] = {}
    standing = select(Link).where(
        Link.case_uid == case, col(Link.ended_at).is_(None), col(Link.status).in_(COUNTED)
    )
    for link in session.exec(standing.order_by(col(Link.id))):
        found.setdefault(link.clip_id, []).append(link)
    return found


def clips_seen(session: Session, viewer: Viewer, ids: Iterable[str]) -> list[tuple[Clip, Original]]:
    wanted = (
        select(Clip, Original)
        .join(Original, col(Original.id) == Clip.id)
        .where(col(Clip.id).in_(list(ids)), visible(viewer, Clip))
    )
    return sorted(session.exec(wanted), key=lambda both: (both[0].started_at or LATEST, both[0].id))


def clip_of(clip: Clip, original: Original, links: Sequence[Link]) -> SheetClip:
    return SheetClip(
        clip=clip.id, name=original.name, kind=clip.kind, device=clip.device_id, start=clip.started_at,
        end=clip.ended_at, lacking=lacking_of(clip, links), sha256=original.sha256,
        verified_at=original.verified_at, state=original.state.value,
        links=[
            SheetLink(
                one.id, one.activity_id, one.status.value, one.verdict, one.matter,
                one.made_by, one.reasons,
            )
            for one in links
        ],
    )  # fmt: skip


def lacking_of(clip: Clip, links: Sequence[Link]) -> list[str]:
    """What of the five labels is not there, for this case."""
    in_room = any(
        one["code"] == "custody.room" and one.get("passed") for link in links for one in link.reasons
    )
    told = lacking(
        time=clip.started_at and not any(doubts_time(link.reasons) for link in links),
        place=clip.place or in_room,
        person=clip.officer_id or in_room,
        matter=is_matter_given(clip.matter, [link.matter for link in links]),
    )
    unnumbered = any(NUMBER in named(link) for link in links)
    return [*([NUMBER] if unnumbered else []), *told]


def devices_of(session: Session, seen: Sequence[tuple[Clip, Original]], names: Names) -> list[SheetDevice]:
    """A line for each device and who held it: a pool's recorder may have been in several hands."""
    known = {clip.device_id for clip, _ in seen}
    devices = session.exec(select(Device).where(col(Device.id).in_(known))).all()
    found: dict[tuple[str, str], SheetDevice] = {}
    by_id = {device.id: device for device in devices}
    for clip, _ in seen:
        line = device_line(session, by_id[clip.device_id], clip.started_at, names)
        key = line.device, f"{line.held_by} {line.since}"
        clips = found[key].clips + 1 if key in found else 1
        found[key] = SheetDevice(
            line.device, line.name, line.type, line.serial_no, line.held_by, line.held_as, line.since,
            line.status, clips,
        )  # fmt: skip
    return [found[key] for key in sorted(found)]


def device_line(session: Session, device: Device, at: datetime | None, names: Names) -> SheetDevice:
    held = ledger.held(session, device.id, at) if at else None
    basis, holder = (held.basis, held.officer_id or held.room_id) if held else (None, None)
    holder = holder or device.room_id
    return SheetDevice(
        device=device.id, name=device.name, type=device.type, serial_no=device.serial_no,
        held_by=names.person(holder) if holder else None, held_as=basis.kind if basis else None,
        since=basis.start if basis else None,
        status=holdings.status_of(session, device, at) if at else None, clips=1,
    )  # fmt: skip


def notes_of_papers(session: Session, law: Law, case: CaseRecord) -> list[Reason]:
    pack = law.packs.of(case.unit_id, parents_of(session))
    told = select(Document.type).where(Document.case_uid == case.uid, col(Document.withdrawn_at).is_(None))
    strange = [one for one in session.exec(told.order_by(col(Document.id))) if not is_form(pack, one)]
    types = "、".join(dict.fromkeys(strange))
    return [reason("sample.strange_forms", papers=len(strange), types=types)] if strange else []


def notes_of(rows: Sequence[Row], hidden: int) -> list[Reason]:
    """What a checker has to know before reading on."""
    found = []
    if not rows:
        found.append(reason("sample.no_steps"))
    open_steps = sum(any(not one.passed for one in row.duty.findings) for row in rows)
    if open_steps:
        found.append(reason("sample.failing_steps", steps=open_steps, of=len(rows)))
    if hidden:
        found.append(reason("sample.hidden_clips", clips=hidden))
    return found
