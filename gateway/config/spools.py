"""Where spools lie: can they be written, are they on the store's disk, does an older one still hold files?"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from gateway.config.devices import UsbDockSettings
from gateway.config.settings import Settings


def spools(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Each with the place of its setting; what devices share comes once."""
    told: set[Path] = set()
    for number, device in enumerate(settings.devices):
        path = getattr(device, "spool", None)
        if isinstance(path, Path) and path not in told:
            told.add(path)
            yield f"devices.{number}.spool", path


def unwritable(settings: Settings) -> Iterator[str]:
    """As the user who asks, where he asks: under systemd the service may see another file system."""
    for place, path in spools(settings):
        try:
            with tempfile.TemporaryFile(dir=lying(path)):
                pass
        except OSError as error:
            yield f"{place}: {path} cannot be written ({error.strerror}); let it lie below `data`"


def elsewhere(settings: Settings) -> Iterator[str]:
    """What is taken over by rename on one file system is a second copy of every byte on two."""
    for place, path in spools(settings):
        if lying(path).stat().st_dev != lying(settings.store.path).stat().st_dev:
            yield f"{place}: {path} lies on another file system than the store; each file is copied once more"


def lying(path: Path) -> Path:
    """It, or the folder above that is there already."""
    return next(one for one in (path, *path.parents) if os.path.exists(one) or one == one.parent)


def left_behind(settings: Settings, folder: Path) -> Iterator[str]:
    """Spools as they lay before they began at `data`, beside devices.yaml, with files in them."""
    in_use = {path.resolve() for device in settings.devices for _, path in device if isinstance(path, Path)}
    for place, path in spools(settings):
        for old in dict.fromkeys(older(settings, folder, path)):
            if old.resolve() not in in_use and (count := sum(len(names) for _, _, names in os.walk(old))):
                yield (
                    f"{place}: {count} files lie in {old}, where it was before spools began at `data`; "
                    f"stop the gateway and move the folder to {path}, or write `spool: {old}`"
                )


def older(settings: Settings, folder: Path, path: Path) -> Iterator[Path]:
    if path.is_relative_to(settings.data):
        yield folder / path.relative_to(settings.data)
    for device in settings.devices:
        if isinstance(device, UsbDockSettings) and device.spool == path != device.mounts.parent / "mtp":
            yield device.mounts.parent / "mtp"
