"""Formulas: parsed, written in four notations, and worked with in SymPy."""
