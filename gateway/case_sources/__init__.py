"""How textual case records come in."""
