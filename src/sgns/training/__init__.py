"""Ids to vectors: engines, the loop that drives them, and what makes a run reliable."""
