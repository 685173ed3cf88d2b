"""One clip decided: what the rules make of it, and what of that is new."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from gateway import custody, outbox, receipts
from gateway.linking.facts import Facts
from gateway.linking.standing import Links, links_of, moved, write_links
from gateway.models import Clip, Described, Link, Original
from gateway.rulepacks import RulePack, RulePacks
from gateway.rules.allocation import Custody
from gateway.rules.choice import Decision
from gateway.rules.clock import Interval
from gateway.rules.facts import CaseFacts
from gateway.rules.findings import finding
from gateway.rules.linking import decide
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

        def certified(officer: str, clip: Clip = clip, one: Any = one) -> bool | None:
            return facts.certified(officer, one.interval, facts.devices[clip.device_id])

        decision = decide(one, allowed, facts.rules(clip).limits, elsewhere, certified)
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
            and (labels_of(clip, one) != labels_now(clip) or moved(links[clip.id], one.decision.winners))
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
    touched = write_links(session, clip, judged.decision, pack, links)
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
