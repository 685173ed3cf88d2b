"""One clip decided: what the rules make of it, and what of that is new."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from gateway import custody, outbox, receipts
from gateway.linking.archived import archived_later, doubt_of_frozen
from gateway.linking.facts import Facts
from gateway.models import Clip, Described, Link, LinkStatus, Original, now
from gateway.rulepacks import RulePack, RulePacks
from gateway.rules.allocation import Custody
from gateway.rules.clock import Interval
from gateway.rules.facts import CaseFacts
from gateway.rules.findings import Verdict, finding
from gateway.rules.judgement import Candidate
from gateway.rules.linking import Decision, decide
from gateway.uncollected import uncollected
from gateway.wording import reason


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules made of one clip: its interval, who held the device, which cases."""

    interval: Interval | None
    custody: Custody
    decision: Decision
    declared: str | None
    """The case number that it or its take declares."""
    key: str | None
    """What the clip itself declares, as parts that two spellings share."""
    quarantine: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Links:
    """The links of one clip: those that stand, and the cases from which a person took it back."""

    standing: tuple[Link, ...] = ()
    withdrawn: frozenset[str] = frozenset()
    frozen: frozenset[str] = frozenset()
    """Ids of those that were proposed and then filed with an archived case (LK-20)."""

    @property
    def kept(self) -> tuple[Link, ...]:
        """What the machine changes no more; where the facts move, it flags."""
        return (*self.by_person, *(link for link in self.standing if link.id in self.frozen))

    @property
    def by_person(self) -> tuple[Link, ...]:
        return tuple(link for link in self.standing if link.status is not LinkStatus.PROPOSED)

    @property
    def proposed(self) -> tuple[Link, ...]:
        proposed = (link for link in self.standing if link.status is LinkStatus.PROPOSED)
        return tuple(link for link in proposed if link.id not in self.frozen)


def links_of(session: Session, clips: Sequence[str], *, lock: bool = False) -> dict[str, Links]:
    wanted = select(Link).where(col(Link.clip_id).in_(clips)).order_by(col(Link.id))
    # the reasons are long and are asked for only of links from before they had a fingerprint
    lean = wanted.options(defer(col(Link.reasons)), defer(col(Link.losers)))  # type: ignore[arg-type]
    found = session.exec(wanted.with_for_update() if lock else lean).all()
    standing: dict[str, list[Link]] = {clip: [] for clip in clips}
    withdrawn: dict[str, set[str]] = {clip: set() for clip in clips}
    undone = {link.supersedes for link in found if link.status is LinkStatus.PROPOSED}
    for link in found:
        if link.ended_at is None:
            standing[link.clip_id].append(link)
        elif link.status is LinkStatus.WITHDRAWN and link.id not in undone:
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


def judge_all(facts: Facts, clips: Sequence[Clip], links: dict[str, Links]) -> list[Judged]:
    """What the rules make of these clips, all their facts read together."""
    facts.load(clips)
    known = []
    for clip in clips:
        interval = facts.interval(clip)
        known.append(facts.clip(clip, interval, facts.holder(clip, interval)))
    facts.candidates(known)
    judged = []
    for clip, one in zip(clips, known, strict=True):
        back = links[one.clip_id].withdrawn
        found = facts.cases(one)
        allowed = [case for case in found if case.case_uid not in back]

        def elsewhere(one: Any = one, back: frozenset[str] = back) -> list[CaseFacts]:
            return [case for case in facts.elsewhere(one) if case.case_uid not in back]

        decision = decide(one, allowed, facts.rules(clip).limits, elsewhere)
        if not decision.winners and len(allowed) < len(found):
            decision = Decision(unlinked=finding("LK-17", False, "unlinked.withdrawn"))
        held = decision.custody or one.custody
        set_aside = quarantined(facts, clip)
        judged.append(Judged(one.interval, held, decision, one.case_no, facts.key(clip), set_aside))
    return judged


def quarantined(facts: Facts, clip: Clip) -> dict[str, Any] | None:
    """Set aside while nobody in the register is who wore the camera; the bytes are kept as all are.

    Only what the recorder's own system vouches for: a number in a file name is often no more than a default.
    """
    account = clip.declared.get("account")
    if clip.described is Described.QUARANTINED:
        return clip.quarantine
    if account is None or facts.people.named(clip.declared.get("officer")) in facts.people.by_id:
        return None
    return dict(reason("quarantine.unknown_officer", account=account))


def preview(session: Session, clip: Clip, packs: RulePacks) -> Judged:
    """Decide a clip on the facts as they stand; nothing is written."""
    return judge_all(Facts(session, packs), [clip], links_of(session, [clip.id]))[0]


def differences(facts: Facts, clips: Sequence[Clip]) -> list[str]:
    """Which of these clips would be labelled or linked otherwise now; never one that was destroyed."""
    with uncollected():
        links = links_of(facts.session, [clip.id for clip in clips])
        judged = judge_all(facts, clips, links)
        return [
            clip.id
            for clip, one in zip(clips, judged, strict=True)
            if not facts.is_destroyed(clip)
            and (labels_of(clip, one) != labels_now(clip) or moved(links[clip.id], one))
        ]


def relink(session: Session, clips: Sequence[Clip], packs: RulePacks, actor: str) -> list[Link]:
    """Decide clips anew and write what changed, with custody; returns the links that were written.

    A link that a person confirmed or withdrew is never overturned by the machine: it is flagged.
    """
    links = links_of(session, [clip.id for clip in clips], lock=True)
    facts = Facts(session, packs)
    judged = judge_all(facts, clips, links)
    return [
        link
        for clip, one in zip(clips, judged, strict=True)
        if not facts.is_destroyed(clip)  # its labels and links stand as they were when it went
        for link in write_one(session, clip, one, facts.rules(clip).pack, links[clip.id], actor)
    ]


def write_one(
    session: Session, clip: Clip, judged: Judged, pack: RulePack, links: Links, actor: str
) -> list[Link]:
    before = custody.row_digest(clip)
    for name, value in labels_of(clip, judged).items():
        setattr(clip, name, value)
    session.add(clip)
    touched = write_links(session, clip, judged, pack, links)
    is_relabelled = custody.row_digest(clip) != before
    if touched or is_relabelled:
        receipts.mark_stale(session, clip.id)
        original = session.get_one(Original, clip.id)
        winners = judged.decision.winners
        told = {"cases": [[one.case.case_uid, one.verdict] for one in winners]} if winners else {"case": None}
        chain = custody.device_chain(original.device_id)
        custody.append(session, chain, "LINKED", actor, clip.id, (*touched, clip), told)
        if is_relabelled:
            outbox.clip_changed(session, "clip.labelled", clip.id)
        for link in touched:
            outbox.link_changed(session, link)
    return touched


LABELS = (
    "started_at", "ended_at", "uncertainty_s", "time_source", "officer_id", "case_no", "case_key", "unlinked",
    "quarantine",
)  # fmt: skip


def labels_now(clip: Clip) -> dict[str, Any]:
    return {name: getattr(clip, name) for name in LABELS}


def labels_of(clip: Clip, judged: Judged) -> dict[str, Any]:
    """The labels that follow from facts; 证明对象 is never guessed."""
    labels = labels_now(clip)
    interval, winner = judged.interval, judged.decision.winner
    if interval is not None:
        labels |= {
            "started_at": interval.start, "ended_at": interval.end,
            "uncertainty_s": round(interval.uncertainty_s, 3), "time_source": interval.source.value,
        }  # fmt: skip
    of_case = winner.case.numbers[0] if winner and winner.case.numbers else None
    session = winner.activity if winner and judged.custody.room_id else None
    labels["officer_id"] = session.lead if session else judged.custody.officer_id
    labels["case_no"] = judged.declared or of_case
    labels["case_key"] = judged.key
    labels["quarantine"] = judged.quarantine
    labels["unlinked"] = judged.decision.unlinked.stored() if judged.decision.unlinked else None
    return labels


def moved(links: Links, judged: Judged) -> bool:
    """Whether the decision differs from what stands, or from what a person was told of it."""
    winners = judged.decision.winners
    if any(doubt_of(link, winners, links) != link.doubt for link in links.standing):
        return True
    winners = beside(links, winners)
    said = sorted(fingerprint(decided(winner)) for winner in winners)
    return said != sorted(fingerprint_of(link) for link in links.proposed)


def write_links(session: Session, clip: Clip, judged: Judged, pack: RulePack, links: Links) -> list[Link]:
    winners = judged.decision.winners
    flagged = flag(session, links, winners)
    winners = beside(links, winners)
    wanted = {fingerprint(decided(winner)): winner for winner in winners}
    ends = [link for link in links.proposed if fingerprint_of(link) not in wanted]
    stand = {fingerprint_of(link) for link in links.proposed}
    for link in ends:
        link.ended_at = now()
        link.ended_why = reason("ended.superseded" if winners else "ended.no_longer_fits")
    made = [
        link_for(clip, winner, judged.decision, pack, ends)
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


def fingerprint_of(link: Link) -> str:
    names = ("case_uid", "activity_id", "t0_s", "t1_s", "verdict", "reasons")
    return link.fingerprint or fingerprint({name: getattr(link, name) for name in names})


def link_for(
    clip: Clip, winner: Candidate, decision: Decision, pack: RulePack, before: Sequence[Link]
) -> Link:
    said = decided(winner)
    same = [link for link in before if link.case_uid == winner.case.case_uid]
    replaced = (same or list(before))[:1]
    return Link(
        **said,
        fingerprint=fingerprint(said),
        clip_id=clip.id,
        document_id=winner.activity.document_id if winner.activity else None,
        matter_proposed=winner.activity.proves if winner.activity else None,
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
