"""What a camera may say over MTP, and the paths that its objects get: for anything that it can think of."""

import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card import Entry
from drivers.mtp.objects import Object, readable, stem_of, told_apart
from drivers.mtp.wire import (
    FOLDER,
    INFO,
    LAST_NS,
    Garbled,
    Reader,
    read_device_info,
    read_header,
    read_moment,
    read_object_info,
    read_storage_name,
)
from drivers.simulators.mtp import text
from gateway.device import shown

SHANGHAI = ZoneInfo("Asia/Shanghai")
NAMES = st.text(st.characters(codec=None, max_codepoint=0xFFFF), max_size=40)


@pytest.mark.parametrize("read", [read_device_info, read_object_info, read_storage_name, read_header])
@given(content=st.binary(max_size=200))
def test_nonsense_is_called_that_and_nothing_else(read: Callable[[bytes], object], content: bytes) -> None:
    with suppress(Garbled):
        assert read(content) is not None


@given(name=NAMES.filter(lambda name: "\0" not in name))
def test_an_object_is_read_as_it_was_told(name: str) -> None:
    told = INFO.pack(1, FOLDER, 0, 0xFFFFFFFF, 0, 0, 0, 0, 0, 0, 0, 7, 1, 0, 0)
    info = read_object_info(told + text(name) + text("20240101T000000") + text("20240506T091500Z"))
    assert (info.format, info.size, info.parent, info.name) == (FOLDER, None, 7, name)
    assert info.modified == "20240506T091500Z"


def test_a_text_that_promises_more_than_came_is_nonsense() -> None:
    with pytest.raises(Garbled):
        Reader(struct.pack("<B", 200) + b"ab").text()


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("20240506T091500", datetime(2024, 5, 6, 1, 15, tzinfo=UTC).timestamp()),
        ("20240506T091500Z", datetime(2024, 5, 6, 9, 15, tzinfo=UTC).timestamp()),
        ("20240506T091500+0330", datetime(2024, 5, 6, 5, 45, tzinfo=UTC).timestamp()),
        ("20240506T091500-0330", datetime(2024, 5, 6, 12, 45, tzinfo=UTC).timestamp()),
        ("20240506T091500.5Z", datetime(2024, 5, 6, 9, 15, tzinfo=UTC).timestamp() + 0.5),
        ("20241306T091500Z", 0), ("", 0), ("yesterday", 0), ("19691231T000000Z", 0), ("20240506T091500+9900", 0),
        ("99991231T235959Z", LAST_NS / 1e9),
    ],
)  # fmt: skip
def test_a_time_without_a_zone_is_the_cameras(told: str, seconds: float) -> None:
    assert read_moment(told, SHANGHAI) == pytest.approx(seconds * 10**9, abs=1000)


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("执法记录.MP4", "执法记录.MP4"),
        ("执法.MP4".encode("gbk").decode("latin-1"), "执法.MP4"),
        ("执法.MP4".encode().decode("latin-1"), "执法.MP4"),
        ("é.MP4", "é.MP4"),
        ("a/b.MP4", "a∕b.MP4"),
        ("..", "‥"),
        (".", "․"),
    ],
)
def test_names_as_a_person_reads_them(told: str, name: str) -> None:
    assert shown(readable(told)) == name


@given(name=NAMES)
def test_no_name_leads_out_of_its_folder(name: str) -> None:
    path = readable(name.split("\0")[0])
    assert b"/" not in path
    assert path not in (b".", b"..")


OBJECTS = st.lists(
    st.tuples(st.sampled_from([b"a/1.MP4", b"a/1~2.MP4", b"a/1", b"1.MP4"]), st.integers(0, 3), st.integers(0, 2)),
    max_size=12,
)  # fmt: skip


@given(told=OBJECTS, later=st.randoms())
def test_every_object_has_a_path_of_its_own_and_the_same_next_time(
    told: list[tuple[bytes, int, int]], later: object
) -> None:
    found = [
        Object(handle=handle, storage=1, parent=0, entry=Entry(path, size, when, 0))
        for handle, (path, size, when) in enumerate(told)
    ]
    apart = told_apart(found)
    assert len({one.path for one in apart}) == len(found)
    assert {stem_of(one.path).rpartition(b"/")[0] for one in apart} == {
        stem_of(one.path).rpartition(b"/")[0] for one in found
    }
    shuffled = list(found)
    later.shuffle(shuffled)  # type: ignore[attr-defined]
    renumbered = [replace(one, handle=one.handle + 100) for one in shuffled]
    again = told_apart(renumbered)

    def content(objects: list[Object]) -> list[tuple[bytes, int, int]]:
        return sorted((one.path, one.entry.size, one.entry.mtime_ns) for one in objects)

    assert content(again) == content(apart)
