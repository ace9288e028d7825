"""Which rows of a run the ranks merge: those of words, of n-grams, of documents that several ranks have.

A row of E or C that every rank trains is merged in the rounds, those with the most updates most often. Words are sorted
by count already; n-grams and documents are put in the order of their expected updates. A document that one rank alone
has is trained there, and nobody else needs its row before a common barrier: it is not merged but gathered.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch

from sgns.text.corpus import Corpus
from sgns.training.distributed.combine import sample
from sgns.training.distributed.comm import Comm
from sgns.training.engines.cpu.huffman import HuffmanTree
from sgns.training.plan import Plan
from sgns.training.update_scaling import expected_updates, updates_of_inputs

COUNTED_TAGS = 1 << 20  # tags whose tokens are counted together

Samples = Callable[[], tuple[torch.Tensor, torch.Tensor]]
"""Returns inputs and outputs of pairs, (n, d) each, of which the curvature is estimated."""


@dataclass(frozen=True)
class MergedRows:
    """Rows of a table that ranks merge, about those with the most updates first.

    Attributes:
        table: (rows, stride) float32, changed in place.
        updates_per_token: (n,) float32, expected updates of each row on one rank for a token of the text.
        outputs: Whether they are outputs, as the rows of C; else they are inputs.
        rows: (n,) int64, which rows of the table; None for its first n.
        ranks: (n,) float32, how many ranks train each; None for all ranks.
    """

    table: torch.Tensor
    updates_per_token: torch.Tensor
    outputs: bool = False
    rows: torch.Tensor | None = None
    ranks: torch.Tensor | None = None

    def __len__(self) -> int:
        return len(self.updates_per_token)

    def at(self, low: int, high: int) -> "slice | torch.Tensor":
        """The index of rows low to high, of these, in the table."""
        return slice(low, high) if self.rows is None else self.rows[low:high]


@dataclass(frozen=True)
class OwnRows:
    """Rows of a table each of which one rank alone trains.

    Attributes:
        table: (rows, stride) float32, changed in place.
        of_ranks: Of each rank (n,) int64, the rows that it trains.
    """

    table: torch.Tensor
    of_ranks: list[torch.Tensor]

    def gather(self, comm: Comm, dim: int, step: int) -> int:
        """Gives all ranks the rows of all, `step` at a time; returns the bytes that this rank has sent."""
        sent = 0
        for at in range(0, max(map(len, self.of_ranks)), step):
            parts = [rows[at : at + step] for rows in self.of_ranks]
            own = torch.zeros(max(map(len, parts)), dim, device=self.table.device)
            own[: len(parts[comm.rank])] = self.table[parts[comm.rank], :dim]
            for rank, theirs in enumerate(comm.all_gather(own)):
                if rank != comm.rank:
                    self.table[parts[rank], :dim] = theirs[: len(parts[rank])]
            sent += (comm.world_size - 1) * 4 * own.numel()
        return sent


@dataclass(frozen=True)
class RowsOfRun:
    """All rows that ranks exchange.

    Attributes:
        merged: In rounds.
        samples: Inputs and outputs as they are now.
        own: At common barriers.
    """

    merged: list[MergedRows]
    samples: Samples
    own: list[OwnRows] = field(default_factory=list)

    @classmethod
    def of_words(
        cls, E: torch.Tensor, C: torch.Tensor, dim: int, updates_per_token: tuple[np.ndarray, np.ndarray]
    ) -> "RowsOfRun":
        """The rows of words, with a row of E and one of C for each.

        Args:
            E: (V, stride) float32.
            C: (V, stride) float32.
            dim: Columns that are sent.
            updates_per_token: Of each row of E and of C, see `update_scaling.expected_updates`.
        """
        both = (E, C)
        samples = [torch.from_numpy(sample(one)).to(E.device) for one in updates_per_token]
        tables = [
            MergedRows(table, torch.from_numpy(one).to(E.device), outputs)
            for table, one, outputs in zip(both, updates_per_token, (False, True), strict=True)
        ]
        return cls(tables, lambda: (E[samples[0], :dim], C[samples[1], :dim]))


def rows_of_run(comm: Comm, plan: Plan, corpus: Corpus, E: torch.Tensor, C: torch.Tensor) -> RowsOfRun:
    """The rows that the ranks of a run exchange.

    Args:
        comm: The ranks.
        plan: The decisions of the run.
        corpus: The shard of this rank, with the vocabulary and the documents of the whole text.
        E: (V + n-grams + documents, stride) float32, of this rank.
        C: (V, stride) float32, of this rank.
    """
    config, V, dim = plan.config, len(plan.counts), plan.config.dim
    nodes = None
    if config.loss == "hierarchical":
        nodes = HuffmanTree.of(plan.counts).node_counts(plan.counts * plan.keep_probability)
    in_E, in_C = expected_updates(plan.counts, plan.keep_probability, plan.noise_distribution, config, nodes)
    words = RowsOfRun.of_words(E[:V], C, dim, (in_E, in_C))
    merged, samples, own = words.merged, words.samples, list[OwnRows]()
    if plan.subwords is not None:
        starts, rows = plan.subwords.table_of(corpus.vocabulary.words)
        merged.append(ngram_rows(E, V, starts, rows, in_E))
        inputs, outputs = composed(E, V, starts, rows, sample(in_E), dim), samples
        samples = lambda: (inputs(), outputs()[1])  # noqa: E731
    if config.documents and corpus.documents is not None:
        tags = E[len(E) - len(corpus.documents) :]
        tokens = tokens_of_tags(comm, corpus)
        per_token = updates_of_inputs(config, plan.counts, plan.keep_probability, nodes)
        shared, alone = document_rows(tags, tokens, per_token)
        own.append(alone)
        if len(shared):
            merged.append(shared)
        if config.model == "dbow":  # words are outputs alone; their rows of E are not trained
            merged = [table for table in merged if table is not words.merged[0]]
            drawn, outputs = torch.from_numpy(sample(tokens[comm.rank].astype(np.float64))), samples
            samples = lambda: (tags[drawn, :dim], outputs()[1])  # noqa: E731
    return RowsOfRun(merged, samples, own)


def ngram_rows(E: torch.Tensor, V: int, starts: np.ndarray, rows: np.ndarray, in_E: np.ndarray) -> MergedRows:
    """The rows of n-grams that words have; the other ones are never trained.

    A row moves whenever one of its words does, by as much as the word (see `subword_rows.py`).

    Args:
        E: (≥ V + n-grams, stride) float32.
        V: Words.
        starts: (V + 1,) int64, the n-grams of word w are rows[starts[w]:starts[w + 1]].
        rows: (n,) int32.
        in_E: (V,) float32, expected updates of each word for a token.
    """
    updates = np.bincount(rows, np.repeat(in_E.astype(np.float64), np.diff(starts)))
    order = np.argsort(-updates, kind="stable")[: np.count_nonzero(updates)]
    return MergedRows(
        E, torch.from_numpy(updates[order].astype(np.float32)), rows=torch.from_numpy(order.astype(np.int64) + V)
    )


def composed(
    E: torch.Tensor, V: int, starts: np.ndarray, rows: np.ndarray, words: np.ndarray, dim: int
) -> Callable[[], torch.Tensor]:
    """Returns the vectors of words as they are now, (n, d): the means of their rows and those of their n-grams."""
    sizes = np.diff(starts)[words]
    places = np.arange(sizes.sum()) + np.repeat(starts[words] - np.concatenate([[0], np.cumsum(sizes)[:-1]]), sizes)
    parts = torch.from_numpy(rows[places].astype(np.int64) + V)
    numbers = torch.from_numpy(np.repeat(np.arange(len(words)), sizes))
    own, divisors = torch.from_numpy(words), torch.from_numpy((sizes + 1).astype(np.float32))[:, None]
    return lambda: E[own, :dim].index_add(0, numbers, E[parts, :dim]) / divisors


def tokens_of_tags(comm: Comm, corpus: Corpus) -> np.ndarray:
    """(world_size, D) int64: the tokens that each tag has on each rank."""
    documents = corpus.documents
    assert documents is not None
    lengths = np.diff(np.asarray(corpus.sentence_ends), prepend=0)
    own = np.zeros(len(documents), np.int64)
    np.add.at(own, documents.rows, np.repeat(lengths, np.diff(documents.starts)))
    parts = [own[at : at + COUNTED_TAGS] for at in range(0, len(own), COUNTED_TAGS)]
    return np.concatenate([comm.all_gather(torch.from_numpy(part)).numpy() for part in parts], axis=1)


def document_rows(table: torch.Tensor, tokens: np.ndarray, updates_per_token: float) -> tuple[MergedRows, OwnRows]:
    """The rows of tags that several ranks have, and those that one rank has.

    Args:
        table: (D, stride) float32.
        tokens: (world_size, D) int64, see `tokens_of_tags`.
        updates_per_token: Expected updates of a tag for a token of its documents.

    Returns:
        Of a tag that several ranks have, the updates are those of a rank that has it, on average.
    """
    having = np.count_nonzero(tokens, axis=0)
    shared = np.flatnonzero(having > 1)
    total = tokens.sum()
    updates = tokens.sum(0)[shared] / having[shared] * len(tokens) / max(1, total) * updates_per_token
    order = np.argsort(-updates, kind="stable")
    of_ranks = [torch.from_numpy(np.flatnonzero((own > 0) & (having == 1))) for own in tokens]
    return MergedRows(
        table,
        torch.from_numpy(updates[order].astype(np.float32)),
        rows=torch.from_numpy(shared[order]),
        ranks=torch.from_numpy(having[shared[order]].astype(np.float32)),
    ), OwnRows(table, of_ranks)
