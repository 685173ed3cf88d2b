"""Words that the templates of the reports put together, for the test that finds missing and dead ones."""

from api.console.reports.files import KINDS
from api.console.reports.telling import SIDES
from gateway.reports.naming import KEYS

BUILT = {
    **{f"reports.file_{kind}": () for kind in KINDS},
    **{f"reports.key_{key}": () for key in KEYS},
    **{f"reports.side_{side.value}": () for side in SIDES},
    **{f"reports.{name}": () for name in ("all_left_out", "nothing_to_count", "no_key")},
}
