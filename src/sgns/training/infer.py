"""`sgns.infer`: vectors of documents that a model was not trained on."""

import threading
from collections.abc import Iterable
from typing import Any

import numpy as np

from sgns.base.parallel import run_threads, usable_cores
from sgns.config import Config
from sgns.errors import ConfigError
from sgns.progress.callback import ProgressCallback, WarningCallback
from sgns.text.vocabulary import Vocabulary
from sgns.vectors.files.parts import Parts
from sgns.vectors.texts import EncodedTexts, reported
from sgns.vectors.tokens import Tokeniser
from sgns.vectors.vectors import Vectors

LEAST_EPOCHS = 20  # by default
STREAM = 31  # of all draws, for `stream_key`
TEXTS_AT_ONCE = 64  # that a thread takes
MOST_EPOCHS = 100_000


def infer(
    vectors: Vectors,
    texts: Iterable[Any],
    *,
    epochs: int | None = None,
    lr: float | None = None,
    seed: int | None = None,
    threads: int = 0,
    on_warning: WarningCallback | None = None,
    progress: ProgressCallback | None = None,
) -> np.ndarray:
    """Vectors of new documents, in the space of `vectors.documents` (Le & Mikolov 2014, section 2.2).

    A row D of each text is trained as those of the model were, while E and C keep their values. It begins at zero. The
    result depends on the words of the text, the options and the seed alone: not on the other texts, their order or the
    number of threads.

    Example:
        rows = sgns.infer(vectors, ["a text like those of training", ["or", "a", "list", "of", "words"]])
        vectors.documents.most_similar(rows[0])

    Args:
        vectors: Trained with model dbow or dm.
        texts: n strings, whose words are made as in training, or lists of words; unknown words are left out.
        epochs: Passes over each text; by default those of training, but 20 at least. Many more fit a text closer than
            the documents of training were fitted, and its row grows long.
        lr: Learning rate at the start, by default that of training; it falls linearly to the min_lr of training.
        seed: Of every draw; by default that of training.
        threads: 0 takes all cores.
        on_warning: Called when texts have no known word; by default a `TextWarning`. Their rows are zero.
        progress: Called as progress("infer", texts, of texts, "texts").

    Returns:
        (n, d) float32.

    Raises:
        ConfigError: The vectors are of another model, lack C or counts, or an option is out of range.
        InputError: A text is no string and no list of words.
    """
    return reported(
        infer_texts(vectors, texts, epochs=epochs, lr=lr, seed=seed, threads=threads, progress=progress), on_warning
    ).rows


def infer_texts(
    vectors: Vectors,
    texts: Iterable[Any],
    *,
    epochs: int | None = None,
    lr: float | None = None,
    seed: int | None = None,
    threads: int = 0,
    progress: ProgressCallback | None = None,
) -> EncodedTexts:
    """As `infer`; returns the vectors with the number of words of each text, and how many are known."""
    from sgns.training.engines.cpu.inference_kernel import infer_rows

    if isinstance(texts, str):
        raise ConfigError("the texts are one string; give a list of texts, such as [text]")
    parts = vectors.parts
    config = config_of(parts, epochs, lr, seed, threads)
    model = model_of(parts, config)
    rows, ends = Tokeniser(parts.words, parts.metadata).rows_of_texts(texts)
    words = np.diff(ends, prepend=0)
    known = np.concatenate([[0], np.cumsum(rows >= 0)])
    ids, ends = np.ascontiguousarray(rows[rows >= 0], np.int32), known[ends].astype(np.int64)
    D = np.zeros((len(ends), parts.dim), np.float32)
    taken, lock = [0], threading.Lock()

    def work(stop: threading.Event) -> None:
        while not stop.is_set():
            with lock:
                first = taken[0]
                taken[0] = last = min(len(ends), first + TEXTS_AT_ONCE)
            if first == last:
                return
            infer_rows(model, ids, ends, first, last, D)

    def tick() -> None:
        if progress is not None:
            progress("infer", taken[0], len(ends), "texts")

    run_threads(work, min(config.threads or usable_cores(), max(1, -(-len(ends) // TEXTS_AT_ONCE))), tick)
    return EncodedTexts(D, words, np.diff(ends, prepend=0), np.zeros_like(words))


def config_of(parts: Parts, epochs: int | None, lr: float | None, seed: int | None, threads: int) -> Config:
    """The options that the vectors were trained with, and those of the caller. Raises `ConfigError`."""
    options = parts.metadata.get("config")
    model = options.get("model", "skipgram") if isinstance(options, dict) else "unknown"
    if not isinstance(options, dict) or model not in ("dbow", "dm"):
        raise ConfigError(
            f"the model is {model}, and vectors of new documents need dbow or dm; v.encode(texts) makes vectors of"
            " texts from those of words"
        )
    trained = Config.from_dict(options)
    if epochs is not None and (isinstance(epochs, bool) or not 1 <= epochs <= MOST_EPOCHS):
        raise ConfigError(f"epochs is {epochs}, outside 1 to {MOST_EPOCHS}; 20 is usual")
    asked: dict[str, Any] = {"epochs": max(LEAST_EPOCHS, trained.epochs) if epochs is None else epochs}
    asked["threads"] = threads
    if lr is not None:
        asked |= {"lr": lr, "min_lr": min(lr, trained.min_lr)}
    if seed is not None:
        asked["seed"] = seed
    return Config.from_dict(options | asked)


def model_of(parts: Parts, config: Config) -> Any:
    """The tables and the laws of training, for the kernel. Raises `ConfigError` when C or the counts are missing."""
    from sgns.training.engines.cpu.huffman import HuffmanTree
    from sgns.training.engines.cpu.inference_kernel import InferenceModel
    from sgns.training.engines.sampling import Windows, alias_table, as_thresholds, stream_key

    outputs = parts.C if config.loss == "negatives" else parts.nodes
    if outputs is None or parts.counts is None:
        missing = "counts" if outputs is not None else "C" if config.loss == "negatives" else "the tree"
        raise ConfigError(
            f"these vectors have lost {missing}, which vectors of new documents need; .safetensors and .npz keep it, as"
            " long as no words are left out"
        )
    vocabulary = Vocabulary(parts.words.decoded, parts.counts)
    none = np.zeros(0, np.int32), np.zeros(0, np.float32)
    starts, nodes, labels = np.zeros(1, np.int64), *none
    noise = np.zeros(1, np.uint64)
    if config.loss == "hierarchical":
        tree = HuffmanTree.of(parts.counts)
        starts, nodes, labels = tree.starts, tree.nodes, tree.labels
    else:
        noise = alias_table(vocabulary.noise_distribution(config.noise_power))
    reach, reaches, _ = Windows.of(config)
    return InferenceModel(
        E=as_table(parts.E if config.model == "dm" else parts.E[:0]),
        C=as_table(outputs),
        keep_thresholds=as_thresholds(vocabulary.keep_probability(config.subsample)),
        noise_table=noise,
        path_starts=starts,
        path_nodes=nodes,
        path_labels=labels,
        key=stream_key(config.seed, STREAM),
        reach=reach,
        reaches=reaches,
        negatives=config.negatives,
        mean=config.combine == "mean",
        epochs=config.epochs,
        lr=np.float32(config.lr),
        min_lr=np.float32(config.min_lr),
    )


def as_table(matrix: np.ndarray) -> np.ndarray:
    """A read-only matrix (V, ≥ d) whose rows stand one behind the other, so that the kernel is compiled for one type.

    A view of padded rows becomes one of the rows with their padding; what is stored otherwise is copied.
    """
    V, base = len(matrix), matrix.base
    if not matrix.flags.c_contiguous:
        padded = isinstance(base, np.ndarray) and base.flags.c_contiguous and base.dtype == np.float32
        if padded and base.ctypes.data == matrix.ctypes.data and base.strides == matrix.strides:  # type: ignore[union-attr]
            matrix = base[:V]  # type: ignore[index]
        else:
            matrix = np.ascontiguousarray(matrix)
    table = matrix.view()
    table.flags.writeable = False
    return table
