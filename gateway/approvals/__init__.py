"""Watching beyond one's own right (R-71…R-75): asked for, decided by heads, granted for a time."""

from gateway.approvals.asking import MOST, Asked, ask, withdraw
from gateway.approvals.deciding import Verdict, decide, may_decide, revoke, waits_for
from gateway.approvals.heads import appoint, dismiss, heads, may_lift_secrecy

__all__ = [
    "MOST",
    "Asked",
    "Verdict",
    "appoint",
    "ask",
    "decide",
    "dismiss",
    "heads",
    "may_decide",
    "may_lift_secrecy",
    "revoke",
    "waits_for",
    "withdraw",
]
