"""What each figure rests on: requirements, and values of the rule packs with their sources."""

from collections.abc import Iterable, Iterator

from gateway.reports.figures import Code
from gateway.rulepacks import RulePack, Sourced, values_of

RULES: dict[Code, tuple[str, ...]] = {
    Code.EQUIPPED: ("R-31", "R-32", "AL-6"),
    Code.TO_SPEC: ("R-33", "R-38", "AL-7"),
    Code.FULLY_RECORDED: ("R-16", "R-18", "LK-14", "LK-15"),
    Code.KEY_PARTS_RECORDED: ("R-16", "LK-15"),
    Code.LINKED: ("R-05", "LK-2"),
    Code.LABELLED: ("R-01", "LK-1", "LK-13"),
    Code.UPLOADED_IN_TIME: ("R-50", "R-51", "LK-11"),
    Code.INTACT: ("R-03", "R-59", "LK-12"),
    Code.EXCEPTED: ("R-19", "LK-15"),
    Code.HANDED_BACK: ("R-45", "R-46", "AL-4"),
    Code.VIEWINGS_APPROVED: ("R-71", "R-72", "R-75"),
    Code.VIEWINGS: ("R-75", "R-76"),
    Code.ARCHIVE_OVERDUE: ("R-61",),
}

DEADLINE: dict[str, tuple[str, ...]] = {"deadlines": ("upload_hours", "remote_upload_hours")}
OWED = ("room_mode", "default_mode")
WHOLE = ("coverage_ratio", "gap_tolerance_seconds", "edge_slack_seconds", "edge_slack_share")

VALUES: dict[Code, dict[str, tuple[str, ...]]] = {
    Code.EQUIPPED: {"equipment": ("counted_types", "classes")},
    Code.TO_SPEC: {"equipment": ("counted_types", "min_spec")},
    Code.FULLY_RECORDED: {"scope": (*WHOLE, *OWED), **DEADLINE},
    Code.KEY_PARTS_RECORDED: {"scope": OWED, **DEADLINE},
    Code.UPLOADED_IN_TIME: DEADLINE,
    Code.EXCEPTED: {"scope": ("omission_grounds",)},
    Code.ARCHIVE_OVERDUE: {"deadlines": ("archive_days",)},
}
"""By group of the rule pack, the values in it; a figure that is not here counts facts alone."""


def sources(code: Code, packs: Iterable[RulePack]) -> tuple[str, ...]:
    """`edition place = value (source; read)`, of each value that the figure rests on."""
    return tuple(
        f"{pack.edition} {place} = {plain(value.value)} ({value.source}; {READ[value.verified]})"
        for pack, place, value in values(code, packs)
    )


READ = {True: "read", False: "not verified"}


def plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def unverified(code: Code, packs: Iterable[RulePack]) -> bool:
    return any(not value.verified for _, _, value in values(code, packs))


def values(code: Code, packs: Iterable[RulePack]) -> Iterator[tuple[RulePack, str, Sourced[object]]]:
    asked = VALUES.get(code, {})
    for pack in packs:
        for place, value in values_of(pack):
            group, _, rest = place.partition(".")
            if rest.partition(".")[0] in asked.get(group, ()):
                yield pack, place, value


def edition_digests(packs: Iterable[RulePack]) -> dict[str, str]:
    return {pack.edition: pack.digest for pack in packs}
