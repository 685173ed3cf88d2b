"""Decides clips on the facts as they stand, writes labels and links; `preview` writes nothing."""

from gateway.linking.deciding import Judged, differences, preview, relink
from gateway.linking.due import affected, drain, due, take_due

__all__ = ["Judged", "affected", "differences", "drain", "due", "preview", "relink", "take_due"]
