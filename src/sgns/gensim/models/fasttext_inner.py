"""N-grams of a word and fastText's hash of one; training takes those of all words at once from `base.subwords`."""


def compute_ngrams(word: str, min_n: int, max_n: int) -> list[str]:
    """The n-grams of `<word>`, the shortest first."""
    text = f"<{word}>"
    return [text[i : i + n] for n in range(min_n, min(len(text), max_n) + 1) for i in range(len(text) - n + 1)]


def compute_ngrams_bytes(word: str, min_n: int, max_n: int) -> list[bytes]:
    """The n-grams of `<word>` in UTF-8, by their first character, as fastText numbers them."""
    text = f"<{word}>"
    return [
        text[i : i + n].encode("utf-8")
        for i in range(len(text))
        for n in range(min_n, min(len(text) - i, max_n) + 1)
        if not (n == 1 and i in (0, len(text) - 1))
    ]


def ft_hash_bytes(data: bytes) -> int:
    """FNV-1a over signed bytes, as in fastText."""
    value = 2166136261
    for octet in data:
        value = ((value ^ (octet if octet < 128 else octet | 0xFFFFFF00)) * 16777619) & 0xFFFFFFFF
    return value
