"""Twins: simulators of devices, at the lowest seam, for tests and the demo."""
