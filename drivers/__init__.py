"""Ways that footage arrives: one file per kind of device."""
