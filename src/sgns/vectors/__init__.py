"""Word vectors: what they answer, and the files they live in."""
