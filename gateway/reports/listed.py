"""Which cases a report lists one by one, and how they are called."""

from collections.abc import Mapping, Sequence

from sqlmodel import Session

from gateway.reports.figures import Code, Figure, Member, Report, Side
from gateway.reports.naming import Named, named
from gateway.visibility import Viewer

MEMBERS = 200
"""Cases of one figure: a workbook with 20 000 lines is slow to make and nobody reads it."""
NO_CASES = frozenset({Code.EQUIPPED, Code.EXCEPTED, Code.VIEWINGS, Code.VIEWINGS_APPROVED})
"""Behind these nobody has to look at anything: places to be filled, what was recorded, viewings."""
Behind = Mapping[tuple[str, str], Named]
"""By kind and id."""


def side_of(code: Code) -> Side:
    """Files that are late are what that figure counts; of the others what does not count."""
    return Side.BOTH if code is Code.ARCHIVE_OVERDUE else Side.DENOMINATOR


def to_look_at(figure: Figure) -> Sequence[Member]:
    return () if figure.code in NO_CASES else figure.of((side_of(figure.code),))


def behind(session: Session, viewer: Viewer, report: Report) -> Behind:
    """The names of what is listed, as they are today; none of what the viewer may not see."""
    return named(session, viewer, (one for each in report.figures for one in to_look_at(each)[:MEMBERS]))
