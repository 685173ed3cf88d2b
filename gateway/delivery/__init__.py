"""How what stands in the outbox reaches other systems: webhooks, and write-back to case systems."""
