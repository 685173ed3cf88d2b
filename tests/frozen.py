"""Imported last by the server that forks: what it has loaded is walked for cycles by none of the processes forked from it."""

import gc

gc.collect()
gc.freeze()
