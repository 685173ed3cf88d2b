"""The labels of R-01 that a person reads: which of them are still empty (LK-1, LK-13)."""

from collections.abc import Collection

from gateway.rules.allocation import Custody

NUMBER, TIME, PLACE, PERSON, MATTER = "案件编号", "采集时间", "采集地点", "采集人", "证明对象"


def lacking(*, time: object, place: object, person: object, matter: object) -> tuple[str, ...]:
    """In the order of R-01; the case number comes with the link."""
    given = {TIME: time, PLACE: place, PERSON: person, MATTER: matter}
    return tuple(name for name, value in given.items() if not value)


def recorded_in(said: str | None, held: Custody) -> str | None:
    """What somebody said of the place, else the room or counter in which the recorder hangs."""
    return said or held.fixed_in


def is_matter_given(of_clip: object, of_links: Collection[object]) -> bool:
    """证明对象 is said of each link, for a clip may serve several cases (LK-13)."""
    return all(of_links) if of_links else bool(of_clip)
