"""What of a step must be recorded: the stricter of frame and list; nights and holidays; the standing of a duty."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import rulepacks
from gateway.demo.town import cases
from gateway.law import frame_of
from gateway.models import Statement, StatementKind
from gateway.rules.duty import DutyFacts, DutyLimits, Omission, Standing, duty, percent
from gateway.rules.recorded import CoverageLimits, Part
from gateway.rules.scope import (
    LEAST_FIRST,
    Calendar,
    Frame,
    Item,
    Kind,
    Mode,
    Rest,
    at_rest,
    fold,
    mode_of_item,
    owed,
    stricter,
)
from gateway.scope.statements import omission_of

PACK = rulepacks.load("hebei-xingtai-2019")
FRAME = frame_of(PACK)
CHINA = ZoneInfo("Asia/Shanghai")
MODES = st.sampled_from(LEAST_FIRST)
KINDS = st.sampled_from([kind.zh for kind in PACK.scope.kinds.values()])
ITEMS = st.lists(
    st.builds(Item, st.uuids().map(str), KINDS, st.just(""), MODES), max_size=4, unique_by=lambda one: one.id
)
ORDER = {"OPTIONAL": 0, "PARTIAL": 1, "FULL": 2}


@given(KINDS | st.text(max_size=6), ITEMS, ITEMS, st.booleans())
def test_another_line_of_a_list_never_asks_for_less(
    written: str, items: list[Item], more: list[Item], in_room: bool
) -> None:
    """Monotone: neither a list, nor another line, nor the room can take away what is owed."""
    bare = owed(written, FRAME)
    with_list = owed(written, FRAME, items, in_room=in_room)
    with_more = owed(written, FRAME, [*items, *more], in_room=in_room)
    assert ORDER[bare.mode] <= ORDER[with_list.mode] <= ORDER[with_more.mode]
    about = [one for one in items if one.id in with_list.items]
    assert ORDER[with_list.mode] == max([ORDER[with_list.frame], *(ORDER[one.mode] for one in about)])
    if in_room:
        assert with_list.mode is Mode.FULL


@given(st.lists(MODES))
def test_the_stricter_is_the_strictest_in_any_order(modes: list[Mode]) -> None:
    expected = max((ORDER[mode] for mode in modes), default=0)
    assert ORDER[stricter(modes)] == ORDER[stricter(reversed(modes))] == expected


@pytest.mark.parametrize(
    ("written", "mode", "kind"),
    [
        ("查封扣押", "FULL", "seal_seize"), ("查封、扣押", "FULL", "seal_seize"), ("扣押", "FULL", "seize"),
        ("强制拆除", "FULL", "demolition"), ("罚没财物处置", "FULL", "confiscated_disposal"),
        ("现场检查", "PARTIAL", "inspection"), ("调查取证", "PARTIAL", "investigation"),
        ("举行听证", "PARTIAL", "hearing"), ("留置送达", "PARTIAL", "leave_service"),
        ("公告送达", "PARTIAL", "notice_service"), ("询问当事人", "PARTIAL", "interview"),
        ("先行登记保存", "PARTIAL", "register_preserve"), ("抽样取证", "PARTIAL", "sampling"),
        ("立案", "OPTIONAL", "filing"), ("直接送达", "OPTIONAL", "direct_service"),
        (" 现场 检查 ", "PARTIAL", "inspection"), ("陈述、申辩", "PARTIAL", "defence"),
        ("星际检查", "PARTIAL", None),
    ],
)  # fmt: skip
def test_the_frame_of_city_and_province(written: str, mode: str, kind: str | None) -> None:
    told = owed(written, FRAME)
    assert (told.mode, told.kind) == (mode, kind)


def test_no_two_kinds_have_one_name_however_it_is_spelled() -> None:
    names = [fold(name) for kind in PACK.scope.kinds.values() for name in (kind.zh, *kind.aliases)]
    assert len(set(names)) == len(names)


def item(step: str, matter: str = "", mode: Mode = Mode.FULL) -> Item:
    return Item("i", step, matter, mode)


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        (item("入户直接送达、留置送达、公告送达"), {"direct_service", "leave_service", "notice_service"}),
        (item("查封、扣押"), {"seal_seize", "seal", "seize"}),
        (item("解除查封"), {"release_seized"}),
        (item("当事人不配合调查"), {"refusal"}),
        (item("全过程", "举行听证"), {"hearing"}),
        (item("现场检查/抽样/听证取证"), {"inspection", "sampling", "hearing", "investigation"}),
        (item("认为有必要记录的事项"), set()),
    ],
)
def test_the_kinds_that_a_line_is_about(line: Item, kinds: set[str]) -> None:
    assert line.kinds(FRAME) == kinds


def test_a_line_reaches_kinds_that_nobody_knows_by_their_own_words() -> None:
    told = owed("星际检查", FRAME, [item("星际检查、月面检查")])
    assert (told.mode, told.kind, told.listed) == (Mode.FULL, None, Mode.FULL)
    assert owed("月面", FRAME, [item("月面检查")]).listed is None


@pytest.mark.parametrize(
    ("texts", "has_span", "mode"),
    [
        (["检查的全过程"], False, Mode.FULL), (["主要过程"], True, Mode.PARTIAL), (["适时"], True, Mode.PARTIAL),
        (["可以不记录"], True, Mode.OPTIONAL), (["全程，必要时"], False, Mode.FULL), (["拍照"], True, Mode.FULL),
        (["拍照"], False, Mode.PARTIAL),
        (["可以不全程记录"], True, Mode.PARTIAL), (["不需要全程记录"], True, Mode.PARTIAL),
        (["非全程"], True, Mode.PARTIAL), (["无需全程，文字记录即可"], True, Mode.OPTIONAL),
        (["不得不全程记录"], False, Mode.FULL), (["不能全程记录的，应当说明原因"], False, Mode.FULL),
        (["不间断全程记录"], False, Mode.FULL), (["不必全程记录；拆封的全过程"], False, Mode.FULL),
    ],
)  # fmt: skip
def test_how_much_a_line_asks_for(texts: list[str], has_span: bool, mode: Mode) -> None:
    words = {Mode(name): found.value for name, found in PACK.scope.list_words.items()}
    assert mode_of_item(texts, words, has_span=has_span) is mode


CALENDAR = Calendar(time(22), time(6), {2026: frozenset({date(2026, 10, 1)})}, CHINA)


def local(day: int, hour: float, month: int = 8, year: int = 2026) -> datetime:
    return datetime(year, month, day, tzinfo=CHINA).astimezone(UTC) + timedelta(hours=hour)


@pytest.mark.parametrize(
    ("start", "end", "touched"),
    [
        (local(4, 9), local(4, 17), set()), (local(4, 21), local(4, 22), set()),
        (local(4, 21), local(4, 22.1), {Rest.NIGHT}), (local(4, 5.9), local(4, 8), {Rest.NIGHT}),
        (local(4, 6), local(4, 8), set()), (local(4, 12), local(5, 12), {Rest.NIGHT}),
        (local(4, 23), local(4, 23), {Rest.NIGHT}), (local(4, 12), local(4, 12), set()),
        (local(1, 9, 10), local(1, 10, 10), {Rest.HOLIDAY}), (local(2, 9, 10), local(2, 10, 10), set()),
        (local(30, 23, 9), local(1, 1, 10), {Rest.NIGHT, Rest.HOLIDAY}),
        (local(4, 9, 8, 2031), local(4, 10, 8, 2031), {Rest.UNKNOWN}),
    ],
)  # fmt: skip
def test_nights_and_holidays_by_local_days(start: datetime, end: datetime, touched: set[Rest]) -> None:
    assert set(at_rest(start, end, CALENDAR)) == touched


@given(st.integers(0, 60 * 24 * 3), st.integers(0, 60 * 20))
def test_a_night_is_touched_if_a_minute_of_it_is(begin: int, length: int) -> None:
    start = local(4, 0) + timedelta(minutes=begin)
    end = start + timedelta(minutes=length)
    minutes = [start + timedelta(minutes=at) for at in range(max(1, length))]
    dark = any(one.astimezone(CHINA).hour >= 22 or one.astimezone(CHINA).hour < 6 for one in minutes)
    assert (Rest.NIGHT in at_rest(start, end, CALENDAR)) == dark


LIMITS = DutyLimits(
    CoverageLimits(0.98, 2, 60, 0.1, 120), 24, 24, frozenset({"secret", "emergency", "impossible"}), CALENDAR
)
START, END = local(4, 9), local(4, 10)
GIVEN = Omission("secret", "涉及商业秘密", "工作记录1号", "局长", "局长", local(5, 9))


def facts(written: str = "查封扣押", **more: object) -> DutyFacts:
    return replace(DutyFacts(start=START, end=END, owed=owed(written, FRAME)), **more)


def codes(given_: DutyFacts, at: datetime = END) -> tuple[Standing, list[str]]:
    told = duty(given_, LIMITS, at)
    return told.standing, [one.code for one in told.findings if not one.passed]


WHOLE = (Part("a", START, END),)


def test_where_a_duty_stands() -> None:
    due = END + timedelta(hours=24)
    assert codes(facts(), START) == (Standing.UPCOMING, [])
    assert codes(facts(), due) == (Standing.MISSING, ["duty.missing"])
    assert codes(facts(), due + timedelta(seconds=1)) == (Standing.OVERDUE, ["duty.overdue"])
    assert codes(facts(parts=WHOLE)) == (Standing.ARRIVED, [])
    half = (Part("a", START, START + timedelta(minutes=30)),)
    assert codes(facts(parts=half)) == (Standing.PARTIAL, ["coverage.short", "coverage.gaps"])
    assert codes(facts("现场检查", parts=half)) == (Standing.ARRIVED, []), "the key parts are asked for"
    assert codes(facts("现场检查", timeless=1)) == (Standing.ARRIVED, []), "a photo is footage"
    assert codes(facts(timeless=1)) == (Standing.PARTIAL, ["coverage.no_time"])
    assert codes(facts("立案")) == (Standing.EXEMPT, [])
    assert codes(facts("立案", parts=half)) == (Standing.ARRIVED, [])


def test_a_step_that_goes_on_lacks_nothing_of_what_has_still_to_come() -> None:
    half = END - timedelta(minutes=30)
    told = duty(facts(parts=(Part("a", START, START + timedelta(minutes=10)),)), LIMITS, half)
    assert (told.standing, told.until) == (Standing.UPCOMING, half)
    assert [(gap.start, gap.end) for gap in told.recorded.gaps] == [(START + timedelta(minutes=10), half)]
    assert told.recorded.measured == pytest.approx(1 / 3)
    so_far = duty(facts(parts=(Part("a", START, half),)), LIMITS, half)
    assert (so_far.standing, so_far.recorded.gaps) == (Standing.UPCOMING, ())
    assert duty(facts(parts=(Part("a", START, half),)), LIMITS, END).standing is Standing.PARTIAL
    before = duty(facts(), LIMITS, START - timedelta(hours=1))
    assert (before.standing, before.until, before.recorded.gaps) == (Standing.UPCOMING, START, ())


def test_what_is_of_another_time_is_told_and_changes_nothing_else() -> None:
    for given_ in (facts(), facts(parts=WHOLE), facts("现场检查"), facts("立案")):
        standing, told = codes(given_)
        assert codes(replace(given_, elsewhere=2)) == (standing, [*told, "duty.elsewhere"])


def test_a_step_without_length() -> None:
    """A case system that writes one time for both ends."""
    after = (Part("a", START + timedelta(minutes=5), END),)
    assert codes(facts(end=START, parts=after)) == (Standing.PARTIAL, ["coverage.short"])
    assert codes(facts(end=START, parts=WHOLE)) == (Standing.ARRIVED, [])
    assert codes(facts(end=START))[0] is Standing.MISSING


def test_a_share_is_never_told_greater_than_it_is() -> None:
    assert [percent(share) for share in (0.98, 0.97999, 0.57, 0.5699, 1.0, 0.0)] == [
        "98",
        "97.9",
        "57",
        "56.9",
        "100",
        "0",
    ]


def test_two_percent_may_be_missing_and_no_more() -> None:
    gap = timedelta(seconds=3600 * 0.02)
    middle = START + timedelta(minutes=30)
    parts = (Part("a", START, middle), Part("a", middle + gap, END))
    assert codes(facts(parts=parts))[0] is Standing.ARRIVED
    more = (parts[0], Part("a", middle + gap + timedelta(seconds=1), END))
    assert codes(facts(parts=more))[0] is Standing.PARTIAL


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("ground", "情形"), ("why", "理由"), ("work_record", "工作记录"), ("reported_to", "报告对象"),
        ("approved_by", "审批人"), ("approved_at", "审批时间"),
    ],
)  # fmt: skip
def test_only_a_complete_statement_of_omission_excuses(part: str, name: str) -> None:
    assert codes(facts(omission=GIVEN)) == (Standing.EXEMPT, [])
    told = duty(facts(omission=replace(GIVEN, **{part: None})), LIMITS, END)
    assert told.standing is Standing.MISSING
    assert dict(told.findings[-1].facts)["lacks"] == name
    assert codes(facts(omission=replace(GIVEN, ground="laziness")))[1] == ["duty.missing", "omission.ground"]


def test_the_deadline_runs_from_the_end_or_from_the_return() -> None:
    assert duty(facts(), LIMITS, END).deadline == END + timedelta(hours=24)
    away = duty(facts(back_at=END + timedelta(days=3)), LIMITS, END)
    assert away.deadline == END + timedelta(days=4)
    assert duty(facts(back_at=END - timedelta(days=3)), LIMITS, END).deadline == END + timedelta(hours=24)
    late = duty(facts(parts=WHOLE, last_arrival=END + timedelta(hours=25)), LIMITS, END)
    assert (late.standing, late.late) == (Standing.ARRIVED, True)


def test_at_night_an_execution_needs_its_reason_and_a_measure_does_not() -> None:
    """Trap 17: the ban is on 强制执行, not on 强制措施."""
    later = local(5, 12)
    night = {"start": local(4, 23), "end": local(5, 0), "parts": (Part("a", local(4, 23), local(5, 0)),)}
    assert codes(facts("强制拆除", **night), later) == (Standing.ARRIVED, ["rest.night"])
    assert codes(facts("强制拆除", urgent=True, **night), later) == (Standing.ARRIVED, [])
    assert codes(facts("查封扣押", **night), later) == (Standing.ARRIVED, [])
    holiday = {"start": local(1, 9, 10), "end": local(1, 10, 10), "timeless": 1}
    assert "rest.holiday" in codes(facts("行政强制执行", **holiday))[1]


def test_a_doubtful_clock_is_told_and_decides_nothing() -> None:
    unsure = (Part("a", START, END, 300.0),)
    told = duty(facts(parts=unsure), LIMITS, END)
    assert (told.standing, told.doubtful) == (Standing.ARRIVED, True)


@given(st.integers(0, 300), st.booleans(), st.sampled_from([None, GIVEN]), st.integers(-5, 40))
def test_more_footage_never_makes_a_duty_worse(
    minutes: int, came: bool, omission: Omission | None, hours: int
) -> None:
    parts = (Part("a", START, START + timedelta(minutes=minutes)),) if came else ()
    more = (*parts, Part("b", START + timedelta(minutes=10), START + timedelta(minutes=50)))
    good = [
        Standing.OVERDUE,
        Standing.MISSING,
        Standing.PARTIAL,
        Standing.UPCOMING,
        Standing.EXEMPT,
        Standing.ARRIVED,
    ]
    at = END + timedelta(hours=hours)
    before, after = (duty(facts(parts=one, omission=omission), LIMITS, at) for one in (parts, more))
    assert good.index(after.standing) >= good.index(before.standing)


def test_every_kind_that_the_demo_uses_is_known() -> None:
    steps = [step for case in cases(START, END, with_real=True) for step in case["activities"]]
    assert {step["kind"] for step in steps if FRAME.kind(step["kind"]) is None} == set()


def test_the_kinds_of_a_unit_can_be_extended() -> None:
    kind = Kind("moon", frozenset({fold("月面检查")}), Mode.FULL)
    frame = Frame.of([*FRAME.kinds.values(), kind], FRAME.default, FRAME.room)
    assert owed("月面 检查", frame).kind == "moon"


def test_of_two_statements_the_one_on_an_accepted_ground_counts() -> None:
    said = [
        Statement(
            activity_id="a", kind=StatementKind.OMISSION, ground=ground, why="w", work_record="1", reported_to="x",
            approved_by="y", approved_at=START, made_by="z",
        )
        for ground in ("impossible", "secret")
    ]  # fmt: skip
    found = omission_of(said, frozenset({"secret"}))
    assert found is not None
    assert found.ground == "secret"
