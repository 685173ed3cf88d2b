"""Whether the second copy lies on a disk of its own: on one disk, both go with it."""

from collections.abc import Iterator
from itertools import chain

from gateway.config.settings import Settings
from gateway.config.spools import lying


def are_apart(settings: Settings) -> bool:
    """As it is now: where a disk is away, its mount point lies on that of the system."""
    second = settings.store.second_copy
    return second is not None and lying(second).stat().st_dev != lying(settings.store.path).stat().st_dev


def on_one_disk(settings: Settings) -> Iterator[str]:
    """What is said of a second copy that is none where it counts."""
    if settings.store.second_copy is None or are_apart(settings):
        return
    yield "store.second_copy: lies on one file system with store.path; a disk that breaks takes both"


def unsafe_erasing(settings: Settings) -> Iterator[str]:
    """Devices whose files would be erased, and are left instead."""
    if settings.store.second_copy is None or are_apart(settings):
        return
    for device in chain.from_iterable((one, *one.members) for one in settings.devices):
        if device.release == "erase" and not device.erase_without_second_copy:
            yield (
                f"{device.id}: release: 'erase' needs store.second_copy on a disk of its own; until then "
                "nothing is erased. To erase all the same, say erase_without_second_copy: true"
            )
