"""Vectors of words made of their character n-grams, in PyTorch.

A word stands between `<` and `>`, so that a prefix differs from the same letters inside a word: the n-grams of length 3
of "where" are <wh, whe, her, ere, re>. The vector of the word is the mean of a row of its own and the rows of its g
n-grams:

    u_w = (E_w + Σ E_g) / (1 + g)

u_w takes the place of E_w; samples, loss and the rows of C stay what they are. So the gradient for u_w is that for E_w
in `sgns.reference.word2vec`, and each of the 1 + g rows gets an equal part of it:

    ∂L/∂E_w = ∂L/∂E_g = ∂L/∂u_w / (1 + g)

Words that share n-grams share rows, so a rare word learns from frequent ones of its kind, and a word that the text does
not have has a vector too: the mean of the rows of its n-grams.

Source: Bojanowski, Grave, Joulin & Mikolov 2017, "Enriching Word Vectors with Subword Information" (arXiv 1607.04606),
and fastText, which takes the mean where the paper has the sum.
"""

import torch
from torch import Tensor, nn


def ngrams(word: str, shortest: int = 3, longest: int = 6) -> list[str]:
    """The character n-grams of a word, in the order of fastText: by their first character, then by their length.

    Args:
        word: The word, without brackets.
        shortest: Fewest characters of an n-gram.
        longest: Most characters of an n-gram.

    Returns:
        The n-grams; one that occurs twice in the word is there twice. The brackets alone are none.

    Example:
        >>> ngrams("where", 3, 3)
        ['<wh', 'whe', 'her', 'ere', 're>']
    """
    text = f"<{word}>"
    every = [text[i : i + n] for i in range(len(text)) for n in range(shortest, longest + 1) if i + n <= len(text)]
    return [ngram for ngram in every if ngram not in ("<", ">")] if shortest == 1 else every


def ngram_hash(ngram: str) -> int:
    """The hash of an n-gram in fastText: FNV-1a of 32 bits, with bytes taken as signed numbers.

    A byte above 127 is negative, and as a number of 32 bits it has ones in front, so it changes the upper bits too.

    Example:
        >>> ngram_hash("<wh") % 2_000_000
        1316521
    """
    value = 2166136261
    for byte in ngram.encode():
        signed = byte - 256 if byte > 127 else byte
        value = ((value ^ (signed & 0xFFFFFFFF)) * 16777619) & 0xFFFFFFFF
    return value


def ngram_rows(word: str, shortest: int, longest: int, buckets: int) -> list[int]:
    """The row of each n-gram of a word in a table of `buckets` rows, which n-grams share by their hash."""
    return [ngram_hash(ngram) % buckets for ngram in ngrams(word, shortest, longest)]


class SubwordEmbedding(nn.Module):
    """The rows of words and n-grams, and the vectors u_w composed of them.

    It takes the place of E in `SGNS`, `CBOW` or `HierarchicalSoftmax`: `model.E = SubwordEmbedding(…)`.

    Attributes:
        table: nn.EmbeddingBag whose weight is (V + B, d): a row per word, then one per bucket. Its result is the mean
            of some of its rows.
        rows: (n,) int64, the rows of all words, word after word: the word's own, then V + those of its n-grams.
        starts: (V + 1,) int64, the rows of word w are rows[starts[w]:starts[w + 1]].
        whole_steps: Whether each row takes the whole gradient of u_w, as in fastText.
    """

    rows: Tensor
    starts: Tensor

    def __init__(
        self,
        words: list[list[int]],
        buckets: int,
        dim: int,
        *,
        seed: int = 1,
        sparse: bool = True,
        whole_steps: bool = False,
    ) -> None:
        """Initialises all rows with uniform numbers in (−1/2d, 1/2d), as `SGNS` does.

        Args:
            words: For each of the V words, the rows of its n-grams in the table of buckets, as from `ngram_rows`.
            buckets: Number of rows B for n-grams.
            dim: Dimension d of the vectors.
            seed: Seed of the initial rows.
            sparse: Whether the gradient of a batch holds only the rows that occur in the batch.
            whole_steps: Give each row the whole gradient of u_w, 1 + g times its own: then a step of gradient descent
                moves u_w by lr times its gradient, as it moves E_w without n-grams. With its own part of the gradient,
                u_w moves 1 + g times less, and learns too slowly at any lr that C can take.
        """
        super().__init__()
        self.whole_steps = whole_steps
        V = len(words)
        self.table = nn.EmbeddingBag(V + buckets, dim, mode="mean", sparse=sparse)
        nn.init.uniform_(self.table.weight, -0.5 / dim, 0.5 / dim, generator=torch.Generator().manual_seed(seed))
        rows = [[w, *(V + row for row in some)] for w, some in enumerate(words)]
        sizes = torch.tensor([0, *map(len, rows)])
        self.register_buffer("rows", torch.tensor([row for some in rows for row in some], dtype=torch.int64))
        self.register_buffer("starts", sizes.cumsum(0))

    @property
    def weight(self) -> Tensor:
        """(V + B, d): the rows of words and n-grams."""
        return self.table.weight

    def forward(self, w: Tensor) -> Tensor:
        """The vectors u_w: the mean of the row of each word and the rows of its n-grams.

        Args:
            w: (n,) int64, ids of words.

        Returns:
            (n, d) float32.
        """
        many = self.starts[w + 1] - self.starts[w]  # (n,), rows of each
        first = many.cumsum(0) - many  # (n,), where they begin in what follows
        place = torch.arange(int(many.sum())) - first.repeat_interleave(many)
        rows = self.rows[self.starts[w].repeat_interleave(many) + place]  # those of the first word, of the second, …
        u = self.table(rows, first)
        if self.whole_steps:
            total = u * many[:, None]
            u = total - (total - u).detach()  # the value of the mean, the gradient of the sum
        return u

    def compose(self, ngrams: list[int]) -> Tensor:
        """The vector of a word that has no row of its own: the mean of the rows of its n-grams.

        Args:
            ngrams: Rows of the table of buckets, as from `ngram_rows`; none give zeros.

        Returns:
            (d,) float32.
        """
        V = len(self.starts) - 1
        return self.table(V + torch.tensor(ngrams, dtype=torch.int64), torch.tensor([0]))[0]
