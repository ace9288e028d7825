"""Documents: blocks of text, formulas, tables and figures, and the writers for each format."""
