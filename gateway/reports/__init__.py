"""The indicators of regulations 8, counted from what is on record; frozen quarter by quarter."""
