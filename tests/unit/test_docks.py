"""What a bay shows, from what its dock says and how far the offload is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.docks import ATTENTION, UNDER_WAY, Sign, sign_of
from gateway.offloads import Progress

counts = st.integers(0, 50)


def progress(
    files: int, ended: int, to_release: int = 0, set_aside: int = 0, *, waits: bool = False
) -> Progress:
    return Progress(
        files=files, ended=ended, bytes=100 * files, done=100 * ended, waiting={"code": "x", "facts": {}} if waits else None,
        to_release=to_release, set_aside=set_aside, eta_s=None,
    )  # fmt: skip


seen = st.builds(progress, counts, counts, counts, counts, waits=st.booleans())


@pytest.mark.parametrize(
    ("state", "how_far", "shown"),
    [
        ("EMPTY", None, Sign.EMPTY),
        ("PLUGGED", None, Sign.READING),
        ("OFFLOADING", None, Sign.READING),
        ("UNLOCKING", None, Sign.UNLOCKING),
        ("STRANGER", None, Sign.STRANGER),
        ("FAULT", progress(2, 2), Sign.FAULT),
        ("OFFLOADING", progress(2, 1), Sign.COPYING),
        ("OFFLOADING", progress(2, 1, waits=True), Sign.WAITING),
        ("OFFLOADING", progress(2, 2, to_release=1), Sign.FINISHING),
        ("OFFLOADING", progress(2, 2), Sign.DONE),
        ("OFFLOADING", progress(0, 0), Sign.DONE),
        ("OFFLOADING", progress(2, 2, set_aside=1), Sign.LOOK),
        (None, None, Sign.SILENT),
        ("SOMETHING_NEW", progress(2, 2), Sign.SILENT),
    ],
)
def test_what_a_bay_shows(state: str | None, how_far: Progress | None, shown: Sign) -> None:
    assert sign_of(state, how_far) is shown


@given(
    st.sampled_from([None, "EMPTY", "PLUGGED", "UNLOCKING", "OFFLOADING", "STRANGER", "FAULT", "X"]),
    st.none() | seen,
)
def test_green_is_never_shown_before_all_is_safe(state: str | None, how_far: Progress | None) -> None:
    """Who takes a camera on green loses nothing."""
    shown = sign_of(state, how_far)
    assert (shown is Sign.DONE) == (state == "OFFLOADING" and how_far is not None and how_far.is_done)
    if how_far is not None and how_far.set_aside and how_far.has_ended and state == "OFFLOADING":
        assert shown in ATTENTION
    assert not ATTENTION & UNDER_WAY
