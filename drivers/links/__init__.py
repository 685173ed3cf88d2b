"""How a recorder that keeps its card to itself is asked for it (GA/T 947.4 as public code shows it)."""
