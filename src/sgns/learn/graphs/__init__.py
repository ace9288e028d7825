"""Computation graphs: evaluated, differentiated, drawn and exported."""
