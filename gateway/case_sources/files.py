"""Case records from a JSON or CSV file, with every mistake named by its place."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gateway.case_sources.incoming import CaseIn
from gateway.case_sources.tables import Written, from_csv
from gateway.case_sources.told import Misplaced
from gateway.config import ConfigError


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


def checked(path: Path, index: int, written: Written) -> CaseIn:
    try:
        case = CaseIn.model_validate(written.record)
    except ValidationError as error:
        lines = [
            f"{path}: {place_of(index, location_of(item), written)}: {said(item)}"
            for item in error.errors(include_url=False, include_input=False)
        ]
        raise ConfigError("\n".join(lines)) from None
    types = range(len(case.documents))
    case.found_at([place_of(index, ("documents", place, "type"), written) for place in types])
    return case.in_part() if written.cells else case


def place_of(index: int, location: tuple[str | int, ...], written: Written) -> str:
    """Case and field; in a table the cell as well."""
    named = ": ".join(filter(None, (f"case {index + 1}", ".".join(str(part) for part in location))))
    for end in range(len(location), 0, -1):
        if cell := written.cells.get(location[:end]):
            return f"line {cell[0]}, cell {cell[1]}{cell[0]}: {named}"
    return named


def location_of(item: Any) -> tuple[str | int, ...]:
    """Of what is wrong between two parts, the part itself names its place."""
    wrong = item.get("ctx", {}).get("error")
    return (*item["loc"], *(wrong.place if isinstance(wrong, Misplaced) else ()))


def said(item: Any) -> str:
    """The place stands before it already."""
    message = str(item["msg"]).removeprefix("Value error, ")
    return message.removeprefix(f"{location_of(item)[-1]}: ") if location_of(item) else message
