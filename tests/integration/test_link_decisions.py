"""What a person decides about links stands, can be taken back, and erases nothing; effects are shown before they are made."""

from collections.abc import Callable

import pytest
from sqlmodel import Session, col, select

from gateway import audit, ledger, linking
from gateway.database import Database
from gateway.device import Refused
from gateway.linking import decisions
from gateway.linking.decisions import LinkIn
from gateway.linking.standing import links_of
from gateway.models import (
    CaseRecord,
    Checkout,
    Clip,
    CustodyEvent,
    Link,
    LinkStatus,
    Original,
    RelinkDue,
    State,
)
from gateway.scope import statements
from gateway.scope.statements import StatementIn
from tests.scenarios.stage import Stage
from tests.scenarios.telling import PACK
from tests.scenarios.told import Scenario, moment

TOLD = Scenario.model_validate(
    {
        "name": "two teams",
        "source": "LK-17",
        "ledger": [{"officer": "zhang", "since": "08:00", "until": "18:00"}],
        "clocks": [{"at": "18:20", "shown": "18:20"}],
        "cases": [
            {"uid": "k", "steps": [{"id": "a", "since": "09:00", "until": "09:40"}]},
            {
                "uid": "m",
                "handlers": ["wang", "zhao"],
                "steps": [
                    {"id": "b", "since": "09:00", "until": "09:40", "officers": ["wang", "zhao"]},
                    {"id": "d", "since": "11:00", "until": "11:40", "officers": ["wang", "zhao"]},
                ],
            },
        ],
        "clips": [{"id": "c", "shown": "09:05"}, {"id": "later", "shown": "13:00"}],
    }
)


class Desk:
    """A person at the desk, one decision after the other."""

    def __init__(self, database: Database, told: Scenario = TOLD) -> None:
        self.stage = Stage(database, told)
        self.database = database
        self.stage.play(told)

    def link(self, status: LinkStatus | None = None) -> Link:
        with self.database.read() as session:
            wanted = select(Link).where(Link.clip_id == "c", col(Link.ended_at).is_(None))
            found = session.exec(wanted).one()
            assert status is None or found.status is status
            return found

    def standing(self) -> list[tuple[str, str | None]]:
        with self.database.read() as session:
            wanted = (
                select(Link).where(Link.clip_id == "c", col(Link.ended_at).is_(None)).order_by(col(Link.id))
            )
            return [(one.case_uid, one.activity_id) for one in session.exec(wanted)]

    def history(self) -> int:
        with self.database.read() as session:
            return len(session.exec(select(Link).where(Link.clip_id == "c")).all())

    def confirm(self, matter: str | None = None) -> None:
        with self.database.write() as session:
            decisions.confirm(session, session.get_one(Link, self.link().id), PACK, "li", "核对无误", matter)
        self.stage.settle()

    def withdraw(self) -> str:
        with self.database.write() as session:
            gone = decisions.withdraw(session, session.get_one(Link, self.link().id), "li", "不是本案").id
        self.stage.settle()
        return gone

    def correct(self, case: str, step: str | None) -> Link:
        with self.database.write() as session:
            old = session.get_one(Link, self.link().id)
            made = decisions.correct(session, old, LinkIn(case=case, activity=step), PACK, "li", "另案")
        self.stage.settle()
        return made

    def again(self) -> None:
        with self.database.write() as session:
            linking.due(session, "again", span=(None, None))
        self.stage.settle()

    def undo(self, link_id: str) -> None:
        with self.database.write() as session:
            decisions.undo(session, session.get_one(Link, link_id), "li", "看错了")
        self.stage.settle()


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def test_withdrawn_is_not_proposed_again_until_that_is_undone(desk: Desk) -> None:
    gone = desk.withdraw()
    assert desk.standing() == []
    with desk.database.read() as session:
        unlinked = session.get_one(Clip, "c").unlinked
    assert unlinked is not None
    assert unlinked["code"] == "unlinked.withdrawn"
    desk.undo(gone)
    assert desk.standing() == [("k", "a")]
    assert desk.history() >= 2, "the withdrawn link stays"
    with pytest.raises(Refused):
        desk.undo(gone)


def test_a_correction_takes_the_place_of_the_old_link_and_can_be_undone(desk: Desk) -> None:
    made = desk.correct("m", "b")
    assert desk.standing() == [("m", "b")]
    assert made.verdict == "NEEDS_REVIEW", "the rules' objections are shown, the person's word counts"
    assert {one["code"] for one in made.reasons if not one["passed"]} >= {"handler.stranger"}
    desk.again()
    assert desk.link(LinkStatus.CONFIRMED).doubt is None, "the person knew that; no fact has changed since"
    desk.undo(made.id)
    assert desk.standing() == [("k", "a")]
    assert desk.link(LinkStatus.PROPOSED).verdict == "VALID_WITH_NOTE"


def test_a_confirmation_can_be_undone_and_then_the_machine_decides_again(desk: Desk) -> None:
    desk.confirm()
    before = desk.link(LinkStatus.CONFIRMED)
    desk.undo(before.id)
    assert desk.link(LinkStatus.PROPOSED).id == before.id
    with pytest.raises(Refused):
        desk.undo(before.id)


def test_what_a_person_linked_stands_as_that_persons_again_when_its_end_is_undone(desk: Desk) -> None:
    by_hand = desk.correct("m", "d")
    ends = [desk.withdraw, lambda: desk.correct("m", "b").supersedes or ""]
    for end in ends:
        ended = end()
        last = desk.link().id if desk.standing() else ended
        desk.undo(last)
        desk.again()
        assert desk.standing() == [("m", "d")]
        assert desk.link(LinkStatus.CONFIRMED).made_by == by_hand.made_by
        assert desk.link().doubt is None, "nothing has changed since the person knew"
    desk.undo(desk.link().id)
    assert desk.standing() == [("k", "a")], "what the correction took the place of, not what was undone"
    assert desk.link(LinkStatus.PROPOSED)


def test_what_was_confirmed_is_confirmed_again_and_what_was_not_is_not(desk: Desk) -> None:
    desk.confirm()
    desk.undo(desk.withdraw())
    assert desk.link(LinkStatus.CONFIRMED).doubt is None
    desk.undo(desk.link().id)
    assert desk.link(LinkStatus.PROPOSED)
    desk.undo(desk.withdraw())
    assert desk.link(LinkStatus.PROPOSED), "the confirmation had been taken back before"


def test_a_withdrawal_that_was_undone_never_counts_again(desk: Desk) -> None:
    desk.undo(desk.withdraw())
    desk.confirm()
    desk.again()

    def unlinked() -> dict[str, object] | None:
        with desk.database.read() as session:
            return session.get_one(Clip, "c").unlinked

    assert unlinked() is None
    assert desk.link(LinkStatus.CONFIRMED).facts["machine"] == [["k", "a", "VALID_WITH_NOTE"]]
    again = desk.withdraw()
    assert (unlinked() or {})["code"] == "unlinked.withdrawn"
    desk.undo(again)
    assert unlinked() is None


def test_a_correction_within_a_case_is_no_withdrawal_of_it(desk: Desk) -> None:
    desk.correct("k", None)
    desk.again()
    with desk.database.read() as session:
        assert links_of(session, ["c"])["c"].withdrawn == frozenset()
        assert session.get_one(Clip, "c").unlinked is None, "it is linked, and nobody withdrew it"
    link = desk.link(LinkStatus.CONFIRMED)
    assert (link.case_uid, link.activity_id, link.doubt) == ("k", None, None), "and the machine adds nothing"
    desk.correct("m", "b")
    with desk.database.read() as session:
        assert links_of(session, ["c"])["c"].withdrawn == {"k"}, "another case is one"
    desk.correct("m", "d")
    desk.withdraw()
    with desk.database.read() as session:
        assert links_of(session, ["c"])["c"].withdrawn == {"k", "m"}, "what it was corrected to was withdrawn"


def test_what_stands_already_is_not_restored_beside_itself(desk: Desk) -> None:
    made = desk.correct("m", "b")
    desk.withdraw()
    with desk.database.write() as session:
        given = LinkIn(case="m", activity="b")
        decisions.add(session, session.get_one(Clip, "c"), given, PACK, "li", "还是它")
    with pytest.raises(Refused):
        desk.undo(made.id)


def test_what_was_recorded_at_another_time_than_its_step_asks_for_a_person(desk: Desk) -> None:
    """As what was recorded just beside it does; nothing else speaks against this one."""
    with desk.database.write() as session:
        clip, given = session.get_one(Clip, "later"), LinkIn(case="k", activity="a")
        made = decisions.add(session, clip, given, PACK, "li", "放错")
    assert [one["code"] for one in made.reasons if not one["passed"] and one["rule"] != "LK-1"] == [
        "time.outside"
    ]
    assert made.verdict == "NEEDS_REVIEW"


def test_nothing_is_decided_about_a_clip_that_was_destroyed(desk: Desk) -> None:
    with desk.database.write() as session:
        session.get_one(Original, "c").state = State.DESTROYED
    given, link_id = LinkIn(case="m", activity="b"), desk.link().id
    decided: list[Callable[[Session, Link], object]] = [
        lambda session, link: decisions.confirm(session, link, PACK, "li", "核对"),
        lambda session, link: decisions.withdraw(session, link, "li", "不是"),
        lambda session, link: decisions.correct(session, link, given, PACK, "li", "另案"),
        lambda session, link: decisions.undo(session, link, "li", "看错"),
        lambda session, _link: decisions.add(session, session.get_one(Clip, "c"), given, PACK, "li", "补"),
    ]
    for decide in decided:
        with pytest.raises(Refused) as refused, desk.database.write() as session:
            decide(session, session.get_one(Link, link_id))
        assert refused.value.reason["code"] == "hold.destroyed"
    assert desk.standing() == [("k", "a")]


def test_a_case_that_is_not_there_is_named_as_what_it_is(desk: Desk) -> None:
    for given, kind in ((LinkIn(case="nowhere"), "case"), (LinkIn(case="k", activity="b"), "activity")):
        with pytest.raises(Refused) as refused, desk.database.write() as session:
            decisions.add(session, session.get_one(Clip, "c"), given, PACK, "li", "试试")
        assert refused.value.reason["facts"]["kind"] == kind


def test_what_is_not_there_cannot_be_linked(desk: Desk) -> None:
    wrong = [
        LinkIn(case="nowhere"),
        LinkIn(case="k", activity="b"),
        LinkIn(case="m", activity="b", t0_s=3),
        LinkIn(case="m", activity="b", t0_s=9, t1_s=3),
        LinkIn(case="m", activity="b", t0_s=0, t1_s=99999),
    ]
    for given in wrong:
        with pytest.raises(Refused), desk.database.write() as session:
            decisions.add(session, session.get_one(Clip, "c"), given, PACK, "li", "试试")
    assert desk.standing() == [("k", "a")]


def test_one_clip_two_cases_each_with_its_part_by_hand(desk: Desk) -> None:
    with desk.database.write() as session:
        given = LinkIn(case="m", activity="b", t0_s=300, t1_s=600, matter="当事人承认")
        decisions.add(session, session.get_one(Clip, "c"), given, PACK, "li", "后半段另案")
    desk.stage.settle()
    assert desk.standing() == [("k", "a"), ("m", "b")]
    with pytest.raises(Refused), desk.database.write() as session:
        decisions.add(session, session.get_one(Clip, "c"), given, PACK, "li", "又一次")


def test_every_decision_is_in_custody_and_nothing_was_rewritten(desk: Desk) -> None:
    made = desk.correct("m", "b")
    desk.undo(made.id)
    desk.withdraw()
    with desk.database.read() as session:
        events = session.exec(select(CustodyEvent).where(CustodyEvent.subject == "c")).all()
    told = [(one.event, one.detail.get("why")) for one in events if one.event.startswith("LINK_")]
    assert told == [("LINK_CORRECTED", "另案"), ("LINK_UNDONE", "看错了"), ("LINK_WITHDRAWN", "不是本案")]
    with desk.database.read() as session:
        assert [one for one in audit.rows(session) if "edited" in one.what] == []


def test_effects_are_those_that_relinking_then_has_and_trying_leaves_nothing(desk: Desk) -> None:
    with desk.database.read() as session:
        line = session.exec(select(Checkout)).one()
        events = len(session.exec(select(CustodyEvent)).all())
    given = ledger.CheckoutIn(device="cam", officer="wang", out_at=moment("08:00"), in_at=moment("18:00"))
    tried = linking.effects(
        desk.database, PACK, lambda session: ledger.check_out(session, given, "li", replaces=line.id)
    )
    found = {one.clip_id: (one.before, one.after, one.officer_after) for one in tried}
    assert found["c"] == ((("k", "a", "VALID_WITH_NOTE"),), (("m", "b", "VALID_WITH_NOTE"),), "wang")
    assert found["later"] == ((), (), "wang")
    with desk.database.read() as session:
        assert len(session.exec(select(CustodyEvent)).all()) == events
        assert session.exec(select(RelinkDue)).all() == []
        assert session.exec(select(Checkout)).one().superseded_at is None
    with desk.database.write() as session:
        ledger.check_out(session, given, "li", replaces=line.id)
    desk.stage.settle()
    assert desk.standing() == [("m", "b")]


def test_a_person_may_correct_a_link_of_an_archived_case_with_a_reason(database: Database) -> None:
    """LK-20: the machine leaves it as it was filed; the correction shows what it was and why it is another now."""
    desk = Desk(database)
    before = desk.link()
    with database.write() as session:
        session.get_one(CaseRecord, "k").archived_on = moment("2099-01-01T00:00:00")
        linking.due(session, "x", span=(None, None))
    desk.stage.settle()
    assert desk.link().id == before.id
    with database.write() as session:
        link = session.get_one(Link, before.id)
        decisions.correct(session, link, LinkIn(case="m", activity="b"), PACK, "li", "补充归档审批 2099-1 号")
    desk.stage.settle()
    assert desk.standing() == [("m", "b")]
    with database.read() as session:
        ended = session.get_one(Link, before.id).ended_why or {}
        said = session.exec(select(CustodyEvent).where(CustodyEvent.event == "LINK_CORRECTED")).one()
    assert (ended["code"], said.detail["why"]) == ("ended.corrected", "补充归档审批 2099-1 号")


def test_whoever_looked_says_whether_the_party_was_told(database: Database) -> None:
    """LK-10: a reviewer's word counts before the record's, and can be corrected."""
    desk = Desk(database)

    def state(ground: str, replaces: str | None = None) -> str:
        given = StatementIn.model_validate({"kind": "NOTICE", "ground": ground, "replaces": replaces})
        with database.write() as session:
            made = statements.state(session, "a", given, "li").id
        desk.stage.settle()
        return made

    def said() -> set[str]:
        return {one["code"] for one in desk.link().reasons if one["rule"] == "LK-10"}

    assert said() == set()
    first = state("missing")
    assert said() == {"notice.missing"}
    assert desk.link().verdict == "VALID_WITH_NOTE"
    state("given", replaces=first)
    assert said() == {"notice.given"}
    with pytest.raises(Refused):
        state("battery")
