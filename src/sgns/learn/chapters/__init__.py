"""Chapters on SGNS: derivations, gradients, one step of SGD, the code, traps, a trained model, and the report."""
