"""What comes over the lines of a cabinet: badges in noise, frames of lock boards, texts of scanners."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.cabinet.lock8a import framed
from drivers.cabinet.readers import Lines, Once, Rdm6300
from drivers.simulators.cabinet import rdm6300

BADGES = st.binary(min_size=5, max_size=5).map(lambda code: code.hex().upper())


def fed(framer: Rdm6300 | Lines, *pieces: bytes) -> list[str]:
    found, now = [], 0.0
    for piece in pieces:
        now += 0.01
        found += framer.feed(piece, now)
    return found + framer.feed(b"", now + 1)


@given(st.lists(BADGES, max_size=5), st.randoms())
def test_badges_come_through_however_they_are_cut(codes: list[str], chance: random.Random) -> None:
    stream = b"".join(map(rdm6300, codes))
    pieces = []
    while stream:
        size = chance.randint(1, 9)
        pieces.append(stream[:size])
        stream = stream[size:]
    assert fed(Rdm6300(), *pieces) == codes


@given(st.binary(max_size=60), BADGES)
def test_noise_before_a_badge_costs_at_most_what_it_overlaps(noise: bytes, code: str) -> None:
    assert fed(Rdm6300(), noise.replace(b"\x02", b""), rdm6300(code), rdm6300(code))[-1] == code


@given(BADGES, st.integers(1, 12), st.integers(0, 255))
def test_a_flipped_byte_is_no_other_badge(code: str, place: int, value: int) -> None:
    frame = bytearray(rdm6300(code))
    frame[place] = value
    assert set(fed(Rdm6300(), bytes(frame))) <= {code}


def test_as_documented() -> None:
    """The sheet's own card: 62E3086CED, check 08; and the same without STX and ETX."""
    assert rdm6300("62E3086CED") == b"\x0262E3086CED08\x03"
    assert fed(Rdm6300(), b"62E3086CED08") == ["62E3086CED"]
    reader = Rdm6300()
    assert fed(reader, b"\x0262E3086CED09\x03") == []
    assert reader.bad == 1


def test_lines_with_any_end_or_none() -> None:
    assert fed(Lines(), b"BWC-0001\r\nBWC-0002\nBWC", b"-0003") == ["BWC-0001", "BWC-0002", "BWC-0003"]
    assert fed(Lines(), "记录仪-7\r".encode()) == ["记录仪-7"]
    assert fed(Lines(), b"\xff\xfe\r\n", b"x" * 5000 + b"\n") == []


def test_a_badge_that_lies_there_counts_once() -> None:
    once = Once(2.0)
    assert [once.is_new("A", at) for at in (0, 0.05, 1.9, 3.8, 5.9)] == [True, False, False, False, True]
    assert once.is_new("B", 6.0)


@pytest.mark.parametrize(
    ("content", "frame"),
    [((0x8A, 1, 0, 0x11), "8a0100119a"), ((0x80, 1, 0, 0x33), "80010033b2")],
)
def test_lock_board_frames_as_published(content: tuple[int, ...], frame: str) -> None:
    assert framed(*content).hex() == frame
