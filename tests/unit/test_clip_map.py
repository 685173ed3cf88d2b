"""A track is drawn whole, true to scale, and with a bar of a round length; a clip plays what browsers know."""

import json
import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.console.clip_map import EDGE, HEIGHT, WIDTH, drawn, round_length
from gateway.models import Clip
from gateway.playing import frames, plays
from gateway.tracks import Fix

START = datetime(2026, 11, 26, tzinfo=UTC)
PLACES = st.lists(st.tuples(st.floats(-0.05, 0.05), st.floats(-0.05, 0.05)), min_size=1, max_size=30)


def fixes(places: list[tuple[float, float]], latitude: float = 37.06) -> list[Fix]:
    return [
        Fix(START + timedelta(seconds=second), second, latitude + north, 114.5 + east)
        for second, (north, east) in enumerate(places)
    ]


@given(PLACES, st.floats(-70, 70))
def test_all_of_it_lies_within_its_edges(places: list[tuple[float, float]], latitude: float) -> None:
    drawing = drawn(fixes(places, latitude))
    assert drawing is not None
    for _, x, y in json.loads(drawing.places):
        assert EDGE - 0.1 <= x <= WIDTH - EDGE + 0.1
        assert EDGE - 0.1 <= y <= HEIGHT - EDGE + 0.1


@given(st.floats(-70, 70))
def test_a_step_north_is_as_long_as_one_east_and_north_is_up(latitude: float) -> None:
    east = 0.001 / math.cos(math.radians(latitude + 0.0005))
    drawing = drawn(fixes([(0, 0), (0.001, 0), (0.001, east)], latitude))
    assert drawing is not None
    (_, x0, y0), (_, x1, y1), (_, x2, y2) = json.loads(drawing.places)
    assert (x0, y1) == (x1, y2)
    assert y1 < y0
    assert y0 - y1 == pytest.approx(x2 - x1, abs=0.3)
    assert drawing.bar_m / drawing.bar_px == pytest.approx(111.32 / (y0 - y1), rel=0.01)


@given(st.floats(1, 1e6))
@example(999999.9999999999)
def test_the_bar_is_round_and_fits(most: float) -> None:
    length = round_length(most)
    assert length <= most
    assert length > most / 2.5 - 1
    assert str(length).rstrip("0") in {"1", "2", "5"}


def test_who_stands_still_is_in_the_middle_and_nobody_is_nowhere() -> None:
    drawing = drawn(fixes([(0, 0), (0, 0)]))
    assert drawing is not None
    assert drawing.start == drawing.end == (WIDTH / 2, HEIGHT / 2)
    assert drawn([]) is None


def clip(kind: str, container: str | None, *codecs: str) -> Clip:
    streams = [
        {"codec_type": "audio", "codec_name": name} if name in {"aac", "pcm_alaw", "opus"} else
        {"codec_type": "video", "codec_name": name, "pix_fmt": "yuv420p", "avg_frame_rate": "30000/1001"}
        for name in codecs
    ]  # fmt: skip
    told = {"container": container, "streams": streams} if container else None
    return Clip(id="c", device_id="d", kind=kind, format=told)


MP4 = "mov,mp4,m4a,3gp,3g2,mj2"


@pytest.mark.parametrize(
    ("kind", "name", "container", "codecs", "known"),
    [
        ("VIDEO", "a.mp4", MP4, ("h264", "aac"), True),
        ("VIDEO", "a.mp4", MP4, ("h264",), True),
        ("VIDEO", "a.mp4", MP4, ("hevc", "aac"), False),
        ("VIDEO", "a.mov", MP4, ("h264", "pcm_alaw"), False),
        ("VIDEO", "a.mp4", MP4, ("aac",), True),
        ("VIDEO", "a.avi", "avi", ("h264",), False),
        ("VIDEO", "a.mpg", "mpeg", ("mpeg2video",), False),
        ("VIDEO", "a.webm", "matroska,webm", ("vp9", "opus"), True),
        ("VIDEO", "a.mkv", "matroska,webm", ("h264", "aac"), False),
        ("VIDEO", "a.mp4", None, (), None),
        ("AUDIO", "a.wav", "wav", ("pcm_alaw",), True),
        ("AUDIO", "a.amr", "amr", (), False),
        ("PHOTO", "a.JPG", None, (), True),
        ("PHOTO", "a.heic", None, (), False),
    ],
)
def test_what_browsers_play(
    kind: str, name: str, container: str | None, codecs: tuple[str, ...], known: bool | None
) -> None:
    assert plays(clip(kind, container, *codecs), name) is known


def test_a_frame_is_as_long_as_the_file_says() -> None:
    assert frames(clip("VIDEO", MP4, "h264")) == pytest.approx(29.97, abs=0.01)
    odd = clip("VIDEO", MP4, "h264")
    for told in ("0/0", "", "90000/1", "x"):
        assert odd.format
        odd.format["streams"][0]["avg_frame_rate"] = told
        assert frames(odd) == 25.0
