"""Whose badge opens which bay: charged, emptied, allowed, his own first."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.handover import BayFacts, Claim, Denied, Opening, decide

READY = BayFacts(bay="1", occupied=True, device="cam", claim=Claim.PERSONAL, is_done=True, battery=90)


def opened(
    *bays: BayFacts, out: bool = False, certificate: bool | None = True, least: int = 50,
    left: bool = False,
) -> str:  # fmt: skip
    found = decide(bays, has_one_out=out, certificate=certificate, least_battery=least, has_left=left)
    return found.bay if isinstance(found, Opening) else found.code


def test_his_own_before_a_shared_one_and_the_fullest_of_the_shared() -> None:
    shared = replace(READY, bay="2", claim=Claim.SHARED, battery=100)
    fuller = replace(READY, bay="3", claim=Claim.SHARED, battery=95)
    assert opened(shared, READY) == "1"
    assert opened(fuller, shared) == "2"
    assert opened(replace(READY, is_done=False), fuller, shared) == "2", "his own is still being copied"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"is_done": False}, "handover.still_copying"),
        ({"set_aside": 1}, "handover.look_first"),
        ({"battery": 49}, "handover.low_battery"),
        ({"battery": None}, "handover.low_battery"),
        ({"fault": True}, "handover.fault"),
        ({"in_service": False}, "handover.not_in_service"),
        ({"reserved": True}, "handover.taken_now"),
        ({"claim": Claim.NONE}, "handover.none_for_you"),
        ({"device": None}, "handover.none_for_you"),
        ({"occupied": False}, "handover.none_for_you"),
    ],
)
def test_why_not(change: dict[str, object], code: str) -> None:
    assert opened(replace(READY, **change)) == code  # type: ignore[arg-type]


def test_an_expired_certificate_takes_nothing_but_brings_back() -> None:
    empty = replace(READY, bay="4", occupied=False, device=None)
    assert opened(READY, certificate=False) == "handover.certificate"
    assert opened(READY, certificate=None) == "1"
    assert opened(READY, empty, out=True, certificate=False) == "4"
    assert opened(READY, out=True) == "handover.no_free_bay"
    assert opened(READY, replace(empty, fault=True), out=True) == "handover.no_free_bay"


def test_who_has_left_takes_nothing_but_brings_back() -> None:
    empty = replace(READY, bay="4", occupied=False, device=None)
    assert opened(READY, left=True) == "handover.has_left"
    assert opened(READY, empty, out=True, left=True) == "4"


BAYS = st.builds(
    BayFacts,
    bay=st.sampled_from("123456"), occupied=st.booleans(), device=st.sampled_from([None, "a", "b"]),
    in_service=st.booleans(), claim=st.sampled_from(Claim), is_done=st.booleans(),
    set_aside=st.integers(0, 1), battery=st.none() | st.integers(0, 100), fault=st.booleans(),
    reserved=st.booleans(),
)  # fmt: skip


@given(st.lists(BAYS, max_size=6, unique_by=lambda bay: bay.bay), st.booleans())
def test_nothing_leaves_that_is_not_ready_and_allowed(bays: list[BayFacts], out: bool) -> None:
    found = decide(bays, has_one_out=out, certificate=True, least_battery=50)
    if isinstance(found, Denied):
        return
    bay = next(bay for bay in bays if bay.bay == found.bay)
    if found.device is None:
        assert out
        assert (bay.occupied, bay.fault, bay.reserved) == (False, False, False)
    else:
        assert bay.device == found.device
        assert bay.claim is not Claim.NONE
        assert bay.is_done
        assert bay.in_service
        assert (bay.set_aside, bay.fault, bay.reserved) == (0, False, False)
        assert (bay.battery or 0) >= 50
