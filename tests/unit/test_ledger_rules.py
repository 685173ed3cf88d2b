"""AL-2…AL-4, AL-12: the ledger's lines, what it told when, the look before use."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.allocation import Entry, HolderKind, Holding, as_known, held_at
from gateway.rules.ledger import (
    HOLDERS,
    PreCheck,
    PreCheckLimits,
    clash,
    clock_rule,
    day_end_rule,
    holder_rule,
    may_not_overlap,
    order_rule,
    overlap,
    precheck_rules,
)

T0 = datetime(2024, 5, 6, tzinfo=UTC)
KINDS = sorted(HOLDERS)


def hours(count: int) -> datetime:
    return T0 + timedelta(hours=count)


@st.composite
def holdings(draw: st.DrawFn, kinds: tuple[str, ...] = tuple(KINDS)) -> Holding:
    kind = draw(st.sampled_from(kinds))
    start = draw(st.integers(0, 20))
    length = draw(st.one_of(st.none(), st.integers(1, 8)))
    end = None if length is None else hours(start + length)
    return Holding(f"h{draw(st.integers(0, 10**6))}", kind, HOLDERS[kind], "x", hours(start), end)


@given(holdings(), holdings())
def test_overlap_is_symmetric_and_means_a_shared_hour(one: Holding, other: Holding) -> None:
    def in_it(holding: Holding, hour: int) -> bool:
        return holding.start <= hours(hour) and (holding.end is None or hours(hour) < holding.end)

    shared = any(in_it(one, hour) and in_it(other, hour) for hour in range(200))
    assert overlap(one, other) == overlap(other, one) == shared
    assert may_not_overlap(one, other) == may_not_overlap(other, one)


@given(st.lists(holdings(), max_size=8))
def test_a_ledger_that_lets_in_only_what_does_not_clash_never_clashes(asked: list[Holding]) -> None:
    """As the ledger does it: each new line against those that are there. Nobody holds what another holds."""
    ledger: list[Holding] = []
    for holding in asked:
        if clash(holding, ledger) is None:
            ledger.append(holding)
    for hour in range(100):
        now = [
            one for one in ledger if one.start <= hours(hour) and (one.end is None or hours(hour) < one.end)
        ]
        assert sum(one.kind == "CHECKOUT" for one in now) <= 1
        assert sum(one.kind not in {"CHECKOUT", "FIXED_ROOM", "WINDOW"} for one in now) <= 1


def test_who_begins_as_another_ends_does_not_overlap() -> None:
    first, next_one = (Holding("h", "POOL", HolderKind.UNIT, "x", hours(at), hours(at + 4)) for at in (0, 4))
    assert not overlap(first, next_one)
    assert not overlap(next_one, first)


def test_two_places_may_share_a_recorder_and_two_officers_may_not() -> None:
    def held(kind: str, by: str) -> Holding:
        return Holding(by, kind, HOLDERS[kind], by, T0, None)

    assert clash(held("FIXED_ROOM", "a"), [held("WINDOW", "b"), held("PERSONAL", "c")]) is None
    assert clash(held("POOL", "a"), [held("CHECKOUT", "b")]) is None
    car = held("VEHICLE", "b")
    assert clash(held("PERSONAL", "a"), [held("WINDOW", "w"), car]) == car
    out = held("CHECKOUT", "b")
    assert clash(held("CHECKOUT", "a"), [held("POOL", "p"), out]) == out


def test_each_kind_has_its_holder() -> None:
    for kind, wanted in HOLDERS.items():
        for holder in HolderKind:
            assert holder_rule(kind, holder).passed == (holder is wanted)
    assert HOLDERS["VEHICLE"] is HOLDERS["FIXED_ROOM"] is HolderKind.ROOM, "a place, not an officer (AL-3)"


def test_a_shared_device_is_checked_out_for_each_use() -> None:
    pool = Holding("p", "POOL", HolderKind.UNIT, "xt", T0, None)
    out = Holding("o", "CHECKOUT", HolderKind.OFFICER, "zhang", hours(2), hours(4))
    entries = [Entry(pool, T0), Entry(out, T0)]
    assert held_at(entries, hours(3)).officer_id == "zhang"
    unsigned = held_at(entries, hours(5))
    assert unsigned.shared_without_checkout
    assert unsigned.officer_id is None
    personal = Entry(replace(pool, kind="PERSONAL", holder=HolderKind.OFFICER), T0)
    assert not held_at([personal], hours(5)).shared_without_checkout


class Book:
    """A ledger kept the slow way: after each entry, a copy of all that it says then."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.copies: list[tuple[datetime, list[Holding]]] = []

    def note(self, at: datetime) -> None:
        told = [entry.holding for entry in self.entries if entry.superseded_at is None]
        self.copies.append((at, sorted(told, key=lambda one: one.id)))

    def enter(self, at: datetime, holding: Holding) -> None:
        self.entries.append(Entry(holding, at))
        self.note(at)

    def correct(self, at: datetime, number: int, holding: Holding) -> None:
        self.entries[number] = replace(self.entries[number], superseded_at=at)
        self.enter(at, holding)

    def give_back(self, at: datetime, number: int, end: datetime) -> None:
        old = self.entries[number]
        self.entries[number] = replace(old, holding=replace(old.holding, end=end), end_recorded_at=at)
        self.note(at)

    def told(self, at: datetime) -> list[Holding]:
        """By the copies: what stood there then."""
        before = [copy for noted, copy in self.copies if noted <= at]
        return before[-1] if before else []


steps = st.lists(
    st.tuples(st.sampled_from(["enter", "correct", "give back"]), st.integers(0, 9)), max_size=12
)


@given(steps, st.data())
def test_what_the_ledger_told_then_is_what_a_copy_of_then_tells(
    doings: list[tuple[str, int]], data: st.DataObject
) -> None:
    book = Book()
    for turn, (doing, number) in enumerate(doings):
        at, holding = hours(turn), replace(data.draw(holdings()), id=f"{turn:02}")
        current = [place for place, entry in enumerate(book.entries) if entry.superseded_at is None]
        chosen = current[number % len(current)] if current else None
        if doing == "enter" or chosen is None:
            book.enter(at, holding)
        elif doing == "correct":
            book.correct(at, chosen, holding)
        elif book.entries[chosen].holding.end is None:
            book.give_back(at, chosen, book.entries[chosen].holding.start + timedelta(hours=3))
    for turn in range(-1, len(doings) + 1):
        told = sorted(as_known(book.entries, hours(turn)), key=lambda one: one.id)
        assert told == book.told(hours(turn))
    assert sorted(as_known(book.entries), key=lambda one: one.id) == book.told(hours(99))


def test_who_held_it_and_what_was_known_of_it_then() -> None:
    """Zhang had it, they said on the 6th; Li had it, they say since the 8th."""

    def held(officer: str) -> Holding:
        return Holding(officer, "PERSONAL", HolderKind.OFFICER, officer, T0, None)

    said, corrected = T0 + timedelta(days=1), T0 + timedelta(days=2)
    entries = [Entry(held("zhang"), said, corrected), Entry(held("li"), corrected)]
    noon = T0 + timedelta(hours=12)
    assert held_at(entries, noon).officer_id == "li"
    assert held_at(entries, noon, said).officer_id == "zhang"
    assert held_at(entries, noon, T0).officer_id is None, "nothing was written down yet"


def test_a_checkout_is_open_until_its_return_was_written_down() -> None:
    out = Holding("o", "CHECKOUT", HolderKind.OFFICER, "zhang", hours(1), hours(5))
    entry = Entry(out, hours(1), None, hours(9))
    assert held_at([entry], hours(6), hours(8)).officer_id == "zhang"
    assert held_at([entry], hours(6), hours(9)).officer_id is None
    assert held_at([entry], hours(4), hours(9)).officer_id == "zhang"


def test_a_checkout_over_the_end_of_the_day() -> None:
    def out(start: int, end: int | None) -> Holding:
        return Holding(
            "o", "CHECKOUT", HolderKind.OFFICER, "zhang", hours(start), None if end is None else hours(end)
        )

    day_end = hours(24)
    for start, end, closed in (
        (1, 9, True),
        (1, 24, True),
        (1, 25, False),
        (1, None, False),
        (24, None, True),
    ):
        assert day_end_rule(out(start, end), day_end).passed is closed, (start, end)
    assert order_rule(T0, None).passed
    assert not order_rule(T0, T0).passed


LIMITS = PreCheckLimits(battery_pct=50, free_gb=4, drift_s_per_day=3)


def failed(check: PreCheck) -> list[str]:
    return [rule.code for rule in precheck_rules(check, LIMITS) if not rule.passed]


def test_the_look_before_use() -> None:
    day = timedelta(days=1)
    assert failed(PreCheck(80, 10, 2, day)) == []
    assert failed(PreCheck(None, None, None, None)) == ["equipment.precheck_missing"]
    assert failed(PreCheck(80, None, 0, day)) == ["equipment.precheck_missing"]
    assert failed(PreCheck(20, 1, 0, day)) == ["equipment.precheck_low"] * 2
    assert failed(PreCheck(80, 10, -7, 2 * day)) == ["equipment.clock_off"]
    assert failed(PreCheck(80, 10, -6, 2 * day)) == []
    assert failed(PreCheck(80, 10, 0, None)) == ["equipment.clock_unknown"]


@given(st.floats(-1000, 1000), st.integers(0, 100), st.integers(0, 100))
def test_a_longer_time_since_it_was_set_never_makes_a_clock_worse(
    offset: float, days: int, more: int
) -> None:
    first = clock_rule(offset, timedelta(days=days), 3)
    later = clock_rule(offset, timedelta(days=days + more), 3)
    assert later.passed or not first.passed
    assert clock_rule(-offset, timedelta(days=days), 3).passed == first.passed
