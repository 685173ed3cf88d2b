"""A case with its text and its footage together, as people read it: lists, stages, time lines, evidence."""
