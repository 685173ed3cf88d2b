"""Where connected cameras bring their files: a listener of its own, a spool, signed addresses."""
