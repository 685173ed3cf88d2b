"""Keeps what each clip is found by: made anew in the transaction in which a clip or its links change.

What changes for many clips at once (a case's title, an officer's name) is made anew for the first of them at
once, for the others by `gateway.search.upkeep`.
"""

from gateway.indexing.following import follow

__all__ = ["follow"]
