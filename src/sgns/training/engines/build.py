"""The engine factory: makes the engine of a plan and compiles its kernels."""

from collections.abc import Callable
from subprocess import CalledProcessError
from typing import TYPE_CHECKING

import numpy as np

from sgns.base.parallel import in_background
from sgns.errors import MissingExtra
from sgns.text.corpus import Corpus
from sgns.training.engines.contract import Engine, EpochEngine
from sgns.training.plan import Plan, words_alone
from sgns.training.validation import Validation

if TYPE_CHECKING:
    from sgns.training.engines.cpu.models import Rows


def build(plan: Plan, corpus: Corpus, validation: Validation | None = None) -> Engine | EpochEngine:
    """The engine for a corpus; it trains on all of it but what is held out for validation."""
    if plan.engine == "reference":
        from sgns.training.engines.reference import ReferenceEngine

        ids, ends = (corpus.ids, corpus.sentence_ends) if validation is None else validation.training_text(corpus.ids)
        return ReferenceEngine(ids, ends, plan, corpus.vocabulary.words)
    from sgns.training.engines.cpu.engine import CpuEngine, one_span

    ends = corpus.sentence_ends if validation is None else validation.sentence_ends
    text = corpus.ids, ends, plan.keep_probability, plan.noise_distribution, plan.config
    if plan.engine == "cuda":
        from sgns.training.engines.cuda.engine import CudaEngine

        held_out = None if validation is None else list(zip(validation.begins, validation.ends, strict=True))
        return CudaEngine(*text, counts=plan.counts, held_out=held_out)
    spans = one_span if validation is None else validation.training_spans
    if plan.config.deterministic and words_alone(plan.config):
        from sgns.training.engines.cpu.deterministic import DeterministicEngine

        return DeterministicEngine(*text, counts=plan.counts, threads=plan.threads, spans=spans)
    rows, more_rows = rows_of(plan, corpus, ends)
    one_thread = plan.config.deterministic  # in order, as a seed gives the same bits with any number of threads
    hot_rows = None
    if plan.config.sharing == "tile" and not one_thread:
        from sgns.training.engines.cpu.hot_rows import HotRows

        kept = plan.counts * plan.keep_probability
        hot_rows = HotRows(
            plan.counts, plan.keep_probability, plan.noise_distribution, plan.config, plan.threads,
            len(corpus.ids), more_rows,
            None if rows.tree is None else rows.tree.node_counts(kept),
        )  # fmt: skip
    return CpuEngine(*text, spans=spans, hot_rows=hot_rows, rows=rows, more_rows=more_rows, concurrent=not one_thread)


def rows_of(plan: Plan, corpus: Corpus, ends: np.ndarray) -> "tuple[Rows, int]":
    """What rows of E and C are beside those of words, and how many more of E there are.

    Args:
        plan: The decisions of the run.
        corpus: The text.
        ends: (s,) int64, the ends of its sentences, with those of parts that are held out.
    """
    from sgns.training.engines.cpu.huffman import HuffmanTree
    from sgns.training.engines.cpu.models import Rows
    from sgns.training.engines.cpu.subword_rows import SHORTEST, WordParts, strip_length

    parts, strip, more_rows, tag_starts, tag_rows = None, SHORTEST, 0, None, None
    if plan.subwords is not None:
        parts = WordParts.of(*plan.subwords.table_of(corpus.vocabulary.words))
        more_rows = plan.subwords.rows
        kept = plan.counts * plan.keep_probability
        strip = strip_length(parts, kept / kept.sum())
    if (documents := corpus.documents) is not None and plan.config.documents:
        # A part of a sentence has the tags of the sentence.
        sentences = np.searchsorted(corpus.sentence_ends, ends)
        sizes = np.diff(documents.starts)[sentences]
        tag_starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
        places = np.arange(tag_starts[-1]) + np.repeat(documents.starts[sentences] - tag_starts[:-1], sizes)
        tag_rows = documents.rows[places].astype(np.int32) + np.int32(len(plan.counts) + more_rows)
        more_rows += len(documents.names)
    tree = HuffmanTree.of(plan.counts) if plan.config.loss == "hierarchical" else None
    return Rows(parts, strip, tag_starts, tag_rows, tree), more_rows


def start(plan: Plan, corpus: Corpus, validation: Validation | None, watch: Callable[[], None]) -> Engine | EpochEngine:
    """Builds the engine and compiles its kernels, and those of the validation loss.

    Args:
        plan: The decisions of the run.
        corpus: The text.
        validation: What is held out of it.
        watch: Called about ten times a second while kernels compile.

    Raises:
        MissingExtra: The card's driver, Triton or PyTorch refuse; their first line is in the message.
    """

    def compile(engine: Engine | EpochEngine) -> None:
        engine.compile()
        if validation is not None:
            validation.compile(engine.E, engine.C)

    try:
        engine = build(plan, corpus, validation)
        in_background(lambda: compile(engine), watch)
    except Exception as error:
        if plan.engine != "cuda" or not is_refusal(error):
            raise
        reason = next(iter(str(error).strip().splitlines()), "")[:200]
        raise MissingExtra(
            f"the cuda engine does not start on this card ({type(error).__name__}: {reason}); take --engine cpu"
        ) from error
    return engine


def is_refusal(error: Exception) -> bool:
    """Whether an error is one by which the driver, PyTorch or Triton refuse to load or compile, and no mistake of ours.

    PyTorch raises RuntimeError for what the driver reports, Triton classes of its own; a library that cannot be loaded
    is an OSError or ImportError, a C compiler that fails a CalledProcessError.
    """
    if type(error).__module__.partition(".")[0] in ("torch", "triton"):
        return True
    if isinstance(error, RecursionError):  # a RuntimeError by inheritance
        return False
    return isinstance(error, RuntimeError | OSError | ImportError | CalledProcessError)
