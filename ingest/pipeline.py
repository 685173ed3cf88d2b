"""The two pipelines: PRESERVE brings bytes to safety, DESCRIBE says what they are."""

from gateway.models import Described, State
from ingest.acquire import acquire
from ingest.characterize import characterize
from ingest.label import label
from ingest.preserve import preserve
from ingest.stage import Stage
from ingest.transcode import transcode
from ingest.verify import verify

PRESERVE = (
    Stage(State.FOUND, acquire, State.ACQUIRED),
    Stage(State.ACQUIRED, verify, State.VERIFIED),
    Stage(State.VERIFIED, preserve, State.PRESERVED),
)

DESCRIBE = (
    Stage(Described.RAW, characterize, Described.CHARACTERIZED),
    Stage(Described.CHARACTERIZED, label, Described.LABELLED),
    Stage(Described.LABELLED, transcode, Described.READY),
)

PIPELINES = {"preserve": PRESERVE, "describe": DESCRIBE}


def stage_at(pipeline: str, state: str) -> Stage | None:
    """The stage that starts from a state; None at the end."""
    return next((stage for stage in PIPELINES[pipeline] if stage.before == state), None)
