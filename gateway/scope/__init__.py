"""What had to be recorded: the units' item lists, what people state, and the obligation board."""
