"""How many of a town's links are right, how many are missing, how many clips a person has to look at."""

from collections import Counter
from dataclasses import dataclass, field

from sqlmodel import col, select

from gateway.database import Database
from gateway.models import Clip, Link
from tests.scenarios.town.plan import Shot, Town

AUTOMATIC = ("VALID", "VALID_WITH_NOTE")


@dataclass(frozen=True)
class Miss:
    shot: Shot
    what: str
    said: str

    @property
    def cause(self) -> tuple[str, str, str]:
        return self.what, "+".join(self.shot.why_hard) or "none", self.said


@dataclass
class Measured:
    clips: int = 0
    linkable: int = 0
    automatic: int = 0
    """Links that no person is asked about."""
    right: int = 0
    found: int = 0
    """Linkable clips with a right link that no person is asked about."""
    proposed: int = 0
    """Linkable clips with a right link of any verdict but REJECTED."""
    reviewed: int = 0
    """Clips with a link that a person has to look at."""
    misses: list[Miss] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / self.automatic if self.automatic else 1.0

    @property
    def recall(self) -> float:
        return self.found / self.linkable if self.linkable else 1.0

    @property
    def proposals(self) -> float:
        return self.proposed / self.linkable if self.linkable else 1.0

    @property
    def review(self) -> float:
        return self.reviewed / self.clips if self.clips else 0.0

    def causes(self) -> Counter[tuple[str, str, str]]:
        """What was missed, which noise struck it, what the gateway said."""
        return Counter(one.cause for one in self.misses)

    def by_cause(self) -> dict[tuple[str, str, str], list[str]]:
        """Every clip that was missed, by the reason."""
        clips: dict[tuple[str, str, str], list[str]] = {}
        for one in self.misses:
            clips.setdefault(one.cause, []).append(one.shot.id)
        return clips


def measure(town: Town, database: Database) -> Measured:
    with database.read() as session:
        links: dict[str, list[Link]] = {}
        for link in session.exec(select(Link).where(col(Link.ended_at).is_(None))):
            links.setdefault(link.clip_id, []).append(link)
        why = dict(session.exec(select(Clip.id, Clip.unlinked)).all())
    found = Measured()
    for shot in town.shots:
        judge(found, shot, links.get(shot.id, []), (why.get(shot.id) or {}).get("code", ""))
    return found


def judge(found: Measured, shot: Shot, links: list[Link], unlinked: str) -> None:
    found.clips += 1
    found.reviewed += any(link.verdict == "NEEDS_REVIEW" for link in links)
    automatic = [link for link in links if link.verdict in AUTOMATIC]
    for link in automatic:
        found.automatic += 1
        if (link.case_uid, link.activity_id) in shot.truth:
            found.right += 1
        else:
            found.misses.append(Miss(shot, "wrong link", said_of(link)))
    if not shot.truth:
        return
    found.linkable += 1
    if shows_all(shot, automatic):
        found.found += 1
        found.proposed += 1
        return
    if shows_all(shot, [link for link in links if link.verdict != "REJECTED"]):
        found.proposed += 1
    said = "; ".join(said_of(link) for link in links) or unlinked
    found.misses.append(Miss(shot, "no automatic link", said))


def shows_all(shot: Shot, links: list[Link]) -> bool:
    """A clip that shows two cases is found when both have it."""
    return {*shot.truth} <= {(link.case_uid, link.activity_id) for link in links}


def said_of(link: Link) -> str:
    failed = ",".join(sorted({one["code"] for one in link.reasons if not one["passed"]} - {"labels.missing"}))
    return f"{link.verdict}({failed})"
