"""Derivations that check themselves, computation graphs, one step in numbers, and the report that collects them."""
