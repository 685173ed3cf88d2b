"""The content destination that Axis body-worn systems upload to (devices 1.8, peers 2)."""
