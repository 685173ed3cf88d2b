"""What a person decides about links: confirm, withdraw, correct, link, undo; nothing is erased (LK-17).

Of a clip that was destroyed they stand as they were when it went: each raises Refused.
"""

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, col, select

from gateway import custody, outbox, receipts
from gateway.device import Refused
from gateway.holds import must_be_there
from gateway.linking.deciding import preview
from gateway.linking.due import due
from gateway.linking.facts import Facts
from gateway.linking.labels import of_clip, restate
from gateway.linking.standing import decided, fingerprint, links_of, pointed
from gateway.linking.together import outing_due
from gateway.models import (
    Activity,
    CaseRecord,
    Clip,
    CustodyEvent,
    Document,
    Link,
    LinkStatus,
    Original,
    now,
)
from gateway.rulepacks import RulePacks
from gateway.rules.judgement import judge
from gateway.rules.proof import paper_of, proposal
from gateway.wording import reason


class LinkIn(BaseModel):
    """Where a clip, or a part of it, belongs."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    case: str
    activity: str | None = None
    document: str | None = None
    t0_s: float | None = Field(default=None, ge=0, description="seconds from the clip's start")
    t1_s: float | None = Field(default=None, gt=0)
    matter: str | None = Field(default=None, description="证明对象 of this link")


def confirm(
    session: Session, link: Link, packs: RulePacks, actor: str, why: str, matter: str | None = None
) -> Link:
    """A person stands by the link, and may say what it proves; the machine will not overturn it."""
    must_be_there(session, link.clip_id)
    link.status, link.doubt = LinkStatus.CONFIRMED, None
    link.matter = matter or link.matter
    judged = preview(session, session.get_one(Clip, link.clip_id), packs)
    link.facts = link.facts | {"machine": pointed(judged.decision.winners), "taken_back": False}
    restate(link, judged.lacks(link.case_uid))
    return kept(session, link, actor, "LINK_CONFIRMED", why)


def withdraw(session: Session, link: Link, actor: str, why: str) -> Link:
    """A person takes the link back; the machine does not propose that case again."""
    must_be_there(session, link.clip_id)
    link.status = LinkStatus.WITHDRAWN
    link.ended_at, link.ended_why = now(), reason("ended.withdrawn", why=why)
    return kept(session, link, actor, "LINK_WITHDRAWN", why)


def correct(session: Session, link: Link, given: LinkIn, packs: RulePacks, actor: str, why: str) -> Link:
    """A person says where it belongs instead. Raises Refused for a case or step that is not there."""
    clip = session.get_one(Clip, link.clip_id)
    made = by_hand(session, clip, given, packs, actor)
    made.supersedes = link.id
    link.status = LinkStatus.WITHDRAWN
    link.ended_at, link.ended_why = now(), reason("ended.corrected", why=why)
    session.add_all((link, made))  # both: within one case it is no withdrawal of that case
    session.flush()
    made.facts = machine(session, clip.id, packs)
    return kept(session, made, actor, "LINK_CORRECTED", why, beside=link)


def add(session: Session, clip: Clip, given: LinkIn, packs: RulePacks, actor: str, why: str) -> Link:
    """A person links a clip that the machine did not. Raises Refused as `correct` does."""
    must_be_there(session, clip.id)
    standing = links_of(session, [clip.id], lock=True)[clip.id].standing
    wanted = (given.case, given.activity, given.t0_s, given.t1_s)
    if any(place(one) == wanted for one in standing):
        raise Refused("link.there_already", case=given.case)
    made = by_hand(session, clip, given, packs, actor)
    made.facts = machine(session, clip.id, packs)
    return kept(session, made, actor, "LINK_MADE", why)


def undo(session: Session, link: Link, actor: str, why: str) -> Link:
    """Take back what a person decided last: what stood before stands again, as a link of its own.

    Raises Refused for a link that no person decided, and one whose decision was undone already.
    """
    must_be_there(session, link.clip_id)
    if link.status is LinkStatus.PROPOSED or superseded(session, link):
        raise Refused("link.nothing_to_undo")
    if link.ended_at is None and link.status is LinkStatus.CONFIRMED and link.made_by == "gateway":
        link.status, link.doubt, link.matter = LinkStatus.PROPOSED, None, None
        link.facts = link.facts | {"taken_back": True}
        restate(link, of_clip(link))
        return undone(session, link, actor, why, link)
    if link.ended_at is not None:
        return undone(session, link, actor, why, restored(session, link))
    # made by a person: it ends, and what it took the place of stands again
    replaced = replaced_by(session, link)
    link.ended_at, link.ended_why = now(), reason("ended.undone", why=why)
    session.add(link)
    session.flush()
    return undone(session, link, actor, why, restored(session, replaced) if replaced else link)


def undone(session: Session, link: Link, actor: str, why: str, stands: Link) -> Link:
    return kept(session, stands, actor, "LINK_UNDONE", why, beside=link)


def restored(session: Session, before: Link) -> Link:
    """Again as it stood: what a person stood by is a person's still, and no proposal of the machine's."""
    standing = links_of(session, [before.clip_id], lock=True)[before.clip_id].standing
    if any(place(one) == place(before) for one in standing):
        raise Refused("link.there_already", case=before.case_uid)
    was_confirmed = "machine" in before.facts and not before.facts.get("taken_back")
    by_person = before.made_by != "gateway" or was_confirmed
    again = Link.model_validate(
        before.model_dump(exclude={"id", "made_at", "ended_at", "ended_why", "doubt", "status"})
        | {
            "status": LinkStatus.CONFIRMED if by_person else LinkStatus.PROPOSED,
            "supersedes": before.id,
            "facts": before.facts | {"restores": before.id},
        }
    )
    session.add(again)
    return again


def replaced_by(session: Session, link: Link) -> Link | None:
    """The link whose place a person's correction took; a restored one stands for that which it restores."""
    while "restores" in link.facts:
        link = session.get_one(Link, link.supersedes)
    return session.get(Link, link.supersedes) if link.supersedes else None


def place(link: Link) -> tuple[object, ...]:
    return link.case_uid, link.activity_id, link.t0_s, link.t1_s


def machine(session: Session, clip_id: str, packs: RulePacks) -> dict[str, object]:
    """What the rules say at the moment of a person's decision."""
    judged = preview(session, session.get_one(Clip, clip_id), packs)
    return {"machine": pointed(judged.decision.winners)}


def must_stand(session: Session, link: Link) -> None:
    """Raises Refused where another decision, or a fact that changed, came first."""
    if link.ended_at is None:
        return
    of_clip = select(CustodyEvent).where(CustodyEvent.subject == link.clip_id).order_by(col(CustodyEvent.seq))
    about = [one for one in session.exec(of_clip) if any(row["id"] == link.id for row in one.rows)]
    by = next((one.actor for one in about if one.at >= link.ended_at), link.made_by)
    raise Refused("link.ended", by=by, at=link.ended_at.isoformat(timespec="seconds"))


def superseded(session: Session, link: Link) -> bool:
    later = select(Link.id).where(Link.supersedes == link.id)
    return session.exec(later).first() is not None


def by_hand(session: Session, clip: Clip, given: LinkIn, packs: RulePacks, actor: str) -> Link:
    """With what the rules say of it: a person decides, and sees what speaks against it."""
    must_be_there(session, clip.id)
    if session.get(CaseRecord, given.case) is None:
        raise Refused("ledger.unknown", kind="case", ref=given.case)
    step_row = session.get(Activity, given.activity) if given.activity else None
    if given.activity and (step_row is None or step_row.case_uid != given.case):
        raise Refused("ledger.unknown", kind="activity", ref=given.activity)
    paper = session.get(Document, given.document) if given.document else None
    if given.document and (paper is None or paper.case_uid != given.case):
        raise Refused("ledger.unknown", kind="document", ref=given.document)
    if (given.t0_s is None) != (given.t1_s is None) or (given.t0_s or 0) >= (given.t1_s or 1e12):
        raise Refused("link.no_segment")
    if clip.duration_s is not None and given.t1_s is not None and given.t1_s > clip.duration_s + 1:
        raise Refused("link.no_segment")
    facts = Facts(session, packs)
    facts.load([clip])
    interval = facts.interval(clip)
    known = facts.clip(clip, interval, facts.holder(clip, interval))
    facts.steps.read_cases({given.case})
    case = facts.steps.cases[given.case]
    step = next((one for one in case.activities if one.activity_id == given.activity), None)
    known = facts.attended(clip, known, [case])
    said = decided(judge(known, case, step, facts.rules(clip).limits, matter=given.matter))
    said |= {"t0_s": given.t0_s, "t1_s": given.t1_s}
    document = given.document or (step.document_id if step else None)
    written = paper_of(case.papers, document, None)
    return Link(
        **said,
        fingerprint=fingerprint(said),
        clip_id=clip.id,
        document_id=document,
        score=1.0,
        matter=given.matter,
        matter_proposed=proposal(step.proves if step else None, written),
        status=LinkStatus.CONFIRMED,
        rule_pack=facts.rules(clip).pack.edition,
        made_by=actor,
    )


def kept(session: Session, link: Link, actor: str, event: str, why: str, beside: Link | None = None) -> Link:
    session.add(link)
    session.flush()
    original = session.get_one(Original, link.clip_id)
    rows = (link, beside) if beside is not None and beside is not link else (link,)
    chain = custody.device_chain(original.device_id)
    custody.append(session, chain, event, actor, link.clip_id, rows, {"link": link.id, "why": why})
    receipts.mark_stale(session, link.clip_id)
    for row in rows:
        outbox.link_changed(session, row)
    due(session, "decided", clip_id=link.clip_id)  # its labels follow
    outing_due(session, session.get_one(Clip, link.clip_id))
    return link
