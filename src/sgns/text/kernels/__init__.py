"""The compiled part of reading text: the scan, the hash table and the normalisation of ASCII tokens."""
