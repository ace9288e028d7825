"""See the vectors: plots, trends in words, a map for the browser, exports for other tools."""
