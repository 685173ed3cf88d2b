"""What became of a frozen figure: frozen against now, or one revision against another."""

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.reports.figures import Code, Figure, Member, Report


@dataclass(frozen=True, slots=True)
class Move:
    """One case that stands elsewhere now; None: it was not there, or is no more."""

    before: Member | None
    after: Member | None

    @property
    def order(self) -> tuple[str, str]:
        one = self.before or self.after
        assert one is not None
        return one.kind, one.id


@dataclass(frozen=True, slots=True)
class Change:
    """One figure on both sides, and which members moved between them."""

    code: Code
    before: Figure
    after: Figure
    moves: tuple[Move, ...]

    @property
    def is_same(self) -> bool:
        return not self.moves and self.before.told == self.after.told


def compare(before: Report, after: Report) -> tuple[Change, ...]:
    """Every figure, those that did not change as well."""
    return tuple(compare_figures(one, after.figure(one.code)) for one in before.figures)


def compare_figures(before: Figure, after: Figure) -> Change:
    moves = sorted(moved(before.members, after.members), key=lambda move: move.order)
    return Change(before.code, before, after, tuple(moves))


def moved(before: tuple[Member, ...], after: tuple[Member, ...]) -> Iterator[Move]:
    """A case stands once in a figure: by kind and id."""
    was = {(one.kind, one.id): one for one in before}
    now = {(one.kind, one.id): one for one in after}
    for key in was.keys() | now.keys():
        if was.get(key) != now.get(key):
            yield Move(was.get(key), now.get(key))
