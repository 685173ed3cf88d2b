"""What stands of a clip's links, and what a new decision makes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy.orm import load_only
from sqlmodel import Session, col, select

from gateway import custody
from gateway.custody import canonical
from gateway.linking.archived import archived_later, doubt_of_frozen
from gateway.models import Clip, Link, LinkStatus, now
from gateway.rulepacks import RulePack
from gateway.rules import case_number
from gateway.rules.choice import Decision
from gateway.rules.findings import Finding, Verdict
from gateway.rules.judgement import Candidate
from gateway.rules.proof import paper_of, proposal
from gateway.wording import reason


@dataclass(frozen=True)  # without slots: what is asked of it is worked out once and kept beside
class Links:
    """The links of one clip: those that stand, and the cases from which a person took it back."""

    standing: tuple[Link, ...] = ()
    withdrawn: frozenset[str] = frozenset()
    frozen: frozenset[str] = frozenset()
    """Ids of those that were proposed and then filed with an archived case (LK-20)."""

    @cached_property
    def kept(self) -> tuple[Link, ...]:
        """What the machine changes no more; where the facts move, it flags."""
        return (*self.by_person, *(link for link in self.standing if link.id in self.frozen))

    @cached_property
    def by_person(self) -> tuple[Link, ...]:
        return tuple(link for link in self.standing if is_persons(link))

    @cached_property
    def proposed(self) -> tuple[Link, ...]:
        proposed = (link for link in self.standing if link.status is LinkStatus.PROPOSED)
        return tuple(link for link in proposed if link.id not in self.frozen)


LEAN = (
    "id", "clip_id", "case_uid", "activity_id", "status", "verdict", "facts", "fingerprint", "doubt",
    "matter", "made_at", "supersedes", "ended_at",
)  # fmt: skip
"""What judging asks of a link; its reasons are long, and asked for only where a person's link may say what is
no longer so."""


def links_of(session: Session, clips: Sequence[str], *, lock: bool = False) -> dict[str, Links]:
    wanted = select(Link).where(col(Link.clip_id).in_(clips)).order_by(col(Link.id))
    lean = wanted.options(load_only(*(getattr(Link, name) for name in LEAN)))
    found = session.exec(wanted.with_for_update() if lock else lean).all()
    if not lock:
        read_cards(session, [link.id for link in found if link.ended_at is None and is_persons(link)])
    standing: dict[str, list[Link]] = {clip: [] for clip in clips}
    withdrawn: dict[str, set[str]] = {clip: set() for clip in clips}
    # an undo restored it, or a person corrected it within its case: the case was not withdrawn
    followed = {(link.supersedes, link.case_uid) for link in found}
    for link in found:
        if link.ended_at is None:
            standing[link.clip_id].append(link)
        elif link.status is LinkStatus.WITHDRAWN and (link.id, link.case_uid) not in followed:
            withdrawn[link.clip_id].add(link.case_uid)
    archived = archived_later(session, found)
    return {
        clip: Links(
            tuple(standing[clip]),
            frozenset(withdrawn[clip]),
            frozenset(link.id for link in standing[clip] if link.id in archived),
        )
        for clip in clips
    }


def is_persons(link: Link) -> bool:
    return link.status is not LinkStatus.PROPOSED


def read_cards(session: Session, ids: Sequence[str]) -> None:
    """The reasons of these links, together: one by one they would be a query each."""
    if ids:
        cards = select(Link).where(col(Link.id).in_(ids)).options(load_only(Link.reasons))  # type: ignore[arg-type]
        session.exec(cards).all()


def moved(links: Links, winners: Sequence[Candidate]) -> bool:
    """Whether the decision differs from what stands, or from what a person was told of it."""
    if any(doubt_of(link, winners, links) != link.doubt for link in links.standing):
        return True
    winners = beside(links, winners)
    said = sorted(print_of(winner) for winner in winners)
    return said != sorted(fingerprint_of(link) for link in links.proposed)


def write_links(session: Session, clip: Clip, decision: Decision, pack: RulePack, links: Links) -> list[Link]:
    winners = decision.winners
    flagged = flag(session, links, winners)
    winners = beside(links, winners)
    wanted = {print_of(winner): winner for winner in winners}
    ends = [link for link in links.proposed if fingerprint_of(link) not in wanted]
    stand = {fingerprint_of(link) for link in links.proposed}
    for link in ends:
        link.ended_at = now()
        link.ended_why = reason("ended.superseded" if winners else "ended.no_longer_fits")
    made = [
        link_for(clip, winner, decision, pack, ends)
        for print_, winner in wanted.items()
        if print_ not in stand
    ]
    session.add_all((*ends, *made))
    return [*flagged, *ends, *made]


def beside(links: Links, winners: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """What the machine may propose beside a person's decision: nothing new where the two disagree."""
    said = {(link.case_uid, link.activity_id) for link in links.kept}
    others = tuple(one for one in winners if (one.case.case_uid, step_id(one)) not in said)
    if len(winners) - len(others) == len(said):
        return others
    there = {(link.case_uid, link.activity_id) for link in links.proposed}
    return tuple(one for one in others if (one.case.case_uid, step_id(one)) in there)


def flag(session: Session, links: Links, winners: Sequence[Candidate]) -> list[Link]:
    """What is kept stands; where the facts now say something else, that is shown beside it."""
    flagged = []
    for link in links.standing:
        doubt = doubt_of(link, winners, links)
        if doubt != link.doubt:
            link.doubt = doubt
            flagged.append(link)
    session.add_all(flagged)
    return flagged


def doubt_of(link: Link, winners: Sequence[Candidate], links: Links) -> dict[str, Any] | None:
    if link.id in links.frozen:
        return doubt_of_frozen(link, winners)
    if link.status is LinkStatus.PROPOSED:
        return None
    said, before = pointed(winners), link.facts.get("machine")
    same = [one for one in said if one[:2] == [link.case_uid, link.activity_id]]
    if said == before or (same and same[0][2] != Verdict.REJECTED):
        return None
    if same:
        return dict(reason("link.now_rejected"))
    if not winners:
        return dict(reason("link.facts_gone"))
    return dict(reason("link.facts_moved", cases="、".join(winner.case.title for winner in winners)))


def pointed(winners: Sequence[Candidate]) -> list[list[str | None]]:
    """What the machine says; kept with a person's decision, to tell whether that has changed since."""
    return [[winner.case.case_uid, step_id(winner), winner.verdict.value] for winner in winners]


def step_id(winner: Candidate) -> str | None:
    return winner.activity.activity_id if winner.activity else None


def decided(winner: Candidate) -> dict[str, Any]:
    """What a link says: where it points, the part of the clip, the verdict and all its reasons."""
    t0, t1 = winner.segment or (None, None)
    return {
        "case_uid": winner.case.case_uid,
        "activity_id": step_id(winner),
        "t0_s": t0,
        "t1_s": t1,
        "verdict": winner.verdict.value,
        "reasons": [finding.stored() for finding in winner.findings],
    }


def fingerprint(said: dict[str, Any]) -> str:
    """Equal for two decisions that say the same for the same reasons."""
    return custody.value_digest(said)


def print_of(winner: Candidate) -> str:
    """The fingerprint of what its link would say, in the same words: asked of every clip, written of few."""
    t0, t1 = winner.segment or (None, None)
    where = worded(activity_id=step_id(winner), case_uid=winner.case.case_uid)
    reasons = ",".join([spelled(one) for one in winner.findings])
    what = worded(t0_s=t0, t1_s=t1, verdict=winner.verdict.value)
    return custody.text_digest(f'{where[:-1]},"reasons":[{reasons}],{what[1:]}')


@lru_cache(maxsize=10_000)
def spelled(found: Finding) -> str:
    """Most of what is found is found of many clips."""
    return canonical(found.stored())


@lru_cache(maxsize=10_000, typed=True)
def worded(**said: str | float | None) -> str:
    """So do many clips show one step."""
    return canonical(said)


def fingerprint_of(link: Link) -> str:
    return link.fingerprint or fingerprint(said_by(link))


def said_by(link: Link) -> dict[str, Any]:
    names = ("case_uid", "activity_id", "t0_s", "t1_s", "verdict", "reasons")
    return {name: getattr(link, name) for name in names}


def link_for(
    clip: Clip, winner: Candidate, decision: Decision, pack: RulePack, before: Sequence[Link]
) -> Link:
    said = decided(winner)
    same = [link for link in before if link.case_uid == winner.case.case_uid]
    replaced = (same or list(before))[:1]
    step, declared = winner.activity, clip.declared.get("case_no")
    document = step.document_id if step else None
    paper = paper_of(winner.case.papers, document, declared and case_number.normalise(declared))
    return Link(
        **said,
        fingerprint=fingerprint(said),
        clip_id=clip.id,
        document_id=paper.document_id if paper else document,
        matter_proposed=proposal(step.proves if step else None, paper),
        score=winner.score,
        losers=[lost(candidate, why.stored()) for candidate, why in decision.losers],
        rule_pack=pack.edition,
        supersedes=replaced[0].id if replaced else None,
    )


def lost(candidate: Candidate, why: dict[str, Any]) -> dict[str, Any]:
    return {
        "case_uid": candidate.case.case_uid,
        "activity_id": step_id(candidate),
        "score": candidate.score,
        "verdict": candidate.verdict.value,
        "why": why,
        "failed": [finding.stored() for finding in candidate.findings if not finding.passed],
    }
