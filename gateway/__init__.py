"""The core: what exists, what the rules say, where things lie."""

__version__ = "0.1.0"
