"""Clips are found exactly as a reading of all of them would find them, at once after whatever changed."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select

import gateway
from gateway import search
from gateway.database import Database
from gateway.indexing import following, making, marks
from gateway.indexing.terms import told, words_of
from gateway.models import (
    Activity,
    CaseAlias,
    CaseParty,
    CaseRecord,
    Clip,
    ClipSearch,
    Described,
    Device,
    Link,
    LinkStatus,
    Officer,
    Original,
    Party,
    PartyKind,
    Role,
    SearchDue,
    State,
    Unit,
)
from gateway.search import Wanted, upkeep
from gateway.visibility import Viewer

T0 = datetime(2026, 11, 2, 1, tzinfo=UTC)
PLACES = ("邢台市襄都区新华路9号", "新华路", "桥东区团结路27号", None)
TITLES = ("某食品公司经营过期食品案", "过期药品案", "无照经营案")
STEPS = ("现场检查", "查封扣押", "送达")
MISSING = {"code": "labels.missing", "facts": {"labels": "采集地点、证明对象"}}


def viewer(*units: str) -> Viewer:
    return Viewer("w", "w", Role.EVIDENCE, frozenset(units) if units else None)


@pytest.fixture
def filled(either: Database) -> Database:
    """Sixty clips of two units in many a combination."""
    with either.write() as session:
        fill(session)
    return either


def fill(session: Session) -> None:
    for unit in ("u", "v"):
        session.add(Unit(id=unit, name=unit))
        session.flush()
        session.add(Device(id=f"cam-{unit}", name=f"执法记录仪{unit}7", type="body_camera", unit_id=unit))
        session.add(
            Officer(id=f"zhang-{unit}", name={"u": "张伟", "v": "古丽娜尔·买买提江"}[unit], unit_id=unit)
        )
        session.flush()
        for number, title in enumerate(TITLES):
            uid = f"{unit}{number}"
            session.add(CaseRecord(uid=uid, title=title, unit_id=unit))
            session.flush()
            session.add(
                Activity(
                    id=f"step-{uid}", case_uid=uid, kind=STEPS[number], stage="s", started_at=T0, ended_at=T0
                )
            )
            session.add(Party(id=f"party-{uid}", kind=PartyKind.ORGANISATION))
            session.flush()
            raw = f"冀邢市监罚〔2026〕{27 + number}号"
            session.add(CaseAlias(case_uid=uid, raw=raw, norm=raw + uid))
            session.add(
                CaseParty(case_uid=uid, party_id=f"party-{uid}", place=0, name=f"邢台{unit}商贸有限公司")
            )
    session.flush()
    for number in range(60):
        clip_of(session, number)


def clip_of(session: Session, number: int) -> None:
    clip, unit = f"{number:032x}", "uv"[number % 2]
    state = State.QUARANTINED if number % 11 == 0 else State.PRESERVED
    session.add(
        Original(
            id=clip, device_id=f"cam-{unit}", name=f"MAH{number:04}.MP4", suffix=".mp4", size=1, state=state
        )
    )
    session.flush()
    start = T0 + timedelta(hours=5 * number) if number % 7 else None
    session.add(
        Clip(
            id=clip, device_id=f"cam-{unit}", kind="VIDEO", place=PLACES[number % 4], started_at=start,
            ended_at=start and start + timedelta(minutes=12), described=Described.READY,
            officer_id=f"zhang-{unit}" if number % 5 else None, matter="现场货架" if number % 13 == 0 else None,
        )
    )  # fmt: skip
    session.flush()
    if number % 3:
        # every seventh belongs to the other unit's case
        owner = "uv"[(number + (number % 7 == 1)) % 2]
        ended = T0 if number % 10 == 0 else None
        session.add(
            Link(
                id=f"l{number}", clip_id=clip, case_uid=f"{owner}{number % 3}", verdict="VALID", score=1, rule_pack="p",
                reasons=[MISSING] if number % 2 else [], ended_at=ended,
                status=LinkStatus.CONFIRMED if number % 4 == 1 else LinkStatus.PROPOSED,
                activity_id=f"step-{owner}{number % 3}" if number % 2 else None,
            )
        )  # fmt: skip


class Scan:
    """Reads everything, and looks."""

    def __init__(self, session: Session) -> None:
        self.clips = session.exec(
            select(Clip, Original).join(Original, col(Original.id) == Clip.id).order_by(col(Clip.id).desc())
        ).all()
        self.devices = {one.id: one for one in session.exec(select(Device))}
        self.officers = {one.id: one for one in session.exec(select(Officer))}
        self.cases = {one.uid: one for one in session.exec(select(CaseRecord))}
        self.texts: dict[str, list[str]] = {uid: [case.title] for uid, case in self.cases.items()}
        for alias in session.exec(select(CaseAlias)):
            self.texts[alias.case_uid].append(alias.raw)
        for party in session.exec(select(CaseParty)):
            self.texts[party.case_uid].append(party.name)
        self.steps = {one.id: one.kind for one in session.exec(select(Activity))}
        self.links: dict[str, list[Link]] = {}
        for link in session.exec(select(Link)):
            if link.ended_at is None and link.status is not LinkStatus.WITHDRAWN:
                self.links.setdefault(link.clip_id, []).append(link)

    def found(self, who: Viewer, wanted: Wanted) -> list[str]:
        return [clip.id for clip, original in self.clips if self.fits(who, wanted, clip, original)]

    def fits(self, who: Viewer, wanted: Wanted, clip: Clip, original: Original) -> bool:
        links = self.links.get(clip.id, [])
        aside = original.state is State.QUARANTINED or clip.quarantine is not None
        checks = (
            (True, self.sees(who, clip, links)),
            (wanted.device, clip.device_id == wanted.device),
            (wanted.officer, clip.officer_id == wanted.officer),
            (wanted.case, wanted.case in {link.case_uid for link in links}),
            (
                wanted.captured_after,
                wanted.captured_after and clip.ended_at and clip.ended_at >= wanted.captured_after,
            ),
            (
                wanted.captured_before,
                wanted.captured_before and clip.started_at and clip.started_at <= wanted.captured_before,
            ),
            (wanted.state, original.state == wanted.state),
            (wanted.unlinked is not None, bool(links) is not wanted.unlinked),
            (wanted.quarantined is not None, aside is wanted.quarantined),
            (wanted.missing, set(wanted.missing) <= self.lacks(clip, links)),
        )
        return all(holds for asked, holds in checks if asked) and self.says(
            who, wanted, clip, original, links
        )

    def sees(self, who: Viewer, clip: Clip, links: list[Link]) -> bool:
        units = {self.devices[clip.device_id].unit_id}
        units |= {self.cases[one.case_uid].unit_id for one in links if one.status is LinkStatus.CONFIRMED}
        return who.units is None or bool(units & who.units)

    def says(self, who: Viewer, wanted: Wanted, clip: Clip, original: Original, links: list[Link]) -> bool:
        device, officer = self.devices[clip.device_id], self.officers.get(clip.officer_id or "")
        own = [
            clip.place,
            clip.matter,
            clip.case_no,
            original.name,
            device.id,
            device.name,
            officer and officer.name,
        ]
        for link in links:
            if who.units is None or self.cases[link.case_uid].unit_id in who.units:
                own += self.texts[link.case_uid]
                own.append(self.steps.get(link.activity_id or ""))
            own.append(link.matter)
        texts = [told(text) for text in own if text]
        words = all(any(word in text for text in texts) for word in words_of(wanted.text))
        return words and all(word in told(clip.place or "") for word in words_of(wanted.place))

    @staticmethod
    def lacks(clip: Clip, links: list[Link]) -> set[str]:
        if links:
            return {"place", "matter"} if any(link.reasons for link in links) else set()
        given = {
            "time": clip.started_at,
            "place": clip.place,
            "officer": clip.officer_id,
            "matter": clip.matter,
        }
        return {"case"} | {name for name, value in given.items() if value is None}


WORDS = (
    "新华",
    "华路",
    "9",
    "27",
    "张",
    "张伟",
    "买提江",
    "过期",
    "食品案",
    "2026",
    "邢台v",
    "mah",
    "MAH0012",
    "现场",
    "品过",
    "没有的",
    "查封",
    "现场检查",
)
some = st.one_of
wishes = st.builds(
    Wanted,
    text=st.lists(st.sampled_from(WORDS), max_size=2).map(" ".join),
    place=st.sampled_from(("", "", "新华", "路9号", "团结")),
    device=st.sampled_from((None, None, None, "cam-u", "cam-v", "none")),
    officer=st.sampled_from((None, None, None, "zhang-u", "zhang-v")),
    case=st.sampled_from((None, None, None, "u1", "v2")),
    captured_after=some(st.none(), st.integers(-5, 320).map(lambda hours: T0 + timedelta(hours=hours))),
    captured_before=some(st.none(), st.integers(-5, 320).map(lambda hours: T0 + timedelta(hours=hours))),
    state=st.sampled_from((None, None, State.PRESERVED, State.QUARANTINED)),
    unlinked=st.sampled_from((None, None, True, False)),
    quarantined=st.sampled_from((None, None, True, False)),
    missing=st.lists(st.sampled_from(search.MISSING), max_size=2, unique=True).map(tuple),
)  # fmt: skip
viewers = st.sampled_from([viewer(), viewer("u"), viewer("v"), viewer("u", "v"), viewer("x")])


def pages(session: Session, who: Viewer, wanted: Wanted, limit: int) -> list[str]:
    ids: list[str] = []
    after = None
    while True:
        found = search.find(session, who, wanted, limit, after)
        ids += [clip.id for clip, _ in found.clips]
        after = found.next
        if after is None:
            return ids


def test_a_search_finds_what_reading_everything_finds(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In pages, over stretches of few clips, in the scope of whoever asks."""
    monkeypatch.setattr(marks, "BLOCK", 8)
    monkeypatch.setattr(search.index, "FIRST", 3)
    monkeypatch.setattr(search.index, "LATER", 5)
    upkeep.rebuild(filled)
    with filled.read() as session:
        scan = Scan(session)

        @settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
        @given(viewers, wishes, st.integers(1, 40))
        def same(who: Viewer, wanted: Wanted, limit: int) -> None:
            expected = scan.found(who, wanted)
            assert pages(session, who, wanted, limit) == expected
            assert search.at_most(session, who, wanted, 7) == min(7, len(expected))

        same()
        assert len(scan.found(viewer("u"), Wanted(text="过期", unlinked=False))) > 3, (
            "it finds something at all"
        )


def count(database: Database, text: str, who: Viewer | None = None) -> int:
    with database.read() as session:
        return search.at_most(session, who or viewer(), Wanted(text=text), 1000)


def test_what_changes_is_found_at_once(filled: Database) -> None:
    clip = f"{1:032x}"
    with filled.write() as session:
        session.get_one(Clip, clip).place = "泉北大街"
    assert count(filled, "泉北") == 1
    with filled.write() as session:
        link = session.exec(select(Link).where(Link.clip_id == clip)).one()
        link.matter = "封条完好"
    assert count(filled, "封条") == 1
    with filled.write() as session:
        session.get_one(Link, link.id).status = LinkStatus.WITHDRAWN
    assert count(filled, "泉北 过期药品") == 0
    assert count(filled, "泉北") == 1
    with filled.write() as session:
        session.get_one(Original, clip).state = State.QUARANTINED
    with filled.read() as session:
        aside = search.find(session, viewer(), Wanted(text="泉北", quarantined=True), 5)
    assert [found.id for found, _ in aside.clips] == [clip]


def test_pairs_that_are_not_neighbours_are_no_word(filled: Database) -> None:
    """The index has every pair of it; the text has not the word."""
    with filled.write() as session:
        session.get_one(Clip, f"{1:032x}").place = "东路西东西路"
    assert count(filled, "路西东西") == 1
    assert count(filled, "东西东路") == 0


def test_what_is_not_committed_is_not_found(filled: Database) -> None:
    def in_vain() -> None:
        with filled.write() as session:
            session.get_one(Clip, f"{1:032x}").place = "泉北大街"
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        in_vain()
    assert count(filled, "泉北") == 0


def test_a_case_that_is_called_otherwise(filled: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first clips at once, the others in the background, none lost."""
    monkeypatch.setattr(following, "AT_ONCE", 4)
    monkeypatch.setattr(upkeep, "PAGE", 3)
    before = count(filled, "过期药品")
    assert before > 8
    with filled.write() as session:
        session.get_one(CaseRecord, "u1").title = "虚假广告案"
    with filled.read() as session:
        assert len(session.exec(select(SearchDue)).all()) == 1
    assert count(filled, "虚假广告") == 4
    assert upkeep.drain(filled) > 1
    moved = count(filled, "虚假广告")
    assert moved > 4
    assert count(filled, "过期药品") == before - moved
    assert upkeep.drain(filled) == 0


def test_names_numbers_and_parties_follow(filled: Database) -> None:
    with filled.write() as session:
        session.get_one(Officer, "zhang-u").name = "李娜"
        session.get_one(Device, "cam-v").name = "新设备"
        session.add(CaseAlias(case_uid="u1", raw="冀邢市监立〔2026〕5号", norm="x"))
        session.delete(session.exec(select(CaseParty).where(CaseParty.case_uid == "v2")).one())
    assert count(filled, "张伟") == 0
    assert count(filled, "李娜") == 24
    assert count(filled, "新设备") == 30
    assert count(filled, "监立 5号") > 0
    with filled.read() as session:
        of = session.exec(
            select(Link.clip_id).where(Link.case_uid == "v2", col(Link.ended_at).is_(None))
        ).all()
    with filled.read() as session:
        found = search.find(session, viewer("v"), Wanted(text="邢台v商贸", case="v2"), 50)
    assert of
    assert not found.clips


def test_a_step_that_is_called_otherwise_or_linked_anew(filled: Database) -> None:
    before = count(filled, "查封扣押")
    assert before > 0
    with filled.write() as session:
        session.get_one(Activity, "step-u1").kind = "抽样取证"
    moved = count(filled, "抽样取证")
    assert moved > 0
    assert count(filled, "查封扣押") == before - moved
    with filled.write() as session:
        link = session.exec(select(Link).where(Link.activity_id == "step-u1")).first()
        assert link is not None
        link.activity_id = None
    assert count(filled, "抽样取证") == moved - 1


def test_words_of_a_case_of_another_unit_find_nothing(filled: Database) -> None:
    """A clip of one's own is linked to it: that one sees, what the case is called one does not."""
    with filled.write() as session:
        session.get_one(CaseRecord, "v1").title = "独一无二案"
    theirs = viewer("u")
    with filled.read() as session:
        own = search.find(session, theirs, Wanted(case="v1"), 50)
    assert own.clips
    assert count(filled, "独一无二", theirs) == 0
    assert count(filled, "独一无二", viewer("v")) > 0


def test_clips_of_before_there_was_a_search(filled: Database) -> None:
    with filled.write() as session:
        session.add(SearchDue(kind="all"))
        for row in session.exec(select(ClipSearch)):
            session.delete(row)
    assert count(filled, "新华") == 0
    with filled.read() as session:
        assert upkeep.is_due(session)
    assert upkeep.rebuild(filled) == 60
    with filled.read() as session:
        assert not upkeep.is_due(session)
        rows = {row.clip_id: row.model_dump(exclude={"number"}) for row in session.exec(select(ClipSearch))}
    assert count(filled, "新华") == 30
    with filled.write() as session:
        clip_of(session, 60)
        making.refresh(session, [f"{number:032x}" for number in range(60)])
    assert count(filled, "新华") == 31
    with filled.read() as session:
        again = {row.clip_id: row.model_dump(exclude={"number"}) for row in session.exec(select(ClipSearch))}
    assert {name: again[name] for name in rows} == rows, "made one by one or all at once, it is the same"


@pytest.mark.parametrize("typed", ["'", '"', "a' OR 1=1 --", "* NEAR(", "食品 & | !", "\\", "()", "％"])
def test_signs_are_no_language(filled: Database, typed: str) -> None:
    with filled.read() as session:
        assert pages(session, viewer(), Wanted(text=typed), 50) == Scan(session).found(
            viewer(), Wanted(text=typed)
        ) or not (words_of(typed))


def test_nothing_writes_clips_past_the_session() -> None:
    """What is changed by a statement of its own is not noticed, and would be found by what it was."""
    past = re.compile(
        r"\b(?:update|insert|delete)\((?:Clip|Link|Original|CaseRecord|CaseAlias|CaseParty|Officer|Device)\)"
    )
    house = Path(gateway.__file__).parents[1]
    rooms = [
        path for room in ("gateway", "ingest", "api", "drivers") for path in (house / room).rglob("*.py")
    ]
    assert len(rooms) > 200
    assert [path.name for path in rooms if past.search(path.read_text())] == []
