"""What is wrong in devices.yaml, in words that name the place as it is written there."""

import difflib
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from gateway.config.devices import AnyDevice
from gateway.config.every_device import DeviceSettings
from gateway.config.model import Model
from gateway.config.settings import Settings
from gateway.config.sources import Ed25519, FolderSource, Hmac, HttpSource


def mistakes(error: ValidationError) -> list[Any]:
    """Without what only follows from another: a list counts as too short by those that are wrong in it."""
    found = error.errors(include_url=False, include_input=False)
    return [
        one
        for one in found
        if one["type"] != "too_short"
        or not any(other["loc"][: len(one["loc"])] == one["loc"] for other in found if other is not one)
    ]


def called(line: str, written: Any) -> str:
    """A mistake with the id of the device it is about behind its place: nobody counts lists from 0."""
    place, colon, message = line.partition(": ")
    names: list[str] = []
    for part in place.split(".") if colon else ():
        if isinstance(written, list):
            written = dict(enumerate(written)).get(int(part)) if part.isdecimal() else None
        else:
            written = written.get(part) if isinstance(written, dict) else None
        if isinstance(written, dict) and isinstance(written.get("id"), str):
            names.append(written["id"])
    return f"{place} ({names[-1]}): {message}" if names else line


EXPECTED = {
    "tuple_type": "expected a list",
    "model_type": "expected settings of its own below it",
    "model_attributes_type": "expected settings of its own below it",
    "string_type": "expected a text; put it in quotes",
    "path_type": "expected a path",
    "missing": "is missing",
    "too_short": "expected at least one",
    "int_parsing": "expected a whole number",
    "int_type": "expected a whole number",
    "float_parsing": "expected a number",
    "float_type": "expected a number",
    "bool_parsing": "expected true or false",
    "bool_type": "expected true or false",
    "string_pattern_mismatch": "expected 1 to 64 letters, digits, dots, dashes or underscores",
}
"""What pydantic's own words would leave a reader of the file to guess."""


def explain(error: Any) -> str:
    """One pydantic error as a line that names the place as it is written in the file."""
    drivers = set(driver_names()) if error["loc"][:1] != ("case_sources",) else SOURCE_TAGS
    location = [part for part in error["loc"] if part not in drivers or part == error["loc"][-1]]
    place = ".".join(str(part) for part in location)
    kind = error["type"]
    if kind == "extra_forbidden":
        known = known_names(error["loc"])
        near = difflib.get_close_matches(str(error["loc"][-1]), known, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        return f"{place}: unknown setting{hint}; known here: {', '.join(known)}"
    if kind in {"union_tag_invalid", "union_tag_not_found"} and error["loc"][0] == "case_sources":
        return f"{place}.kind: which kind? known: {error['ctx'].get('expected_tags', 'folder, http')}"
    if kind in {"union_tag_invalid", "union_tag_not_found"}:
        return f"{place}.driver: which driver? known: {', '.join(driver_names())}"
    message = EXPECTED.get(kind, error["msg"].removeprefix("Value error, "))
    if kind in {"too_short", "string_too_short"} and error["ctx"]["min_length"] > 1:
        message = f"expected {error['ctx']['min_length']} characters or more"
    return message if not place else f"{place}: {message}"


SOURCE_MODELS: dict[str, type[Model]] = {
    "folder": FolderSource, "http": HttpSource, "hmac": Hmac, "ed25519": Ed25519
}  # fmt: skip
SOURCE_TAGS = set(SOURCE_MODELS)


def driver_names() -> list[str]:
    return sorted(get_args(model.model_fields["driver"].annotation)[0] for model in device_models())


def device_models() -> tuple[type[DeviceSettings], ...]:
    return get_args(get_args(AnyDevice)[0])


def known_names(location: tuple[str | int, ...]) -> list[str]:
    """The settings that exist where an unknown one was written."""
    model: Any = Settings
    for part in location[:-1]:
        model = inside(model, part)
    return sorted(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []


def inside(model: Any, part: str | int) -> Any:
    if isinstance(part, int):
        return model
    if part in SOURCE_MODELS:
        return SOURCE_MODELS[part]
    for candidate in device_models():
        if part == get_args(candidate.model_fields["driver"].annotation)[0]:
            return candidate
    field = model.model_fields.get(part) if isinstance(model, type) and issubclass(model, BaseModel) else None
    annotation = field.annotation if field else None
    while get_origin(annotation) in {Union, UnionType, tuple, Annotated}:
        annotation = next(item for item in get_args(annotation) if item is not type(None))
    return annotation
