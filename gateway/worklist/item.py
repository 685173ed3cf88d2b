"""One clip as it lies on the table: its labels, the cases proposed for it, what else was near."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from gateway.approvals import may_lift_secrecy
from gateway.law import Law
from gateway.linking.archivable import why_not
from gateway.linking.placed import places
from gateway.models import (
    Activity,
    Clip,
    Described,
    Device,
    Link,
    LinkStatus,
    Officer,
    Original,
    Rendition,
    State,
    Unit,
)
from gateway.rules.labels import MATTER, NUMBER, PERSON, PLACE, TIME, lacking
from gateway.visibility import Viewer, visible
from gateway.wording import Reason
from gateway.worklist.cases import Near, Shown, near, shown
from gateway.worklist.deciding import seen_until
from gateway.worklist.marks import own

CHOICES = 9
"""One key for each."""
BESIDE = 2


@dataclass(frozen=True, slots=True)
class Proposal:
    """A link that stands, with the case that it leads to: None where the viewer may not see that."""

    link: Link
    case: Shown | None
    step: Activity | None
    losers: Sequence[tuple[Shown, float, Reason]]

    @property
    def is_open(self) -> bool:
        """Nobody decided it, or the facts moved since somebody did."""
        return self.link.status is LinkStatus.PROPOSED or self.link.doubt is not None


@dataclass(frozen=True, slots=True)
class Beside:
    clip: Clip
    name: str
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    original: Original
    clip: Clip | None
    """None of a log, a track or a key that is set aside."""
    device: Device
    unit: str | None
    officer: str | None
    place: str | None = None
    """Where it was recorded, also where only the ledger tells."""
    proposals: Sequence[Proposal] = ()
    near: Sequence[Near] = ()
    before: Sequence[Beside] = ()
    after: Sequence[Beside] = ()
    lacks: Sequence[Reason] = ()
    renditions: frozenset[str] = frozenset()
    seen: int = 0
    """The last line of the chain that said something of it."""
    may_lift: bool = False
    """The viewer may say that it is no state secret."""

    @property
    def aside(self) -> Reason | None:
        return self.original.quarantine or (self.clip.quarantine if self.clip else None)

    @property
    def can_retry(self) -> bool:
        """What was set aside because something went wrong may go right the next time."""
        broken = self.original.state is State.QUARANTINED
        return broken or (self.clip is not None and self.clip.described is Described.QUARANTINED)

    @property
    def is_secret(self) -> bool:
        return self.clip is not None and self.clip.secrecy == "state_secret"

    @property
    def is_gone(self) -> bool:
        return self.original.state is State.DESTROYED

    @property
    def proposed_count(self) -> int:
        return sum(one.link.status is LinkStatus.PROPOSED for one in self.proposals)

    @property
    def lacking(self) -> dict[str, bool]:
        """Which of the five labels are missing, or doubted: as its links say, else as it says itself."""
        said = {label for one in self.lacks if one["code"] == "labels.missing" for label in labels_in(one)}
        if not self.proposals and self.clip is not None:
            said |= set(of_itself(self.clip, self.place))
        return {name: label in said for name, label in LABELS.items()}

    @property
    def matters(self) -> list[str]:
        said = [one.link.matter for one in self.proposals if one.link.matter]
        own = [self.clip.matter] if self.clip and self.clip.matter and not said else []
        return list(dict.fromkeys([*said, *own]))

    @property
    def shown(self) -> dict[str, str]:
        """What a form of its labels shows: its own, and of each link what it proves."""
        clip = self.clip
        own = {
            name: (getattr(clip, name) if clip else None) or "" for name in ("place", "matter", "transcript")
        }
        return own | {f"matter.{one.link.id}": one.link.matter or "" for one in self.proposals}

    @property
    def around(self) -> list["Beside"]:
        """What the recorder took, in the order of time, with this one among it."""
        own = [Beside(self.clip, self.original.name, ())] if self.clip else []
        return [*reversed(self.before), *own, *self.after]


LABELS = {"number": NUMBER, "time": TIME, "place": PLACE, "person": PERSON, "matter": MATTER}


def labels_in(reason: Reason) -> list[str]:
    return str(reason["facts"]["labels"]).split("、")


def of_itself(clip: Clip, place: str | None) -> tuple[str, ...]:
    told = lacking(time=clip.started_at, place=place, person=clip.officer_id, matter=clip.matter)
    return told if clip.case_no else (NUMBER, *told)


def item_of(session: Session, viewer: Viewer, law: Law, original_id: str) -> Item | None:
    """None for what is not there, and for what the viewer may not see."""
    original = seen_original(session, viewer, original_id)
    if original is None:
        return None
    seen = seen_until(session, original_id)  # first: what is decided while the rest is read was not seen
    clip = session.get(Clip, original_id)
    device = session.get_one(Device, clip.device_id if clip else original.device_id)
    unit = session.get(Unit, device.unit_id) if device.unit_id else None
    plain: dict[str, Any] = {"original": original, "device": device, "unit": unit.name if unit else None}
    if clip is None:
        return Item(**plain, clip=None, officer=None, seen=seen)
    officer = session.get(Officer, clip.officer_id) if clip.officer_id else None
    links = standing(session, clip.id)
    told = proposals(session, viewer, links)
    most = max(0, CHOICES - sum(one.is_open for one in told))
    made = session.exec(select(Rendition.kind).where(Rendition.clip_id == clip.id))
    return Item(
        **plain,
        clip=clip,
        officer=officer.name if officer else None,
        place=places(session, law.packs, [clip]).get(clip.id),
        proposals=told,
        near=near(session, viewer, clip, [link.case_uid for link in links], min(most, 4)),
        before=beside(session, viewer, clip, later=False),
        after=beside(session, viewer, clip, later=True),
        lacks=why_not(links),
        renditions=frozenset(made),
        seen=seen,
        may_lift=may_lift_secrecy(session, viewer, clip),
    )


def seen_original(session: Session, viewer: Viewer, original_id: str) -> Original | None:
    """If the viewer may see it. Of one's own recorder first: what of others' one may see is a long list."""
    one = select(Original).where(Original.id == original_id)
    mine = session.exec(one.where(*own(viewer, Original.device_id))).one_or_none()
    return mine or session.exec(one.where(visible(viewer, Original))).one_or_none()


def standing(session: Session, clip_id: str) -> Sequence[Link]:
    stands = select(Link).where(Link.clip_id == clip_id, col(Link.ended_at).is_(None))
    return session.exec(stands.order_by(col(Link.score).desc(), col(Link.id))).all()


def proposals(session: Session, viewer: Viewer, links: Sequence[Link]) -> list[Proposal]:
    uids = {link.case_uid for link in links} | {lost["case_uid"] for link in links for lost in link.losers}
    cases = shown(session, viewer, uids)
    steps = {link.activity_id for link in links if link.activity_id}
    known = {step.id: step for step in session.exec(select(Activity).where(col(Activity.id).in_(steps)))}
    return [
        Proposal(
            link,
            cases.get(link.case_uid),
            known.get(link.activity_id or "") if link.case_uid in cases else None,
            [
                (cases[lost["case_uid"]], lost["score"], lost["why"])
                for lost in link.losers
                if lost["case_uid"] in cases
            ],
        )
        for link in links
    ]


def beside(session: Session, viewer: Viewer, clip: Clip, *, later: bool) -> list[Beside]:
    """What the same recorder took just before, or just after: the nearest first."""
    if clip.started_at is None:
        return []
    key = col(Clip.started_at)
    of_own = session.exec(
        select(Device.id).where(Device.id == clip.device_id, *own(viewer, Device.id))
    ).first()
    wanted = (
        select(Clip, Original.name)
        .join(Original, col(Original.id) == Clip.id)
        .where(
            Clip.device_id == clip.device_id,
            Clip.id != clip.id,
            key >= clip.started_at if later else key < clip.started_at,
            *(() if of_own else (visible(viewer, Original),)),
        )
        .order_by(key.asc() if later else key.desc())
        .limit(BESIDE)
    )
    found = session.exec(wanted).all()
    titles = linked_to(session, viewer, [one.id for one, _ in found])
    return [Beside(one, name, titles.get(one.id, ())) for one, name in found]


def linked_to(session: Session, viewer: Viewer, clips: Sequence[str]) -> dict[str, tuple[str, ...]]:
    stands = select(Link.clip_id, Link.case_uid).where(
        col(Link.clip_id).in_(clips), col(Link.ended_at).is_(None)
    )
    pairs = session.exec(stands).all()
    cases = shown(session, viewer, {uid for _, uid in pairs})
    return {
        clip: tuple(cases[uid].title for one, uid in pairs if one == clip and uid in cases)
        for clip in {clip for clip, _ in pairs}
    }
