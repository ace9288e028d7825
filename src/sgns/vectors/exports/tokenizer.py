r"""A tokenizer in the form of Hugging Face's `tokenizers`, which cuts texts into words as training did.

The rules of `sgns.base.normalise` become a lower case, NFC and a regular expression. A word begins with ▁, its token
is the whole word, and an unknown word has no token at all: the model is a BPE without merges that looks the whole word
up (`ignore_merges`); the letters of an unknown word, of which none is in the vocabulary, are passed over.

Two rules of `Vectors.encode` have no counterpart there: a word that is unknown in its own case is not looked up in the
other one, and the lower case of a letter is that of the letter alone (a final sigma is σ).
"""

from collections.abc import Sequence
from typing import Any

from sgns.errors import FormatError

BEGIN = "▁"  # stands before each word, so that no letter of an unknown word is a known word
OWN = "\uf8ff"  # stands for a ▁ of the text itself
MARKS = r"\p{P}\p{Sm}\p{Sc}\p{Sk}\p{Cc}\p{Cf}\p{Zl}\p{Zp}"  # see base.normalise: is_mark
JOINER = r"\x{200C}\x{200D}"  # format characters that are no marks
LETTER = rf"(?:[^\s{MARKS}]|[{JOINER}])"
AFTER = rf"(?={LETTER})"
EDGE = rf"[\s{MARKS}&&[^{JOINER}]]"
WORD = (
    rf"{LETTER}(?:{LETTER}"
    rf"|['\-_‐‑·]{AFTER}"  # don't, well-known, new_york
    r"|(?<=\p{Nd})[.,:/](?=\p{Nd})"  # 3.14, 1,000
    rf"|(?<=\A\p{{L}}|{EDGE}\p{{L}})\.(?=\p{{L}}(?:\z|{EDGE}))"  # u.s.a
    r")*"
)
WHOLE = r"[^\s\x00-\x20]+"  # with punctuation, what stands between blanks is a word


def tokenizer_as_json(words: Sequence[str], lowercase: bool, punctuation: bool) -> dict[str, Any]:
    """The content of tokenizer.json: the number of each word is its row.

    Args:
        words: The words, row by row.
        lowercase: Make texts lower case first.
        punctuation: Keep marks at the edges of words.

    Raises:
        FormatError: There is no word.
    """
    if not words:
        raise FormatError("there is no word; a tokenizer needs one")
    steps: list[dict[str, Any]] = [{"type": "Lowercase"}] if lowercase else []
    steps += [{"type": "NFC"}, {"type": "Replace", "pattern": {"String": "\ufeff"}, "content": ""}]
    if not punctuation:
        steps.append({"type": "Replace", "pattern": {"String": "’"}, "content": "'"})
    steps.append({"type": "Replace", "pattern": {"String": BEGIN}, "content": OWN})
    split = {"type": "Split", "pattern": {"Regex": WHOLE if punctuation else WORD}, "behavior": "Removed"}
    begin = {"type": "Metaspace", "replacement": BEGIN, "prepend_scheme": "always", "split": False}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "Sequence", "normalizers": steps},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split | {"invert": True}, begin]},
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": "##",
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": True,
            "vocab": {BEGIN + word.replace(BEGIN, OWN): row for row, word in enumerate(words)},
            "merges": [],
        },
    }
