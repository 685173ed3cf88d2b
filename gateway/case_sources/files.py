"""Case records from a JSON or CSV file, with every mistake named by its place."""

import csv
import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gateway.case_sources.incoming import CaseIn
from gateway.config import ConfigError

CASE_COLUMNS = (
    "uid", "version", "updated_at", "title", "unit", "origin", "cause", "facts", "filing_reasons",
    "party_name", "party_code", "procedure", "opened_on", "decided_on", "closed_on", "archived_on",
    "archive_no", "retention_class", "real_estate", "closing",
)  # fmt: skip
LISTS = ("numbers", "handlers")
ACTIVITY_COLUMNS = ("id", "kind", "stage", "started_at", "ended_at", "place", "room", "officers")


Cell = tuple[int, str]
"""Line, and the column's letters: where a person finds it in a table."""


@dataclass(frozen=True, slots=True)
class Written:
    """A case as it stands in a file, and in which cell of a table each part of it stands."""

    record: Any
    cells: Mapping[tuple[str | int, ...], Cell] = field(default_factory=dict)


def read_cases(path: Path) -> list[CaseIn]:
    """Raises ConfigError naming file, record and field."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    return cases_in(path, content)


def cases_in(path: Path, content: bytes) -> list[CaseIn]:
    """The cases in what a file holds; its name says how it is written. Raises ConfigError."""
    text = decoded(path, content)
    if path.suffix.lower() == ".csv":
        written = from_csv(path, text)
    else:
        written = [Written(record) for record in from_json(path, text)]
    if not written:
        raise ConfigError(f"{path}: there is no case in it")
    cases = [checked(path, index, one) for index, one in enumerate(written)]
    counted = Counter(case.uid for case in cases)
    if twice := [uid for uid, count in counted.items() if count > 1]:
        raise ConfigError(f"{path}: these cases are written twice: {', '.join(twice)}")
    return cases


def decoded(path: Path, content: bytes) -> str:
    """UTF-8, or GB18030 as Chinese office programs write it. Raises ConfigError for what is neither.

    Damaged UTF-8 often reads as GB18030 without an error, and every title would be gibberish:
    where most of it is good UTF-8, that is what it was meant to be.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = error.start
    meant = [char for char in content.decode("utf-8", "replace") if ord(char) > 127]
    if meant.count("\N{REPLACEMENT CHARACTER}") * 4 < len(meant):
        raise ConfigError(f"{path}: damaged: byte {at} is not UTF-8 while the rest is; save the file anew")
    try:
        return content.decode("gb18030")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: neither UTF-8 (byte {at}) nor GB18030 (byte {error.start})") from None


def from_json(path: Path, text: str) -> list[Any]:
    try:
        read = json.loads(text, object_pairs_hook=each_key_once)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not valid JSON: {error}") from error
    if isinstance(read, dict) and "cases" in read:
        if beside := sorted(read.keys() - {"cases"}):
            raise ConfigError(f"{path}: unknown beside `cases`: {', '.join(beside)}")
        read = read["cases"]
    elif isinstance(read, dict):
        read = [read]
    if not isinstance(read, list):
        raise ConfigError(f"{path}: expected a list of cases")
    return read


def each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Raises ValueError for a key written twice: the first would be lost without a word."""
    read = dict(pairs)
    if len(read) < len(pairs):
        names = Counter(name for name, _ in pairs)
        raise ValueError(f"{names.most_common(1)[0][0]!r} is written twice in one object")
    return read


def from_csv(path: Path, text: str) -> list[Written]:
    """One line per step: lines with the same uid are one case; lists are separated by `;`."""
    cases: dict[str, dict[str, Any]] = {}
    steps: dict[str, list[dict[str, Any]]] = defaultdict(list)
    cells: dict[str, dict[tuple[str | int, ...], Cell]] = defaultdict(dict)
    for number, letters, filled in lines_of(path, text):
        case: dict[str, Any] = {name: filled[name] for name in CASE_COLUMNS if filled.get(name)}
        case |= {name: split(filled[name]) for name in LISTS if filled.get(name)}
        uid = case.get("uid", "")
        known = cases.setdefault(uid, case)
        if other := [name for name, value in case.items() if known.setdefault(name, value) != value]:
            raise ConfigError(f"{path}: line {number}: case {uid} has another {other[0]} than before")
        for name in (*CASE_COLUMNS, *LISTS):
            if name in letters:
                cells[uid].setdefault((name,), (number, letters[name]))
        step: dict[str, Any] = {
            name: filled[f"activity_{name}"] for name in ACTIVITY_COLUMNS if filled.get(f"activity_{name}")
        }
        if step:
            if "officers" in step:
                step["officers"] = split(step["officers"])
            for name in ACTIVITY_COLUMNS:
                column = f"activity_{name}"
                if column in letters:
                    cells[uid]["activities", len(steps[uid]), name] = (number, letters[column])
            steps[uid].append(step)
    return [Written({**case, "activities": steps[uid]}, cells[uid]) for uid, case in cases.items()]


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
    known = [*CASE_COLUMNS, *LISTS, *(f"activity_{name}" for name in ACTIVITY_COLUMNS)]
    names = [name.strip() for name in found]
    unknown = [name for name in names if name not in known]
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise ConfigError(f"{path}: column {twice[0]!r} is there twice")
    if unknown or "uid" not in names:
        what = f"unknown column {', '.join(map(repr, unknown))}" if unknown else "the column 'uid' is missing"
        raise ConfigError(f"{path}: {what}; known: {', '.join(known)}")


def split(text: str) -> list[str]:
    return [part.strip() for part in text.replace("；", ";").split(";") if part.strip()]


def checked(path: Path, index: int, written: Written) -> CaseIn:
    try:
        return CaseIn.model_validate(written.record)
    except ValidationError as error:
        lines = [
            f"{path}: {place_of(index, item['loc'], written)}: {item['msg'].removeprefix('Value error, ')}"
            for item in error.errors(include_url=False, include_input=False)
        ]
        raise ConfigError("\n".join(lines)) from None


def place_of(index: int, location: tuple[str | int, ...], written: Written) -> str:
    """Case and field; in a table the cell as well."""
    named = f"case {index + 1}: {'.'.join(str(part) for part in location)}"
    for end in range(len(location), 0, -1):
        if cell := written.cells.get(location[:end]):
            return f"line {cell[0]}, cell {cell[1]}{cell[0]}: {named}"
    return named
