"""Worksheets: questions with numbers drawn from a seed, their key, and the marking of answers."""
