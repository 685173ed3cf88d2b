"""Rules: pure functions of facts; nothing of ours is imported here."""
