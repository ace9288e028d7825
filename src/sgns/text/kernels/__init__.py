"""The compiled part of encoding: the scan, the hash table, the normalisation of ASCII raw tokens."""
