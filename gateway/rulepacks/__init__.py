"""Every value of every rule, as data with its source: packs that come with us, and a unit's own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from gateway.rulepacks.shape import RulePack
from gateway.rulepacks.sourced import Sourced, values_of
from gateway.written import line_of, read_yaml

__all__ = [
    "PackError",
    "RulePack",
    "RulePacks",
    "Sourced",
    "lineage_of",
    "load",
    "names",
    "packs",
    "values_of",
]

FOLDER = resources.files(__name__) / "packs"


class PackError(Exception):
    """A rule pack cannot be used; each line of the message names the place and says what to write."""


@dataclass(frozen=True)
class RulePacks:
    """The site's pack, and those of units that have their own."""

    default: RulePack
    of_units: Mapping[str, RulePack] = field(default_factory=dict)

    @property
    def every(self) -> tuple[RulePack, ...]:
        return (self.default, *self.of_units.values())

    @property
    def number_kinds(self) -> tuple[tuple[str, ...], ...]:
        """The words in case numbers, as the site and each unit have them; each list once."""
        return tuple(dict.fromkeys(pack.forms.number_kinds.value for pack in self.every))

    def of(self, unit: str | None, parents: Mapping[str, str | None]) -> RulePack:
        """A unit's own, else that of the unit above, else the site's; `parents` names the unit above each."""
        lineage = lineage_of(unit, parents)
        return next((self.of_units[one] for one in lineage if one in self.of_units), self.default)


def lineage_of(unit: str | None, parents: Mapping[str, str | None]) -> list[str]:
    """A unit and those above it; a circle ends it."""
    line: list[str] = []
    while unit is not None and unit not in line:
        line.append(unit)
        unit = parents.get(unit)
    return line


def packs(default: str, of_units: Mapping[str, str] | None = None) -> RulePacks:
    """Those of the configuration. Raises PackError, each line with the setting that names the pack."""
    of_units = of_units or {}
    return RulePacks(
        configured("rule_pack", default),
        {unit: configured(f"unit_rule_packs.{unit}", pack) for unit, pack in of_units.items()},
    )


def configured(setting: str, pack: str) -> RulePack:
    try:
        return load(pack)
    except PackError as error:
        raise PackError("\n".join(f"{setting}: {line}" for line in str(error).splitlines())) from None


def names() -> list[str]:
    """The packs that come with the gateway."""
    return sorted(item.name.removesuffix(".yaml") for item in FOLDER.iterdir() if item.name.endswith(".yaml"))


@cache
def load(pack: str | Path) -> RulePack:
    """A pack that comes with us, by its name, or a unit's own, by its file (`*.yaml`).

    A unit's own says `extends: NAME` and then only what is different. Raises PackError, with every
    mistake on a line of its own: `file:line: place: what to write`.
    """
    return opened(str(pack), Path(), ())


def opened(pack: str, folder: Path, before: tuple[str, ...]) -> RulePack:
    if pack.endswith((".yaml", ".yml")):
        path = folder / pack
        if str(path) in before:
            raise PackError(f"{path}: extends itself")
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise PackError(f"{path}: cannot be read ({error})") from error
        return checked(text, str(path), path.parent, (*before, str(path)))
    if pack not in names():
        raise PackError(
            f"no rule pack {pack!r}; known: {', '.join(names())}; a file of your own ends in .yaml"
        )
    return checked((FOLDER / f"{pack}.yaml").read_text(encoding="utf-8"), f"{pack}.yaml", folder, before)


def checked(text: str, name: str, folder: Path, before: tuple[str, ...]) -> RulePack:
    try:
        written = read_yaml(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise PackError(f"{name}: not valid YAML: {error}") from error
    if not isinstance(written, dict):
        raise PackError(f"{name}: expected a rule pack such as `id: our-unit-2026`")
    base = written.pop("extends", None)
    if base is not None:
        written = over(opened(str(base), folder, before).model_dump(mode="json"), written)
    try:
        return RulePack.model_validate(written)
    except ValidationError as error:
        wrong = (explained(text, name, item) for item in error.errors(include_url=False))
        raise PackError("\n".join(wrong)) from None


def over(base: Any, written: Any) -> Any:
    """The unit's own words over those of the pack it extends: value by value, never half a value."""
    if not isinstance(base, dict) or not isinstance(written, dict) or "value" in base or "value" in written:
        return written
    return base | {name: over(base.get(name), value) for name, value in written.items()}


MEANING = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "int_type": "expected a whole number",
    "float_type": "expected a number",
    "bool_type": "expected true or false",
    "model_type": "expected value, source and verified: no value stands without its source",
    "model_attributes_type": "expected value, source and verified: no value stands without its source",
}
NEEDED = {
    "source": "is missing: say where the value comes from, such as an article of your own rule",
    "verified": "is missing: `true` if somebody read that text, else `false`",
}


def explained(text: str, name: str, error: Any) -> str:
    place = error["loc"]
    kind, last = error["type"], str(place[-1]) if place else ""
    message = MEANING.get(kind, error["msg"].removeprefix("Value error, "))
    if kind == "extra_forbidden":
        message += meant(place)
    if kind == "missing":
        message = NEEDED.get(last, message)
    where = ".".join(str(part) for part in place)
    return f"{name}:{line_of(text, place)}: {where}: {message}".replace(": : ", ": ")


def meant(place: tuple[str | int, ...]) -> str:
    """What exists where an unknown key was written, and which of it is spelt nearly so."""
    model: Any = RulePack
    for part in place[:-1]:
        model = inside(model, part)
    known = sorted(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []
    near = get_close_matches(str(place[-1]), known, 1)
    return f"; did you mean {near[0]}?" if near else f"; known: {', '.join(known)}" if known else ""


def inside(model: Any, part: str | int) -> Any:
    """What a part of a place stands for; what it is a list or mapping of, where it tells which."""
    fields = model.model_fields if isinstance(model, type) and issubclass(model, BaseModel) else {}
    found = fields[part].annotation if part in fields else model
    while get_origin(found) is not None:
        models = [one for one in get_args(found) if isinstance(one, type) and issubclass(one, BaseModel)]
        found = next(iter(models), get_args(found)[-1])
    return found
