"""What deciding costs: a whole town judged anew, and one wrong hand-over corrected."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sqlalchemy import insert, update
from sqlmodel import Session, col, func, select

from gateway import ledger, linking, migrations, rulepacks
from gateway.database import Database
from gateway.linking.deciding import judge_all, labels_now, labels_of
from gateway.linking.facts import Facts
from gateway.linking.standing import link_for, links_of
from gateway.models import Checkout, Clip, Link
from tests.scenarios.town.books import write
from tests.scenarios.town.days import build
from tests.scenarios.town.plan import Noise, Size

PACK = rulepacks.packs("hebei-xingtai-2019")
PAGE = 500
SMALL, LARGE = 10_000, 200_000
Note = Callable[..., None]


def measure(note: Note, scratch: Path) -> None:
    rates, written = {}, 0
    for clips in (SMALL, LARGE):
        database = town(scratch, clips)
        rates[clips], written = judged_anew(database)
        if clips == LARGE:
            correction(note, database)
        database.close()
    note(
        f"judge {LARGE:,} clips anew, one core", rates[LARGE], "clips/s", 2000,
        f"{written} of them differ and are written; {SMALL:,}: {rates[SMALL]:.0f} clips/s",
    )  # fmt: skip
    note(
        "linear in the number of clips", rates[LARGE] / rates[SMALL], "×", 0.8,
        f"clips/s at {LARGE:,} against {SMALL:,}",
    )  # fmt: skip


def town(scratch: Path, clips: int) -> Database:
    """A town of so many clips, linked; without lines of custody, which are not what is measured."""
    size = Size(clips=clips, days=round(30 * clips / 20_000))
    database = Database(f"sqlite:///{Path(tempfile.mkdtemp(dir=scratch)) / 'town.sqlite'}")
    migrations.upgrade(database.engine)
    write(build(1, size, Noise()), database)
    for write_page in (date, link):
        for page in pages(database):
            with database.write() as session:
                write_page(session, page)
    return database


def pages(database: Database) -> Iterator[list[str]]:
    with database.read() as session:
        ids = session.exec(select(Clip.id).order_by(col(Clip.id))).all()
    for place in range(0, len(ids), PAGE):
        yield list(ids[place : place + PAGE])


def of_page(session: Session, page: list[str]) -> Sequence[Clip]:
    return session.exec(select(Clip).where(col(Clip.id).in_(page)).order_by(col(Clip.id))).all()


def date(session: Session, page: list[str]) -> None:
    """Times before links: whose camera it was is told by all that was recorded that day."""
    clips, facts = of_page(session, page), Facts(session, PACK)
    facts.load(clips)
    times = [(clip.id, facts.interval(clip)) for clip in clips]
    session.execute(
        update(Clip),
        [
            {
                "id": name,
                "started_at": at.start,
                "ended_at": at.end,
                "uncertainty_s": round(at.uncertainty_s, 3),
            }
            for name, at in times
            if at is not None
        ],
    )


def link(session: Session, page: list[str]) -> None:
    clips, facts = of_page(session, page), Facts(session, PACK)
    links = links_of(session, page)
    labels, made = [], []
    for clip, judged in zip(clips, judge_all(facts, clips, links), strict=True):
        labels.append({"id": clip.id, **labels_of(labels_now(clip), judged, links[clip.id])})
        made += [
            link_for(clip, winner, judged.decision, PACK.default, ()).model_dump()
            for winner in judged.decision.winners
        ]
    session.execute(update(Clip), labels)
    if made:
        session.execute(insert(Link), made)


def judged_anew(database: Database) -> tuple[float, int]:
    """(clips a second of processor time, how many were written), as the daemon does it when a rule pack changed.

    Of one linked clip in two hundred somebody has said the place meanwhile, so that there is something to write.
    """
    with database.write() as session:
        linked = sorted(standing(session))
        for clip in linked[::200]:
            session.get_one(Clip, clip).place = "新华路9号"
        linking.due(session, "bench", span=(None, None))
    with database.read() as session:
        before, count = standing(session), session.exec(select(func.count(col(Clip.id)))).one()
    began = time.process_time()
    while linking.drain(database, PACK):
        pass
    took = time.process_time() - began
    with database.read() as session:
        written = len(differing(before, standing(session)))
    assert 0 < written < count / 100, f"{written} of {count} clips"
    return count / took, written


def correction(note: Note, database: Database) -> None:
    """One hand-over of the middle of the period turns out to have been another officer's."""
    with database.read() as session:
        lines = session.exec(select(Checkout).order_by(col(Checkout.out_at))).all()
        line = lines[len(lines) // 2]
        others = {one.officer_id for one in lines} - {line.officer_id}
        before = standing(session)
    given = ledger.CheckoutIn(
        device=line.device_id, officer=min(others), out_at=line.out_at, in_at=line.in_at
    )

    def change(session: Session) -> None:
        ledger.check_out(session, given, "bench", replaces=line.id)

    began = time.perf_counter()
    tried = linking.effects(database, PACK, change)
    shown = time.perf_counter() - began
    with database.write() as session:
        change(session)
    while linking.drain(database, PACK):
        pass
    took = time.perf_counter() - began
    with database.read() as session:
        after = standing(session)
        ended = session.exec(select(Link.clip_id).where(col(Link.ended_at).is_not(None))).all()
        assert session.get_one(Checkout, line.id).superseded_at is not None, "the wrong line stays on record"
    moved = differing(before, after)
    assert moved <= {one.clip_id for one in tried}, "only what was shown has changed"
    assert moved & before.keys() <= set(ended), "what stood before stays on record"
    note(
        "one wrong hand-over corrected", took, "s", 1.0,
        f"of {LARGE:,} clips; {len(tried)} clips change, shown after {shown:.2f} s", at_least=False,
    )  # fmt: skip


def differing(before: dict[str, list[str | None]], after: dict[str, list[str | None]]) -> set[str]:
    return {clip for clip in before.keys() | after.keys() if before.get(clip) != after.get(clip)}


def standing(session: Session) -> dict[str, list[str | None]]:
    found: dict[str, list[str | None]] = {}
    for clip, print_ in session.exec(
        select(Link.clip_id, Link.fingerprint).where(col(Link.ended_at).is_(None)).order_by(col(Link.id))
    ):
        found.setdefault(clip, []).append(print_)
    return found
