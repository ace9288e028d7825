"""Text to ids: sources, encoding, vocabulary, corpus, cache."""
