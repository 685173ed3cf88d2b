"""Whether this machine's own clock was right when it judged another's (architecture 4.7)."""

import ctypes

LIBC = ctypes.CDLL(None, use_errno=True)
NOT_SYNCHRONISED = 5
"""TIME_ERROR of adjtimex(2)"""


def is_synchronised() -> bool | None:
    """As the kernel knows it from whatever keeps its time; None where it does not tell."""
    state = LIBC.adjtimex(ctypes.create_string_buffer(512))
    return None if state < 0 else state != NOT_SYNCHRONISED


def may_set_others(*, is_time_source: bool) -> bool:
    """A host that is known to be wrong would spoil the clocks of good cameras."""
    return is_time_source or is_synchronised() is not False
