"""Files that are made for one answer."""

from fastapi import Response

from gateway.models import ReportMade
from gateway.reports.making import MEDIA, Format


def attached(made: ReportMade, wanted: Format, content: bytes) -> Response:
    """The bytes, under a name that every file system takes, with what is on record of them."""
    name = f"{made.kind}-{made.period}-{made.id[-8:]}.{wanted.value}"
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "x-report": made.id,
        "x-sha256": made.sha256,
    }
    return Response(content, media_type=MEDIA[wanted], headers=headers)
