"""The vocabulary of `Word2Vec`: counting, choosing, subsampling, the tree, the noise. A part of that class."""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from sgns.gensim import utils
from sgns.gensim.models.sources import LineSentence
from sgns.gensim.store import SaveLoad
from sgns.training.engines.cpu.huffman import HuffmanTree

logger = logging.getLogger(__name__)

NULL_WORD = "\0"
TrimRule = Callable[[Any, int, int], int]


class VocabularyPart(SaveLoad):
    """Counts words and chooses those that have vectors."""

    wv: Any
    raw_vocab: Any
    min_count: int
    sample: float
    max_vocab_size: int | None
    max_final_vocab: int | None
    sorted_vocab: int
    null_word: int
    hs: int
    negative: int
    ns_exponent: float
    vector_size: int
    layer1_size: int
    cum_table: Any

    def scan_vocab(
        self,
        corpus_iterable: Iterable[Any] | None = None,
        corpus_file: Any = None,
        progress_per: int = 10_000,
        workers: int | None = None,
        trim_rule: TrimRule | None = None,
    ) -> tuple[int, int]:
        """Counts the words of a corpus into `raw_vocab`; returns how many words and sentences it has."""
        if corpus_file is not None:
            corpus_iterable = LineSentence(corpus_file)
        words, sentences = self._scan_vocab(corpus_iterable, progress_per, trim_rule)
        logger.info(
            "collected %i word types from a corpus of %i raw words and %i sentences",
            len(self.raw_vocab),
            words,
            sentences,
        )
        return words, sentences

    def _scan_vocab(self, corpus: Any, progress_per: int, trim_rule: TrimRule | None) -> tuple[int, int]:
        counts = WordCounts(self.max_vocab_size, trim_rule)
        number = -1
        for number, sentence in enumerate(corpus):
            if number == 0 and isinstance(sentence, str):
                logger.warning(
                    "Each 'sentences' item should be a list of words (usually unicode strings). "
                    "First item here is instead plain %s.",
                    type(sentence),
                )
            counts.add(sentence)
            if number % progress_per == 0:
                logger.info(
                    "PROGRESS: at sentence #%i, %i words, %i word types", number, counts.words, len(counts.counts)
                )
        self.raw_vocab = counts.finish()
        return counts.words, number + 1

    def prepare_vocab(
        self,
        update: bool = False,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule | None = None,
        min_count: int | None = None,
        sample: float | None = None,
        dry_run: bool = False,
    ) -> dict[str, int]:
        """Chooses the words of `raw_vocab` that have vectors, and how often each is left out in training.

        Args:
            update: Add them to those that are here, and their counts.
            keep_raw_vocab: Keep `raw_vocab`.
            trim_rule: Decides over single words, see `utils.keep_vocab_item`.
            min_count: In place of the model's.
            sample: In place of the model's.
            dry_run: Change nothing.

        Returns:
            How many words and occurrences are left out and kept.
        """
        min_count, sample = min_count or self.min_count, sample or self.sample
        raw = self.raw_vocab
        self.effective_min_count = max(min_count, self._count_for(self.max_final_vocab))
        if trim_rule is None:
            kept = [word for word, count in raw.items() if count >= self.effective_min_count]
        else:
            kept = [word for word in raw if utils.keep_vocab_item(word, raw[word], self.effective_min_count, trim_rule)]
        counts = np.fromiter(map(raw.__getitem__, kept), np.int64, len(kept))
        total, everything = int(counts.sum()), sum(raw.values())
        probability = keep_probability(counts, sample, total)
        report = {
            "drop_unique": len(raw) - len(kept),
            "retain_total": total,
            "downsample_unique": int((probability < 1).sum()),
            "downsample_total": int((probability * counts).sum()),
            "num_retained_words": len(kept),
        }
        self.add_lifecycle_event(
            "prepare_vocab",
            msg=f"effective_min_count={self.effective_min_count} retains {len(kept)} of {len(raw)} unique words, "
            f"{total} of {everything} occurrences",
        )
        if dry_run:
            return report
        wv = self.wv
        if not update:
            self.min_count, self.sample = min_count, sample
            wv.index_to_key, wv.key_to_index = [], {}
            wv.expandos.pop("count", None)
            wv.expandos.pop("sample_int", None)
        for word in kept:
            if word not in wv.key_to_index:
                wv.key_to_index[word] = len(wv.index_to_key)
                wv.index_to_key.append(word)
        wv.allocate_vecattrs(["count", "sample_int"], [np.int64, np.uint32])
        rows = np.fromiter(map(wv.key_to_index.__getitem__, kept), np.int64, len(kept))
        if update:  # also of words that are too rare in the new text, as gensim
            known = [word for word in raw if word in wv.key_to_index]
            where = np.fromiter(map(wv.key_to_index.__getitem__, known), np.int64, len(known))
            wv.expandos["count"][where] += np.fromiter(map(raw.__getitem__, known), np.int64, len(known))
        else:
            wv.expandos["count"][rows] = counts
        wv.expandos["sample_int"][rows] = (probability * (2**32 - 1)).astype(np.uint32)
        if not keep_raw_vocab:
            self.raw_vocab = defaultdict(int)
        if self.null_word and NULL_WORD not in wv.key_to_index:
            self.add_null_word()
        if self.sorted_vocab and not update:
            wv.sort_by_descending_frequency()
        if self.hs:
            self.create_binary_tree()
        if self.negative:
            self.make_cum_table()
        return report

    def _count_for(self, most: int | None) -> int:
        """The fewest occurrences with which at most `most` words are kept."""
        if most is None or most >= len(self.raw_vocab):
            return 1
        return int(sorted(self.raw_vocab.values(), reverse=True)[most]) + 1

    def add_null_word(self) -> None:
        """Adds a word that stands where a window has none."""
        self.wv.key_to_index[NULL_WORD] = len(self.wv)
        self.wv.index_to_key.append(NULL_WORD)
        self.wv.allocate_vecattrs()
        self.wv.set_vecattr(NULL_WORD, "count", 1)
        self.wv.expandos["sample_int"][-1] = 2**32 - 1

    def create_binary_tree(self) -> None:
        """Gives each word its path in a Huffman tree: `code` and `point`, nodes numbered as they are made."""
        counts = self.wv.expandos["count"]
        V = len(counts)
        codes, points = np.empty(V, object), np.empty(V, object)
        if V == 1:
            codes[0], points[0] = np.zeros(0, np.uint8), np.zeros(0, np.uint32)
        elif V > 1:
            order = np.argsort(-counts, kind="stable")
            tree = HuffmanTree.of(counts[order])
            for i, row in enumerate(order):
                path = slice(tree.starts[i], tree.starts[i + 1])
                codes[row] = (1 - tree.labels[path]).astype(np.uint8)
                points[row] = (V - 2 - tree.nodes[path]).astype(np.uint32)
        self.wv.expandos["code"], self.wv.expandos["point"] = codes, points

    def make_cum_table(self, domain: int = 2**31 - 1) -> None:
        """Sums up the distribution of noise words, scaled to `domain`: gensim's `cum_table`, not used here."""
        weights = noise_distribution(self.wv.expandos["count"], self.ns_exponent)
        self.cum_table = np.rint(np.cumsum(weights) * domain).astype(np.uint32)

    def tree_of(self, order: np.ndarray) -> HuffmanTree:
        """The tree of `code` and `point`, for words in `order`; node j is the one that was made V − 2 − j th."""
        V = len(order)
        codes = [np.asarray(code) for code in self.wv.expandos["code"][order]]
        points = [np.asarray(point) for point in self.wv.expandos["point"][order]]
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum([len(code) for code in codes])])
        nodes = V - 2 - np.concatenate([*points, np.zeros(0)]).astype(np.int64)
        labels = 1 - np.concatenate([*codes, np.zeros(0)]).astype(np.float32)
        return HuffmanTree(starts.astype(np.int64), nodes.astype(np.int32), labels.astype(np.float32))


class WordCounts:
    """Words with how often each occurs.

    Attributes:
        counts: So far.
        words: Occurrences of all.
    """

    def __init__(self, largest: int | None, trim_rule: TrimRule | None) -> None:
        """Begins at zero.

        Args:
            largest: When more words are counted, the rarest are forgotten.
            trim_rule: See `utils.keep_vocab_item`.
        """
        self.counts: Counter[Any] = Counter()
        self.words, self._largest, self._trim_rule, self._reduce = 0, largest, trim_rule, 1

    def add(self, sentence: Any) -> None:
        """Counts the words of a sentence."""
        if not hasattr(sentence, "__len__"):
            sentence = list(sentence)
        self.counts.update(sentence)
        self.words += len(sentence)
        if self._largest and len(self.counts) > self._largest:
            utils.prune_vocab(self.counts, self._reduce, self._trim_rule)
            self._reduce += 1

    def finish(self) -> "defaultdict[Any, int]":
        """The counts; of an unknown word it is 0."""
        return defaultdict(int, self.counts)


def keep_probability(counts: np.ndarray, sample: float | None, total: int) -> np.ndarray:
    """The probability (V,) that an occurrence of each word is kept in an epoch.

    Args:
        counts: (V,) int64.
        sample: Threshold: 0 keeps all; below 1 it is a part of all words, from 1 on a number of occurrences.
        total: Occurrences of all words that are kept.
    """
    if not sample:
        threshold = float(total)
    else:
        threshold = sample * total if sample < 1 else float(int(sample * (3 + np.sqrt(5)) / 2))
    ratio = threshold / np.maximum(1, counts)
    return np.minimum(1.0, np.sqrt(ratio) + ratio)


def noise_distribution(counts: np.ndarray, power: float) -> np.ndarray:
    """The distribution (V,) of noise words: count ** power; a word without a count is never one."""
    counts = np.asarray(counts, np.float64)
    logs = np.log(np.maximum(counts, 1)) * power
    weights = np.where(counts > 0, np.exp(logs - logs.max(initial=-np.inf)), 0.0)
    total = weights.sum()
    return weights / total if total else np.full(len(counts), 1 / max(1, len(counts)))
