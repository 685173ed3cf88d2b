"""Case records from a CSV table, and in which cell each part of them stands.

What a table has no column for it does not speak of: nobody says of it that it is empty.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.case_sources.paper_columns import ASKERS, PATHS, nested
from gateway.config import ConfigError

PLAIN = (
    "uid", "version", "updated_at", "title", "unit", "origin", "cause", "facts", "filing_reasons",
    "procedure", "opened_on", "decided_on", "closed_on", "archived_on", "archive_no", "retention_class",
    "real_estate", "closing",
)  # fmt: skip
LISTS = ("numbers",)
PARTS = {"decision": ("number", "kinds", "basis", "content"), "archive": ("fonds", "catalogue", "file")}
PARTY = ("party_name", "party_code", "party_kind", "party_id_no")
HANDLER = ("handlers", "handler_certs")
"""Lists that belong together: the second code is the second party's."""
CASE_COLUMNS = (
    *PLAIN, *LISTS, *PARTY, *HANDLER,
    *(f"{part}_{name}" for part, names in PARTS.items() for name in names),
)  # fmt: skip
LINES = {
    "activity": (
        "id", "kind", "stage", "started_at", "ended_at", "place", "room", "officers", "latitude", "longitude",
        "notice_given",
    ),
    "document": ("id", "type", "number", "issued_at", *PATHS),
}  # fmt: skip
"""What a line has one of: a step, and its paper."""
COLUMNS = (*CASE_COLUMNS, *(f"{part}_{name}" for part, names in LINES.items() for name in names))
NEEDED = {"uid", "title", "id", "kind", "stage", "type", "started_at", "ended_at"}
SPLIT = {"numbers", "officers", "kinds"}
KINDS = {"公民": "CITIZEN", "个人": "CITIZEN", "单位": "ORGANISATION", "组织": "ORGANISATION"}

Cell = tuple[int, str]
"""Line, and the column's letters: where a person finds it in a table."""
Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """A case as it stands in a file, and in which cell of a table each part of it stands."""

    record: Any
    cells: Mapping[Place, Cell] = field(default_factory=dict)


@dataclass(slots=True)
class Lines:
    """The lines of one case."""

    case: dict[str, str] = field(default_factory=dict)
    """By column, in whichever of the lines it is filled."""
    number: int = 0
    """Of its first line."""
    at: dict[str, int] = field(default_factory=dict)
    """The line in which a column is filled first."""
    steps: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    papers: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)


def from_csv(path: Path, text: str) -> list[Written]:
    """One line per step: lines with the same uid are one case; lists are separated by `;`."""
    cases: dict[str, Lines] = {}
    columns: dict[str, str] = {}
    for number, columns, filled in lines_of(path, text):
        of_case = cases.setdefault(filled["uid"], Lines(number=number))
        take_case(path, number, of_case, filled)
        step = part_of(filled, "activity", columns)
        paper = paper_of(path, number, part_of(filled, "document", columns))
        if paper:
            take_paper(path, number, of_case, paper)
        if step:
            if tells_of("document", columns):
                step["document"] = paper.get("id")
            of_case.steps.append((number, step))
    return [written(path, of_case, columns) for of_case in cases.values()]


def tells_of(part: str, columns: Mapping[str, str]) -> bool:
    return any(f"{part}_{name}" in columns for name in LINES[part])


def take_case(path: Path, number: int, of_case: Lines, filled: Mapping[str, str]) -> None:
    for name in CASE_COLUMNS:
        if not (value := filled.get(name)):
            continue
        if of_case.case.setdefault(name, value) != value:
            raise ConfigError(f"{path}: line {number}: case {filled['uid']} has another {name} than before")
        of_case.at.setdefault(name, number)


def take_paper(path: Path, number: int, of_case: Lines, paper: dict[str, Any]) -> None:
    """A paper of two steps stands in the line of each, and says the same in both."""
    known = of_case.papers.setdefault(paper.get("id") or f"line {number}", (number, paper))
    if known[1] != paper:
        raise ConfigError(f"{path}: line {number}: document {paper['id']} is another than in line {known[0]}")


def part_of(filled: Mapping[str, str], part: str, columns: Mapping[str, str]) -> dict[str, Any]:
    """A line's step or paper; {} where the line has none. An empty cell says that there is none."""
    told = {name: filled[f"{part}_{name}"] for name in LINES[part] if f"{part}_{name}" in columns}
    if not any(told.values()):
        return {}
    return {name: value_of(name, text) for name, text in told.items() if is_told(name, text)}


def paper_of(path: Path, line: int, flat: Mapping[str, Any]) -> dict[str, Any]:
    return nested(flat, people(path, line, flat, ASKERS))


def is_told(name: str, text: str) -> bool:
    """What has to be there is asked for as missing, not as wrong."""
    return bool(text) or name not in NEEDED


def value_of(name: str, text: str) -> Any:
    if name in SPLIT:
        return split(text)
    return text or None


def written(path: Path, of_case: Lines, columns: Mapping[str, str]) -> Written:
    told = {name: of_case.case.get(name, "") for name in CASE_COLUMNS if name in columns}
    record: dict[str, Any] = {
        name: value_of(name, told[name])
        for name in (*PLAIN, *LISTS)
        if name in told and is_told(name, told[name])
    }
    for part, names in PARTS.items():
        inner = {name: told[f"{part}_{name}"] for name in names if f"{part}_{name}" in told}
        if inner:
            is_gone = len(inner) == len(names) and not any(inner.values())
            record[part] = None if is_gone else {name: value_of(name, text) for name, text in inner.items()}
    record |= parties(path, of_case.number, told) | handlers(path, of_case.number, told)
    if tells_of("activity", columns):
        record["activities"] = [step for _, step in of_case.steps]
    if tells_of("document", columns):
        record["documents"] = [paper for _, paper in of_case.papers.values()]
    return Written(record, cells_of(of_case, columns))


def parties(path: Path, line: int, told: Mapping[str, str]) -> dict[str, Any]:
    """One organisation in short, or a list; a code makes an organisation, an identity number a citizen."""
    columns = {name: told[name] for name in PARTY if name in told}
    if not columns:
        return {}
    lists = aligned(path, line, columns)
    if len(lists) > 1 or columns.get("party_kind") or columns.get("party_id_no"):
        return {"parties": [party(path, line, one) for one in lists]}
    return {name: columns[name] or None for name in ("party_name", "party_code") if name in columns}


def party(path: Path, line: int, cells: Mapping[str, str]) -> dict[str, Any]:
    told = {name.removeprefix("party_"): text for name, text in cells.items() if text}
    kind = told.get("kind") or ("ORGANISATION" if "code" in told else "CITIZEN" if "id_no" in told else "")
    if not kind:
        named = told.get("name", "")
        raise ConfigError(f"{path}: line {line}: party {named}: say in party_kind whether it is 公民 or 单位")
    return {**told, "kind": KINDS.get(kind, kind)}


def handlers(path: Path, line: int, told: Mapping[str, str]) -> dict[str, Any]:
    found = people(path, line, told, HANDLER)
    return {} if found is None else {"handlers": found}


def people(path: Path, line: int, told: Mapping[str, str | None], names: tuple[str, str]) -> list[Any] | None:
    """Of a column of officers and one of their certificates; None where the table has neither."""
    columns = {name: told[name] or "" for name in names if name in told}
    if not columns:
        return None
    refs, certificates = names
    return [
        handler(one.get(refs, ""), one.get(certificates, ""), with_certificates=certificates in columns)
        for one in aligned(path, line, columns)
    ]


def handler(ref: str, certificate: str, *, with_certificates: bool) -> Any:
    """A column of certificates says of an empty cell that there is none."""
    if not with_certificates:
        return ref
    return {"officer": ref, "cert_no": certificate or None} if ref else {"cert_no": certificate}


def aligned(path: Path, line: int, columns: Mapping[str, str]) -> list[dict[str, str]]:
    """The n-th of each list is of the n-th; raises ConfigError where a filled one is shorter or longer."""
    full = {name: text for name, text in columns.items() if text}
    lists = {name: places(text) if len(full) > 1 else split(text) for name, text in full.items()}
    count = max(map(len, lists.values()), default=0)
    if any(len(one) != count for one in lists.values()):
        told = ", ".join(f"{name} {len(one)}" for name, one in lists.items())
        raise ConfigError(f"{path}: line {line}: not as many in each: {told}; leave a place empty with ;;")
    return [{name: one[place] for name, one in lists.items()} for place in range(count)]


def cells_of(of_case: Lines, columns: Mapping[str, str]) -> dict[Place, Cell]:
    found: dict[Place, Cell] = {}
    for name in CASE_COLUMNS:
        if name in columns:
            cell = of_case.at.get(name, of_case.number), columns[name]
            found[(name,)] = cell
            part, _, inner = name.partition("_")
            if part in PARTS:
                found[part, inner] = cell
    if "party_name" in columns:
        found[("parties",)] = found[("party_name",)]
    for part, name, lines in (
        ("activity", "activities", of_case.steps),
        ("document", "documents", list(of_case.papers.values())),
    ):
        for place, (number, _) in enumerate(lines):
            for inner in LINES[part]:
                if letters := columns.get(f"{part}_{inner}"):
                    found[(name, place, *PATHS.get(inner, (inner,)))] = number, letters
    return found


def lines_of(path: Path, text: str) -> Iterator[tuple[int, dict[str, str], dict[str, str]]]:
    """(line number, letters by column, cells by column). Raises ConfigError where a line does not fit."""
    lines = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        check_columns(path, lines.fieldnames or [])
        columns = {name.strip(): letters_of(place) for place, name in enumerate(lines.fieldnames or [])}
        for line in lines:
            if None in line or None in line.values():
                raise ConfigError(f"{path}: line {lines.line_num}: has not as many cells as the first line")
            yield lines.line_num, columns, {name.strip(): value.strip() for name, value in line.items()}
    except csv.Error as error:
        raise ConfigError(f"{path}: line {lines.line_num}: {error}; is a quotation mark missing?") from None


def letters_of(place: int) -> str:
    """A column as tables name it: A, B, … Z, AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def check_columns(path: Path, found: Sequence[str]) -> None:
    """A column nobody reads would be lost without a word."""
    names = [name.strip() for name in found]
    unknown = [name for name in names if name not in COLUMNS]
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise ConfigError(f"{path}: column {twice[0]!r} is there twice")
    if unknown or "uid" not in names:
        what = f"unknown column {', '.join(map(repr, unknown))}" if unknown else "the column 'uid' is missing"
        raise ConfigError(f"{path}: {what}; known: {', '.join(COLUMNS)}")


def places(text: str) -> list[str]:
    """Each part, also an empty one between two others."""
    return [part.strip() for part in text.replace("；", ";").split(";")]


def split(text: str) -> list[str]:
    return [part for part in places(text) if part]
