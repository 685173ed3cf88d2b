"""Effects of a change as a person at the terminal reads them: counted, and the first of them listed."""

from collections.abc import Iterable, Sequence

from gateway.linking.effects import Effect, Target

NOBODY = "-"


class Tally:
    """`most` clips are listed, 0: all of them; however many there are, they are not kept."""

    def __init__(self, most: int = 50) -> None:
        self.most = most
        self.looked_at = 0
        self.others = self.reasons = self.by_person = 0
        self.listed: list[str] = []

    def add(self, effects: Iterable[Effect], looked_at: int = 0) -> None:
        self.looked_at += looked_at
        for one in effects:
            if not one.is_seen:
                self.reasons += 1
                continue
            self.others += 1
            self.by_person += one.stays_by_person
            if not self.most or len(self.listed) < self.most:
                self.listed.append(line_of(one))

    def lines(self) -> list[str]:
        told = [f"{self.looked_at} clips looked at"] if self.looked_at else []
        told.append(f"{self.others} clips: another step, verdict or holder")
        if self.by_person:
            told.append(f"  {self.by_person} of them decided by a person, or archived: flagged, not changed")
        told.append(f"{self.reasons} clips: only reasons or labels differ")
        left = self.others - len(self.listed)
        return [*told, *self.listed, *([f"… and {left} more; --limit 0 lists all"] if left else [])]


def line_of(one: Effect) -> str:
    moved = f"{targets(one.before)} -> {targets(one.after)}"
    held = one.officer_before, one.officer_after
    by = "" if held[0] == held[1] else f"; 采集人 {held[0] or NOBODY} -> {held[1] or NOBODY}"
    return f"{one.clip_id}  {moved}{by}{' (stays)' if one.stays_by_person else ''}"


def targets(told: Sequence[Target]) -> str:
    return ", ".join(f"{case}/{step or NOBODY} {verdict}" for case, step, verdict in told) or "unlinked"
