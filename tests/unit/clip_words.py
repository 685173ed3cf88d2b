"""Words that the list of clips puts together."""

from api.console.clips.asking import Asked
from gateway.models import State
from gateway.search import MISSING

SIGNS = ("destroyed", "aside", "describing", "unlinked", "review", "rejected", "unverified", "important")
SAID = ("none", "no_label", "no_case", "which", "no_why")
BUILT = (
    *(f"clips.sign.{one}" for one in SIGNS),
    *(f"clips.f.{one}" for one in Asked.model_fields if one not in {"q", "cursor"}),
    *(f"clips.missing.{one}" for one in MISSING),
    *(f"clips.state.{one}" for one in State),
    *(f"clips.{name}.{one}" for name in ("linked", "aside") for one in ("no", "yes")),
    *(f"clips.kind.{one}" for one in ("VIDEO", "AUDIO", "PHOTO")),
    *(f"clips.ask.{one}" for one in SAID),
    *(f"clips.ask.{one}.then" for one in SAID),
    *(f"clips.many.{one}" for one in ("labels", "link", "undo")),
)
