"""One clip decided: what the rules make of it, and what of that is new."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from gateway import custody, outbox, receipts
from gateway.linking.facts import Facts
from gateway.linking.labels import bears, case_label, restate, stale
from gateway.linking.outings import day_of, midnight, together_due
from gateway.linking.standing import Links, links_of, moved, write_links
from gateway.linking.stored import AnyClip
from gateway.models import Clip, Described, Link, Original
from gateway.rulepacks import RulePack, RulePacks
from gateway.rules.allocation import Custody, Swapped
from gateway.rules.choice import Decision
from gateway.rules.clock import Interval
from gateway.rules.facts import CaseStep, ClipFacts, LinkLimits
from gateway.rules.findings import finding
from gateway.rules.judgement import CLASSIFIED, Candidate, is_numbered
from gateway.rules.labels import NUMBER
from gateway.rules.linking import decide
from gateway.wording import reason


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules made of one clip: its interval, who held the device, which cases."""

    interval: Interval | None
    custody: Custody
    decision: Decision
    case_no: str | None
    """The number of its case: the label."""
    key: str | None
    """What the clip itself declares, as parts that two spellings share."""
    quarantine: dict[str, Any] | None
    missing: tuple[str, ...]
    """Labels of the clip itself that nobody gave."""
    unnumbered: frozenset[str] = frozenset()
    """Cases of its links that have no number yet and ought to (R-01)."""

    def lacks(self, case: str) -> tuple[str, ...]:
        """What a link to this case lacks of its labels, 证明对象 apart."""
        return (NUMBER, *self.missing) if case in self.unnumbered else self.missing


def judge_all(facts: Facts, clips: Sequence[AnyClip], links: dict[str, Links]) -> list[Judged]:
    """What the rules make of these clips, all their facts read together."""
    facts.load(clips)
    known = []
    for clip in clips:
        interval = facts.interval(clip)
        known.append(facts.clip(clip, interval, facts.holder(clip, interval)))
    facts.expect(clips, known)
    candidates = facts.candidates(known)
    facts.steps.read_cases({link.case_uid for one in links.values() for link in one.standing})
    judged = []
    for clip, one, found in zip(clips, known, candidates, strict=True):
        back = links[one.clip_id].withdrawn
        allowed = [case for case in found if case.case_uid not in back]

        def elsewhere(one: Any = one, back: frozenset[str] = back) -> list[CaseStep]:
            return [(case, step) for case, step in facts.elsewhere(one) if case.case_uid not in back]

        def certified(officer: str, clip: AnyClip = clip, one: Any = one) -> bool | None:
            return facts.certified(officer, one.interval, facts.devices[clip.device_id])

        def swapped(clip: AnyClip = clip, one: Any = one) -> Swapped | None:
            return facts.swapped(clip, one)

        there = facts.attended(clip, one, allowed)
        decision = decide(there, allowed, facts.rules(clip).limits, elsewhere, certified, swapped)
        if not decision.winners and len(allowed) < len(found):
            decision = Decision(unlinked=finding("LK-17", False, "unlinked.withdrawn"))
        judged.append(
            Judged(
                interval=one.interval,
                custody=decision.custody or one.custody,
                decision=decision,
                case_no=case_label(clip, one, decision, links[clip.id], facts),
                key=facts.key(clip),
                quarantine=quarantined(facts, clip),
                missing=one.missing_labels,
                unnumbered=unnumbered(one, links[clip.id], facts, facts.rules(clip).limits),
            )
        )
    return judged


def unnumbered(one: ClipFacts, links: Links, facts: Facts, limits: LinkLimits) -> frozenset[str]:
    linked = (facts.steps.cases.get(link.case_uid) for link in links.standing)
    return frozenset(case.case_uid for case in linked if case and not is_numbered(one, case, limits))


def quarantined(facts: Facts, clip: AnyClip) -> dict[str, Any] | None:
    """Set aside while it counts as a state secret (LK-16), or nobody in the register is who wore the camera.

    The bytes are kept as all are. Of wearers only what the recorder's own system vouches for: a number in a
    file name is often no more than a default.
    """
    account = clip.declared.get("account")
    if clip.described is Described.QUARANTINED:
        return clip.quarantine
    if clip.secrecy == CLASSIFIED:
        return dict(reason("quarantine.state_secret"))
    if account is None or facts.people.named(clip.declared.get("officer")) in facts.people.by_id:
        return None
    return dict(reason("quarantine.unknown_officer", account=account))


def preview(session: Session, clip: Clip, packs: RulePacks) -> Judged:
    """Decide a clip on the facts as they stand; nothing is written."""
    return judge_all(Facts(session, packs), [clip], links_of(session, [clip.id]))[0]


def differences(facts: Facts, clips: Sequence[AnyClip]) -> list[str]:
    """Which of these clips would be labelled or linked otherwise now; never one that was destroyed."""
    links = links_of(facts.session, [clip.id for clip in clips])
    judged = judge_all(facts, clips, links)
    return [
        clip.id
        for clip, one in zip(clips, judged, strict=True)
        if not facts.is_destroyed(clip) and is_outdated(clip, one, links[clip.id])
    ]


def is_outdated(clip: AnyClip, judged: Judged, links: Links) -> bool:
    """Whether deciding it anew would write anything."""
    now = labels_now(clip)
    relabelled = labels_of(now, judged, links) != now
    return bool(relabelled or moved(links, judged.decision.winners) or stale(links, judged.lacks))


def relink(session: Session, clips: Sequence[Clip], packs: RulePacks, actor: str) -> list[Link]:
    """Decide clips anew and write what changed, with custody; returns the links that were written.

    A link that a person confirmed or withdrew is never overturned by the machine: it is flagged.
    """
    links = links_of(session, [clip.id for clip in clips], lock=True)
    facts = Facts(session, packs)
    judged = judge_all(facts, clips, links)
    kept = [
        (clip, one)
        for clip, one in zip(clips, judged, strict=True)
        if not facts.is_destroyed(clip)  # its labels and links stand as they were when it went
    ]
    others_due(facts, kept)
    return [
        link
        for clip, one in kept
        for link in write_one(session, clip, one, facts.rules(clip).pack, links[clip.id], actor)
    ]


def others_due(facts: Facts, judged: Sequence[tuple[Clip, Judged]]) -> None:
    """A clip that gets another time tells something else of what its unit recorded that day."""
    days = {
        (facts.devices[clip.device_id].unit_id, day_of(at))
        for clip, one in judged
        if facts.holders.of(clip.device_id).by_officers and is_moved(clip, one.interval)
        for at in (clip.started_at, one.interval.start if one.interval else None)
        if at is not None
    }
    for unit, day in sorted(days, key=str):
        together_due(facts.session, unit, midnight(day), midnight(day))


def is_moved(clip: Clip, interval: Interval | None) -> bool:
    if interval is None:
        return False
    told = interval.start, interval.end, round(interval.uncertainty_s, 3)
    return (clip.started_at, clip.ended_at, clip.uncertainty_s) != told


def write_one(
    session: Session, clip: Clip, judged: Judged, pack: RulePack, links: Links, actor: str
) -> list[Link]:
    before = custody.row_digest(clip)
    for name, value in labels_of(labels_now(clip), judged, links).items():
        setattr(clip, name, value)
    session.add(clip)
    said_before = {link.id: restate(link, judged.lacks(link.case_uid)) for link in stale(links, judged.lacks)}
    touched = write_links(session, clip, judged.decision, pack, links)
    there = {link.id for link in touched}
    touched += [link for link in links.standing if link.id in said_before.keys() - there]
    is_relabelled = custody.row_digest(clip) != before
    if touched or is_relabelled:
        receipts.mark_stale(session, clip.id)
        original = session.get_one(Original, clip.id)
        winners = judged.decision.winners
        told: dict[str, Any] = (
            {"cases": [[one.case.case_uid, one.verdict] for one in winners]} if winners else {"case": None}
        )
        if said_before:
            told["labels"] = said_before
        chain = custody.device_chain(original.device_id)
        custody.append(session, chain, "LINKED", actor, clip.id, (*touched, clip), told)
        if is_relabelled:
            outbox.clip_changed(session, "clip.labelled", clip.id)
        for link in touched:
            outbox.link_changed(session, link)
    return touched


def leader(winner: Candidate | None, held: Custody) -> str | None:
    """The 采集人 of what a room's recorder brings; of a vehicle only where the record says who was in it."""
    step = winner.activity if winner else None
    if step is None or held.room_id is None:
        return None
    return step.lead if held.fixed_in or held.room_id == step.room_id else None


LABELS = (
    "started_at", "ended_at", "uncertainty_s", "time_source", "officer_id", "case_no", "case_key", "unlinked",
    "quarantine",
)  # fmt: skip


def labels_now(clip: AnyClip) -> dict[str, Any]:
    return {name: getattr(clip, name) for name in LABELS}


def labels_of(before: dict[str, Any], judged: Judged, links: Links) -> dict[str, Any]:
    """The labels that follow from facts; 证明对象 is never guessed."""
    labels = dict(before)
    interval, winner = judged.interval, judged.decision.winner
    if interval is not None:
        labels |= {
            "started_at": interval.start, "ended_at": interval.end,
            "uncertainty_s": round(interval.uncertainty_s, 3), "time_source": interval.source.value,
        }  # fmt: skip
    labels["officer_id"] = judged.custody.officer_id or leader(winner, judged.custody)
    labels["case_no"] = judged.case_no
    labels["case_key"] = judged.key
    labels["quarantine"] = judged.quarantine
    why = judged.decision.unlinked
    labels["unlinked"] = why.stored() if why and not bears(links) else None
    return labels
