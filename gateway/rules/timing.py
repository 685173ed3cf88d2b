"""When it was recorded, beside the step, the filing, the clock and the deadline (LK-7, LK-11, AL-12)."""

from gateway.rules.facts import ActivityFacts, CaseFacts, ClipFacts, LinkLimits
from gateway.rules.findings import Finding, asking, finding, noted
from gateway.rules.meeting import Meeting, begins_in, beyond


def time_rule(clip: ClipFacts, step: ActivityFacts | None, met: Meeting) -> Finding:
    if clip.interval is None or clip.interval.doubtful:
        return finding("LK-7", False, "time.unknown")
    if step is None:
        return finding("LK-7", False, "time.no_activity")
    seconds = (clip.interval.end - clip.interval.start).total_seconds()
    facts = {
        "shared": f"{met.certain if seconds else 0:.0f}", "length": f"{seconds:.0f}",
        "source": clip.interval.source.value, "uncertainty": f"{clip.interval.uncertainty_s:.0f}",
    }  # fmt: skip
    if met.certain > 0:
        return finding("LK-7", True, "time.overlaps", **facts)
    if not met.loose:
        return asking("LK-7", False, "time.outside", **facts)
    sure = met.is_borne_out or begins_in(clip, step)
    return (finding if sure else asking)("LK-7", False, "time.near", **facts)


def extent_rule(
    clip: ClipFacts, step: ActivityFacts | None, met: Meeting, limits: LinkLimits
) -> Finding | None:
    """Recording begins when officers arrive and ends when they leave (R-16).

    A take that does neither and runs on beyond the step may be another officer's, who had this camera then:
    where nothing but the ledger speaks for the step, a person has to look.
    """
    if step is None or clip.interval is None or not met.certain or met.is_borne_out:
        return None
    slack = limits.activity_slack_s + clip.interval.uncertainty_s
    before, after = beyond(clip, clip.interval, step)
    if min(abs(before), abs(after)) <= slack or max(before, after) <= slack:
        return None
    minutes = f"{max(before, after) / 60:.0f}"
    return asking("LK-7", False, "time.runs_over", minutes=minutes)


def filing_rule(clip: ClipFacts, case: CaseFacts) -> Finding | None:
    """What is recorded before 立案 is normal, and so is a case of summary procedure that has none."""
    if case.opened_on is None or clip.interval is None or clip.interval.doubtful:
        return None
    if clip.interval.end >= case.opened_on:
        return None
    return noted("LK-7", True, "time.before_filing", filed=case.opened_on.isoformat())


def clock_rule(clip: ClipFacts) -> Finding | None:
    """AL-12: a clock that moved by more than drift was set by somebody, and nobody knows when.

    So is one that wrote one time into the name of a file and another one into it.
    """
    if clip.interval is None:
        return None
    if clip.interval.either:
        first, *_, last = clip.interval.either
        code = "time.torn" if clip.interval.torn else "time.either"
        return finding("AL-12", False, code, first=first.start.isoformat(), last=last.start.isoformat())
    if clip.interval.read_as is not None:
        code = "time.read_as_utc" if clip.interval.read_as == "UTC" else "time.read_as_local"
        return noted("AL-12", True, code, zone=clip.interval.read_as)
    return None


def deadline_rule(clip: ClipFacts, step: ActivityFacts | None, limits: LinkLimits) -> Finding | None:
    """R-50 counts from the end of duty: when the camera was brought back, where the ledger says so.

    R-51 from the return of officers who were away, where that gives them longer.
    """
    if clip.found_at is None or clip.interval is None or clip.interval.doubtful:
        return None
    basis = clip.custody.basis
    back = basis.end if basis is not None and basis.kind == "CHECKOUT" else None
    duty_ended = max(clip.interval.end, back) if back else clip.interval.end
    late = (clip.found_at - duty_ended).total_seconds() - clip.interval.uncertainty_s
    if late <= limits.upload_s:
        return None
    returned = step.back_at if step is not None else None
    if returned is not None and (clip.found_at - returned).total_seconds() <= limits.remote_upload_s:
        return None
    return finding(
        "LK-11", False, "upload.late", hours=f"{late / 3600:.0f}", limit=f"{limits.upload_s / 3600:g}"
    )
