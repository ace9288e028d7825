"""Text to ids: sources, scan, vocabulary, corpus."""
