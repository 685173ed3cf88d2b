"""Reads devices.yaml: secrets filled in, paths anchored, every mistake named by its place."""

import difflib
import os
import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, SecretStr, ValidationError

from gateway.config.databases import check_databases
from gateway.config.devices import AnyDevice
from gateway.config.every_device import DeviceSettings
from gateway.config.model import Model
from gateway.config.oidc import OidcSettings
from gateway.config.settings import ConfigError, Settings
from gateway.config.sources import AnyCaseSource, Ed25519, FolderSource, Hmac, HttpSource
from gateway.written import read_yaml

SECRET = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read a configuration file; relative paths in it start at the file's own folder, spools at `data`.

    Raises ConfigError, with every mistake on a line of its own.
    """
    try:
        written = read_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); give another with --config") from error
    except (yaml.YAMLError, UnicodeDecodeError, TypeError, RecursionError) as error:
        raise ConfigError(f"{path}: not valid YAML: {error}") from error
    if not isinstance(written, dict):
        raise ConfigError(f"{path}: expected settings such as `devices:`, found {type(written).__name__}")
    return from_mapping(written, path.resolve().parent, environment, str(path))


def from_mapping(
    written: Mapping[str, Any], folder: Path, environment: Mapping[str, str], source: str = "settings"
) -> Settings:
    wrong: list[str] = []
    try:
        filled = fill_secrets(written, environment, "", wrong)
    except RecursionError:
        raise ConfigError(f"{source}: a part of it contains itself") from None
    try:
        settings = Settings.model_validate(filled)
    except ValidationError as error:
        unset = {line.partition(": ")[0] for line in wrong}
        told = [explain(item) for item in mistakes(error)]
        wrong += [line for line in told if line.partition(": ")[0] not in unset]
    if wrong:
        raise ConfigError("\n".join(f"{source}: {called(line, written)}" for line in wrong)) from None
    try:
        anchor = anchored(settings, folder)
        check_apart(anchor)
        check_inboxes(anchor)
        check_databases(anchor)
    except (ConfigError, OSError, RuntimeError) as error:
        raise ConfigError(f"{source}: {error}") from None
    return anchor


def anchored(settings: Settings, folder: Path) -> Settings:
    data = folder / settings.data
    store = settings.store.model_copy(
        update={
            "path": data / settings.store.path,
            "second_copy": settings.store.second_copy and data / settings.store.second_copy,
        }
    )
    devices = tuple(settled(device, folder, data, settings.timezone) for device in settings.devices)
    sources = tuple(anchored_source(source, folder) for source in settings.case_sources)
    keys = {name: folder / path for name, path in settings.content_keys.items()}
    oidc = settings.api.oidc and anchored_oidc(settings.api.oidc, folder)
    anchors = {
        "api": settings.api.model_copy(update={"oidc": oidc}),
        "data": data,
        "store": store,
        "devices": devices,
        "content_keys": keys,
        "case_sources": sources,
        "rule_pack": anchored_pack(settings.rule_pack, folder),
        "unit_rule_packs": {
            unit: anchored_pack(pack, folder) for unit, pack in settings.unit_rule_packs.items()
        },
    }
    return settings.model_copy(update=anchors)


def anchored_source(source: AnyCaseSource, folder: Path) -> AnyCaseSource:
    update: dict[str, Any] = {name: folder / path for name, path in paths_of(source)}
    if isinstance(source, FolderSource) and isinstance(source.signature, Ed25519):
        keys = tuple(folder / path for path in source.signature.public_keys)
        update["signature"] = source.signature.model_copy(update={"public_keys": keys})
    return source.model_copy(update=update)


def anchored_oidc(oidc: OidcSettings, folder: Path) -> OidcSettings:
    """With its secret read, so that `gateway check` says where it cannot be."""
    update: dict[str, Any] = {name: folder / path for name, path in paths_of(oidc)}
    if file := update.get("client_secret_file"):
        place = "api.oidc.client_secret_file"
        try:
            secret = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{place}: {file} cannot be read ({error}); the secret must stand in it"
            ) from None
        if not secret:
            raise ConfigError(f"{place}: {file} is empty; write the secret into it")
        update["client_secret"] = SecretStr(secret)
    if ca := update.get("ca"):
        try:
            ssl.create_default_context(cafile=str(ca))
        except OSError as error:
            raise ConfigError(f"api.oidc.ca: {ca}: no certificates (PEM) can be read: {error}") from None
    return oidc.model_copy(update=update)


def anchored_pack(pack: str, folder: Path) -> str:
    """A pack that comes with us goes by its name; one of the unit's own by its file."""
    return str(folder / pack) if pack.endswith((".yaml", ".yml")) else pack


def settled(device: AnyDevice, folder: Path, data: Path, timezone: str) -> AnyDevice:
    """A device with its paths anchored and its zone known, and so for what comes through it.

    A spool is the gateway's own: it begins at `data`, which is writable where the settings are not.
    """
    update: dict[str, Any] = {
        name: (data if name == "spool" else folder) / path for name, path in paths_of(device)
    }
    for name, part in device:
        if isinstance(part, Model):
            places = {inner: folder / path for inner, path in paths_of(part)}
            update[name] = part.model_copy(update=places)
    update["timezone"] = device.timezone or timezone
    if device.members:
        zone = {"timezone": update["timezone"]}
        update[device.members_at] = tuple(
            camera if camera.timezone else camera.model_copy(update=zone) for camera in device.members
        )
    return device.model_copy(update=update)


CREDENTIALS = frozenset({"ca", "certificate", "key"})
"""Files that devices may have in common, and from which nothing is taken in."""


def paths_of(part: Model) -> list[tuple[str, Path]]:
    return [(name, value) for name, value in part if isinstance(value, Path)]


def check_apart(settings: Settings) -> None:
    """A second copy in the store is no second copy, and a source in the store would eat itself."""
    store = settings.store
    places = {"store.path": store.path.resolve(), "the live pictures": (settings.data / "live").resolve()}
    if store.second_copy is not None:
        places["store.second_copy"] = store.second_copy.resolve()
        if overlapping(places["store.path"], places["store.second_copy"]):
            raise ConfigError("store.second_copy: must lie apart from store.path, best on another disk")
    for number, device in enumerate(settings.devices):
        for setting, path in paths_of(device):
            if setting in CREDENTIALS:
                continue
            source, here = path.resolve(), f"devices.{number}.{setting}"
            for name, place in places.items():
                is_shared = source == place and setting in device.shareable and name.startswith("devices.")
                if overlapping(source, place) and not is_shared:
                    raise ConfigError(f"{here}: {source} and {name} lie within one another")
            places[here] = source


def check_inboxes(anchor: Settings) -> None:
    """Files are moved about in an inbox: it is no part of the store, nor of another inbox."""
    places = {"store.path": anchor.store.path}
    if anchor.store.second_copy is not None:
        places["store.second_copy"] = anchor.store.second_copy
    for number, source in enumerate(anchor.case_sources):
        if isinstance(source, FolderSource):
            here, inbox = f"case_sources.{number}.path", source.path.resolve()
            for name, place in places.items():
                if overlapping(inbox, place.resolve()):
                    raise ConfigError(f"{here}: {inbox} and {name} lie within one another")
            places[here] = inbox


def overlapping(one: Path, other: Path) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)


def fill_secrets(value: Any, environment: Mapping[str, str], place: str, wrong: list[str]) -> Any:
    """Replace `${NAME}` in every string by the environment's value; names that are not set go to `wrong`."""
    if isinstance(value, dict):
        return {key: fill_secrets(item, environment, f"{place}{key}.", wrong) for key, item in value.items()}
    if isinstance(value, list):
        return [
            fill_secrets(item, environment, f"{place}{index}.", wrong) for index, item in enumerate(value)
        ]
    if not isinstance(value, str):
        return value

    def filled(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in environment:
            wrong.append(f"{place.rstrip('.')}: the environment variable {name} is not set")
        return environment.get(name, match.group(0))

    return SECRET.sub(filled, value)


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
