"""Retrieval (调阅): requests and grants, the log of viewings, copies, samples of cases."""

from api.console.retrieval import asking, copies, desk, heads, log, one, samples

MODULES = (asking, heads, log, copies, samples, one, desk)
"""What stands under `/retrieval`."""
