"""Whether what stands of a clip is what its scenario says."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from gateway.linking.archivable import why_not
from gateway.models import Clip, Link
from tests.scenarios.told import Expected


def check(session: Session, clip_id: str, expected: Expected) -> None:
    row = session.get_one(Clip, clip_id)
    every = session.exec(select(Link).where(Link.clip_id == clip_id).order_by(col(Link.id))).all()
    links = [link for link in every if link.ended_at is None]
    links.sort(key=lambda link: (link.t0_s or 0, link.case_uid))
    shown = {point(link.case_uid, link.activity_id): link for link in links}
    first = links[0] if links else None
    told = f"{clip_id}: {[(name, link.verdict, failed(link)) for name, link in shown.items()]} {row.unlinked}"
    if expected.links is not None:
        assert sorted(shown) == sorted(expected.links), told
    if expected.verdict is not None:
        assert {link.verdict for link in links} == {expected.verdict}, told
    if expected.review:
        assert {link.verdict for link in links} <= {"NEEDS_REVIEW", "REJECTED"}, told
        assert links or row.unlinked, told
    if expected.fails is not None:
        assert first is not None, told
        assert failed(first) == set(expected.fails), told
    if expected.passes:
        assert first is not None, told
        assert set(expected.passes) <= {one["code"] for one in first.reasons if one["passed"]}, told
    if expected.unlinked is not None:
        assert not links, told
        assert row.unlinked is not None, told
        assert row.unlinked["code"] == expected.unlinked, told
    if expected.officer is not None:
        assert (row.officer_id or "-") == expected.officer, told
    if expected.losers is not None:
        assert first is not None, told
        lost = {point(one["case_uid"], one["activity_id"]): one["why"]["code"] for one in first.losers}
        assert lost == expected.losers, told
    if expected.segments is not None:
        assert {name: (link.t0_s, link.t1_s) for name, link in shown.items()} == expected.segments, told
    check_more(row, every, first, expected, told)


def check_more(row: Clip, every: Sequence[Link], first: Link | None, expected: Expected, told: str) -> None:
    if expected.history is not None:
        assert len(every) == expected.history, told
    if expected.quarantine is not None:
        assert (row.quarantine or {}).get("code", "-") == expected.quarantine, told
    if expected.lacks is not None:
        assert sorted(lacking(every)) == sorted(expected.lacks), told
    if expected.proposes is not None:
        assert first is not None, told
        assert first.matter_proposed == expected.proposes, told
    if expected.doubt is not None:
        assert first is not None, told
        assert (first.doubt or {}).get("code", "-") == expected.doubt, told


def lacking(links: Sequence[Link]) -> set[str]:
    why = why_not(links)
    named = [one["facts"]["labels"].split("、") for one in why if one["code"] == "labels.missing"]
    return {label for labels in named for label in labels} | {
        one["code"] for one in why if one["code"] != "labels.missing"
    }


def point(case_uid: str, step: str | None) -> str:
    return f"{case_uid}/{step or '-'}"


def failed(link: Link) -> set[str]:
    return {one["code"] for one in link.reasons if not one["passed"]} - {"labels.missing"}
