"""Case records from a JSON or CSV file, with every mistake named by its place."""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gateway.case_sources.records import CaseIn
from gateway.config import ConfigError

CASE_COLUMNS = (
    "uid",
    "title",
    "unit",
    "cause",
    "party_name",
    "party_code",
    "procedure",
    "opened_on",
    "closed_on",
)
LISTS = ("numbers", "handlers")
ACTIVITY_COLUMNS = ("id", "kind", "stage", "started_at", "ended_at", "place", "room", "officers")


def read_cases(path: Path) -> list[CaseIn]:
    """Raises ConfigError naming file, record and field."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        text = path.read_text(encoding="gb18030", errors="replace")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    written = from_csv(path, text) if path.suffix.lower() == ".csv" else from_json(path, text)
    if not written:
        raise ConfigError(f"{path}: there is no case in it")
    return [checked(path, index, record) for index, record in enumerate(written)]


def from_json(path: Path, text: str) -> list[Any]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not valid JSON: {error}") from error
    if isinstance(read, dict):
        read = read.get("cases", [read])
    if not isinstance(read, list):
        raise ConfigError(f"{path}: expected a list of cases")
    return read


def from_csv(path: Path, text: str) -> list[dict[str, Any]]:
    """One line per step: lines with the same uid are one case; lists are separated by `;`."""
    cases: dict[str, dict[str, Any]] = {}
    steps: dict[str, list[dict[str, Any]]] = defaultdict(list)
    lines = csv.DictReader(io.StringIO(text, newline=""))
    check_columns(path, lines.fieldnames or [])
    for line in lines:
        if None in line or None in line.values():
            raise ConfigError(f"{path}: line {lines.line_num}: has not as many cells as the first line")
        filled = {name.strip(): value.strip() for name, value in line.items()}
        case = {name: filled[name] for name in CASE_COLUMNS if filled.get(name)}
        case |= {name: split(filled[name]) for name in LISTS if filled.get(name)}
        uid = case.get("uid", "")
        cases[uid] = {**cases.get(uid, {}), **case}
        step = {
            name: filled[f"activity_{name}"] for name in ACTIVITY_COLUMNS if filled.get(f"activity_{name}")
        }
        if step:
            if "officers" in step:
                step = {**step, "officers": split(step["officers"])}
            steps[uid].append(step)
    return [{**case, "activities": steps[uid]} for uid, case in cases.items()]


def check_columns(path: Path, found: Sequence[str]) -> None:
    """A column nobody reads would be lost without a word."""
    known = [*CASE_COLUMNS, *LISTS, *(f"activity_{name}" for name in ACTIVITY_COLUMNS)]
    unknown = [name for name in found if name.strip() not in known]
    if unknown or "uid" not in [name.strip() for name in found]:
        what = f"unknown column {', '.join(map(repr, unknown))}" if unknown else "the column 'uid' is missing"
        raise ConfigError(f"{path}: {what}; known: {', '.join(known)}")


def split(text: str) -> list[str]:
    return [part.strip() for part in text.replace("；", ";").split(";") if part.strip()]


def checked(path: Path, index: int, record: Any) -> CaseIn:
    try:
        return CaseIn.model_validate(record)
    except ValidationError as error:
        lines = [
            f"{path}: case {index + 1}: {'.'.join(str(part) for part in item['loc'])}: {item['msg']}"
            for item in error.errors(include_url=False)
        ]
        raise ConfigError("\n".join(lines)) from None
