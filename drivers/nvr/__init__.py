"""Network video recorders that export what they recorded: the dialects, and what is fetched from them."""
