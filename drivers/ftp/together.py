"""What belongs together by name: a clip and its sidecars, as `drivers.card` and the pairing see it."""

from collections.abc import Iterable, Iterator, Sequence

from drivers.names import kind_of
from gateway.device import AttachmentKind, MediaKind, shown


def is_clip(path: bytes) -> bool:
    return isinstance(kind_of(shown(path)), MediaKind)


def is_sidecar(path: bytes) -> bool:
    """Whether a file of this kind usually lies beside a clip."""
    kind = kind_of(shown(path))
    return (isinstance(kind, AttachmentKind) and kind is not AttachmentKind.OTHER) or path.lower().endswith(
        b".md5"
    )


def stems(path: bytes) -> Iterator[bytes]:
    """Of the clips that a file could lie beside, longest first: `a.ts.md5` gives `a.ts`, then `a`."""
    folder, slash, name = path.rpartition(b"/")
    while b"." in name:
        name = name.rpartition(b".")[0]
        yield folder + slash + name


def sets(paths: Iterable[bytes]) -> list[list[bytes]]:
    """Clips of one stem with what bears it, clips first; what bears no clip's stem is a set of its own."""
    lying = sorted(paths, key=lambda path: (not is_clip(path), path))
    of_clips: dict[bytes, list[bytes]] = {}
    alone: list[list[bytes]] = []
    for path in lying:
        if is_clip(path):
            of_clips.setdefault(next(stems(path)), []).append(path)
        elif (stem := next((one for one in stems(path) if one in of_clips), None)) is not None:
            of_clips[stem].append(path)
        else:
            alone.append([path])
    return [*of_clips.values(), *alone]


def by_themselves(belonging: Sequence[bytes], due: Sequence[bytes]) -> list[bytes]:
    """Clips that do not wait for another one of their stem, each with what bears its whole name.

    Only what lies beside a clip waits with it; what bears the stem alone stays for the clip that is not due.
    """
    clips = [path for path in belonging if is_clip(path)]
    if all(clip in due for clip in clips):
        return []
    owned = {clip: [path for path in belonging if path.startswith(clip + b".")] for clip in clips}
    ready = [clip for clip in clips if clip in due and all(one in due for one in owned[clip])]
    return [path for clip in ready for path in (clip, *owned[clip])]
