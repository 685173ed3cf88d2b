"""The user-facing process: sign-in, resources, media."""
