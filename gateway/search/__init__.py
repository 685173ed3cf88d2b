"""Finds clips: by words, whose, when, where, in which state; at once, however many there are."""

from gateway.search.asking import Found, at_most, find
from gateway.search.wanted import MISSING, Wanted

__all__ = ["MISSING", "Found", "Wanted", "at_most", "find"]
