"""Work on bytes: one file per stage, the tuples that order them, the engine that brings them to run."""
