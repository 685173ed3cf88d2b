"""Retrieval (调阅): requests and grants, the log of viewings, copies, samples of cases."""

from api.console.retrieval import asking, copies, desk, heads, log, one, samples

MODULES = (asking, heads, log, copies, samples, one, desk)
"""In the order in which their paths are tried: `/retrieval/{request_id}` comes after the named ones."""
