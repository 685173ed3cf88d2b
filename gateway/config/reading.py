"""Reads devices.yaml: secrets filled in, paths anchored, every mistake named by its place."""

import os
import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr, ValidationError

from gateway.config.databases import check_databases
from gateway.config.devices import AnyDevice
from gateway.config.explaining import called, explain, mistakes
from gateway.config.model import Model
from gateway.config.oidc import OidcSettings
from gateway.config.settings import ConfigError, Settings
from gateway.config.sources import AnyCaseSource, Ed25519, FolderSource
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
