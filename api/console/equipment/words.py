"""Words that the templates of the equipment put together, for the test that finds missing and dead ones."""

from api.console.equipment.device import PARTS, SIGNALS
from api.console.equipment.sheets import GROUPS
from gateway.models import Condition, Policy

NAMES = {
    "count": ("in_service", "out", "unassigned", "not_in_use"),
    "way": ("registry", "desk", "sheet", "officers"),
    "part": PARTS,
    "signal": SIGNALS,
    "condition": tuple(Condition),
    "release": tuple(policy.value for policy in Policy),
    "group": ("officer", "unit", "room"),
    "wrong": (
        "holder",
        "kind",
        "valid_from",
        "valid_to",
        "why",
        "officer",
        "out_at",
        "in_at",
        "status",
        "since",
        "in_condition",
    ),
    "link": ("ends", "begins", "stays", "judged"),
    "lines": tuple(name for name, _ in GROUPS),
    "line": tuple(line for _, lines in GROUPS for line in lines),
}
FACTS = (
    "model", "serial", "asset", "gb_code", "procured", "keeper", "acquired", "accepted", "in_service_from",
    "in_service_to",
)  # fmt: skip
BUILT = {
    **{f"equipment.{stem}_{name}": () for stem, names in NAMES.items() for name in names},
    **{f"equipment.{name}": () for name in FACTS},
}
