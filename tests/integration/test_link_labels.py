"""Labels and the links that persons keep say the same, whichever comes first (R-01, LK-1, LK-13)."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from gateway import audit, linking
from gateway.database import Database
from gateway.device import Refused
from gateway.linking import decisions
from gateway.linking.decisions import LinkIn
from gateway.models import Clip, CustodyEvent, Device, Link, LinkStatus, Original, Unit
from gateway.reports import report
from gateway.reports.figures import Code, Period, Side
from gateway.reports.recording import clip_of
from gateway.rules import case_number
from tests.integration.test_board import ALL, LAW
from tests.integration.test_link_decisions import Desk
from tests.scenarios.telling import PACK
from tests.scenarios.told import DAY, LOCAL, CaseTold, Facts, Scenario

NUMBER = "冀邢市监罚〔2026〕12号"
TOLD = Scenario.model_validate(
    {
        "name": "two cases and what fits none",
        "source": "LK-13",
        "ledger": [{"officer": "zhang", "since": "08:00", "until": "18:00"}],
        "clocks": [{"at": "18:20", "shown": "18:20"}],
        "cases": [
            {"uid": "k", "numbers": [NUMBER], "steps": [{"id": "a", "since": "09:00", "until": "09:40"}]},
            {
                "uid": "m",
                "numbers": ["冀邢市监罚〔2026〕77号"],
                "handlers": ["wang", "zhao"],
                "steps": [
                    {"id": "b", "since": "09:00", "until": "09:40", "officers": ["wang", "zhao"]},
                    {"id": "alone", "since": "15:00", "until": "15:30", "officers": ["wang"]},
                ],
            },
            {"uid": "n", "handlers": ["wang"], "steps": []},
        ],
        "clips": [
            {"id": "c", "shown": "09:05"},
            {"id": "later", "shown": "13:00"},
            {"id": "named", "shown": "16:00", "number": "冀邢市监罚〔2026〕77号"},
            {"id": "lost", "shown": "1970-01-01T08:00:05"},
        ],
    }
)


class Labels(Desk):
    def __init__(self, database: Database) -> None:
        super().__init__(database, TOLD)

    def enter(self, clip: str = "c", **given: object) -> None:
        with self.database.write() as session:
            row, original = session.get_one(Clip, clip), session.get_one(Original, clip)
            linking.enter_labels(session, row, original, given, "wang")
        self.stage.settle()

    def by_hand(self, clip: str, case: str, step: str | None = None, matter: str | None = None) -> str:
        with self.database.write() as session:
            given = LinkIn(case=case, activity=step, matter=matter)
            made = decisions.add(session, session.get_one(Clip, clip), given, PACK, "li", "补").id
        self.stage.settle()
        return made

    def clip(self, clip: str = "c") -> Clip:
        with self.database.read() as session:
            return session.get_one(Clip, clip)

    def lacks(self, clip: str = "c") -> list[str]:
        """As the link's reason card, the recording sheet and the figure say it: all the same."""
        with self.database.read() as session:
            row, original = session.get_one(Clip, clip), session.get_one(Original, clip)
            standing = select(Link).where(Link.clip_id == clip, col(Link.ended_at).is_(None))
            [link] = session.exec(standing).all()
            told = [
                one["facts"]["labels"].split("、") for one in link.reasons if one["code"] == "labels.missing"
            ]
            card = told[0] if told else []
            assert clip_of(row, original, [link]).lacking == card
            assert figure(session)[clip] is (Side.DENOMINATOR if card else Side.BOTH)
        return card


def figure(session: Session) -> dict[str, Side]:
    for device in session.exec(select(Device)):
        assert device.unit_id == "xt"
    midnight = datetime(DAY.year, DAY.month, DAY.day, tzinfo=LOCAL)
    period = Period(midnight - timedelta(days=1), midnight + timedelta(days=2))
    told = report(session, LAW, ALL, "xt", period, datetime(2027, 1, 1, tzinfo=UTC)).figure(Code.LABELLED)
    return {one.id: one.side for one in told.members}


@pytest.fixture
def desk(either: Database) -> Labels:
    made = Labels(either)
    with either.write() as session:
        for original in session.exec(select(Original)):
            original.acquired_at = original.found_at
        for clip in session.exec(select(Clip)):
            clip.described = "READY"  # type: ignore[assignment]
        assert session.get(Unit, "xt")
    return made


def test_what_a_confirmed_link_says_of_labels_follows_them(desk: Labels) -> None:
    desk.confirm(matter="过期食品在售")
    assert desk.lacks() == ["采集地点"]
    assert desk.link(LinkStatus.CONFIRMED).verdict == "VALID_WITH_NOTE"
    before = desk.link()
    desk.enter(place="新华路10号")
    assert desk.lacks() == []
    after = desk.link(LinkStatus.CONFIRMED)
    assert (after.id, after.verdict, after.matter) == (before.id, "VALID", "过期食品在售")
    assert [one["passed"] for one in after.reasons if one["rule"] == "LK-1"] == [True]
    assert [one for one in after.reasons if one["rule"] != "LK-1"] == [
        one for one in before.reasons if one["rule"] != "LK-1"
    ]


def test_both_states_of_the_card_are_in_custody_and_the_audit_holds(desk: Labels) -> None:
    desk.confirm(matter="过期食品在售")
    desk.enter(place="新华路10号")
    link = desk.link().id
    with desk.database.read() as session:
        lines = session.exec(select(CustodyEvent).where(CustodyEvent.event == "LINKED")).all()
        told = [line.detail["labels"] for line in lines if "labels" in line.detail]
        assert told == [{link: {"before": ["采集地点"], "now": []}}]
        touched = {difference.where for difference in audit.rows(session) if "edited" in difference.what}
    assert not {where for where in touched if where.startswith("row link/")}
    written = desk.history()
    desk.again()
    with desk.database.read() as session:
        assert len(session.exec(select(CustodyEvent).where(CustodyEvent.event == "LINKED")).all()) == len(
            lines
        )
    assert desk.history() == written, "said once"


def test_what_a_clip_proves_is_said_of_each_of_its_links(desk: Labels) -> None:
    """LK-13: not only of the clip; so say the card, the sheet and the figure."""
    desk.enter(matter="过期食品在售", place="新华路10号")
    assert desk.lacks() == ["证明对象"]
    desk.confirm()
    assert desk.lacks() == ["证明对象"]
    desk.confirm(matter="过期食品在售")
    assert desk.lacks() == []
    with desk.database.read() as session:
        assert figure(session)["later"] is Side.DENOMINATOR
    desk.enter("later", matter="空镜头", place="新华路10号", case_no="1号")
    with desk.database.read() as session:
        assert figure(session)["later"] is Side.BOTH, "nothing is linked to it: what is said of the clip"
    desk.by_hand("later", "k")
    assert desk.lacks("later") == ["证明对象"]
    desk.undo(standing_of(desk, "later"))
    desk.by_hand("later", "k", matter="空镜头")
    assert desk.lacks("later") == []


def standing_of(desk: Labels, clip: str) -> str:
    with desk.database.read() as session:
        return session.exec(select(Link.id).where(Link.clip_id == clip, col(Link.ended_at).is_(None))).one()


def test_a_confirmation_that_is_undone_takes_back_what_it_said_the_clip_proves(desk: Labels) -> None:
    before = desk.link()
    desk.confirm(matter="过期食品在售")
    desk.undo(before.id)
    after = desk.link(LinkStatus.PROPOSED)
    assert (after.id, after.matter, after.reasons, after.fingerprint) == (
        before.id, None, before.reasons, before.fingerprint,
    )  # fmt: skip
    assert desk.lacks() == ["采集地点", "证明对象"]


def test_a_clip_that_a_person_links_bears_the_number_of_that_case(desk: Labels) -> None:
    """And says no longer that nothing fits it."""
    assert said(desk, "later") == (None, "unlinked.no_activity")
    made = desk.by_hand("later", "k", "a")
    assert said(desk, "later") == (case_number.normalise(NUMBER), None)
    with desk.database.write() as session:
        decisions.withdraw(session, session.get_one(Link, made), "li", "放错")
    desk.stage.settle()
    assert said(desk, "later") == (None, "unlinked.withdrawn")
    desk.undo(made)
    assert said(desk, "later") == (case_number.normalise(NUMBER), None)


def said(desk: Labels, clip: str) -> tuple[str | None, str | None]:
    row = desk.clip(clip)
    return row.case_no, row.unlinked["code"] if row.unlinked else None


def test_a_link_that_is_rejected_bears_nothing(desk: Labels) -> None:
    """One officer alone (LK-6)."""
    made = desk.by_hand("later", "m", "alone")
    with desk.database.read() as session:
        assert session.get_one(Link, made).verdict == "REJECTED"
    assert said(desk, "later") == (None, "unlinked.no_activity")


def test_a_person_s_correction_counts_before_a_file_name_and_a_person_s_label_before_that(
    desk: Labels,
) -> None:
    with desk.database.write() as session:
        link = session.exec(select(Link).where(Link.clip_id == "named", col(Link.ended_at).is_(None))).one()
        assert link.case_uid == "m"
        decisions.correct(session, link, LinkIn(case="k"), PACK, "li", "另案")
    desk.stage.settle()
    assert said(desk, "named") == (case_number.normalise(NUMBER), None)
    desk.enter("named", case_no="待定1号")
    assert said(desk, "named") == ("待定1号", None)
    desk.enter("later", case_no="冀邢市监罚 [2026] 12 号")
    desk.by_hand("later", "k", "a")
    assert said(desk, "later") == ("冀邢市监罚 [2026] 12 号", None), "in the spelling of who entered it"


def test_a_case_that_is_numbered_later_gives_its_number_to_what_was_linked_to_it(desk: Labels) -> None:
    desk.by_hand("later", "n")
    assert said(desk, "later") == (None, None)
    number = "冀邢市监罚〔2026〕90号"
    desk.stage.play(Facts(cases=[CaseTold(uid="n", numbers=[number], handlers=["wang"])]))
    assert said(desk, "later") == (case_number.normalise(number), None)


def test_a_lost_clock_is_still_missing_its_time_when_a_person_links_it(desk: Labels) -> None:
    assert said(desk, "lost") == (None, "unlinked.no_time")
    desk.by_hand("lost", "k", "a", matter="现场")
    assert said(desk, "lost") == (case_number.normalise(NUMBER), None)
    assert desk.lacks("lost") == ["采集时间", "采集地点", "采集人"]


def test_a_person_says_when_it_was_and_takes_it_back(either: Database) -> None:
    """A clock that was lost says nothing; whoever knows when it was says why he knows."""
    desk = Labels(either)

    def stands() -> tuple[list[str | None], str | None, str | None]:
        with either.read() as session:
            row = session.get_one(Clip, "lost")
            links = select(Link.activity_id).where(Link.clip_id == "lost", col(Link.ended_at).is_(None))
            return list(session.exec(links)), row.time_source, (row.unlinked or {}).get("code")

    before = stands()
    assert (before[0], before[2]) == ([], "unlinked.no_time")
    at = datetime(2026, 3, 2, 1, 10, tzinfo=UTC)
    with pytest.raises(Refused, match="no_reason"):
        desk.enter("lost", captured_at=at)
    assert stands() == before
    desk.enter("lost", captured_at=at, why="画面中有时钟")
    assert stands() == (["a"], "person", None)
    with either.read() as session:
        row = session.get_one(Clip, "lost")
        assert (row.started_at, row.uncertainty_s) == (at, 60.0)
        lines = session.exec(select(CustodyEvent).where(CustodyEvent.event == "LABELLED_BY_PERSON"))
        assert [line.detail["before"] for line in lines] == [{"captured_at": None}]
    desk.enter("lost", captured_at="none", why="看错了")
    assert stands() == before
    with either.read() as session:
        assert not [one for one in audit.rows(session) if "edited" in one.what]
