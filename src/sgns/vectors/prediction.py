"""Which word stands between context words: the probability that the model gives to each centre word.

A model trained with negative sampling learns scores h·C_w = log p(w|h) − log(k q(w)) for the input h of a context and
the noise distribution q (Levy & Goldberg 2014; Gutmann & Hyvärinen 2012, where the scores are those of k negatives).
Solved for the probability: p(w|h) ∝ q(w) exp(h·C_w). Without q, as gensim's `predict_output_word` has it, rare words
come out too probable.
"""

from typing import Literal, get_args

import numpy as np

from sgns.errors import ConfigError, FormatError
from sgns.vectors.files.parts import Parts

Scale = Literal["probability", "softmax", "score"]
"""p(w|h) ∝ q(w) exp(h·C_w); exp(h·C_w) / Σ exp(h·C), as gensim has it; or h·C_w itself."""


def predict_centre(parts: Parts, rows: np.ndarray, scale: Scale = "probability") -> np.ndarray:
    """The probability or score of each word as the centre of a context.

    Args:
        parts: Words, E, C, counts and metadata of the vectors.
        rows: (m,) int64, the rows of the context words; h is the mean of theirs in E (the sum for a cbow model that was
            trained on sums).
        scale: What is computed.

    Returns:
        (V,) float64; probabilities add up to 1.

    Raises:
        ConfigError: There is no C, C holds no rows of words, or there are no counts for probabilities.
        FormatError: A score is not finite.
    """
    if scale not in get_args(Scale):
        raise ConfigError(f"scale is {scale!r}; choose one of {', '.join(get_args(Scale))}")
    config = parts.metadata.get("config")
    options = config if isinstance(config, dict) else {}
    if options.get("loss") == "hierarchical":
        raise ConfigError(
            "the model was trained with loss hierarchical, and has rows for the nodes of a tree in place of C;"
            " train with negatives"
        )
    if parts.C is None:
        raise ConfigError(
            "these vectors hold E alone, and predicting a word needs C; only .safetensors and .npz keep it"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        scores = scores_of(
            parts, rows, summed=options.get("combine") == "sum" and options.get("model") in ("cbow", "dm")
        )
    if not np.isfinite(scores).all():
        raise FormatError(
            "the score of a word is not finite: a row is NaN, infinite or too large; train again with a lower lr, or"
            " drop such rows: sgns convert IN OUT --repair"
        )
    if scale == "score":
        return scores
    if scale == "probability":
        if parts.counts is None or not parts.counts.any():
            raise ConfigError(
                "a probability needs the counts of words, and these vectors have none; take softmax or score as scale"
            )
        power = options.get("noise_power", 0.75)
        with np.errstate(divide="ignore"):
            scores += power * np.log(parts.counts)  # −∞ for a word that never occurred: probability 0
    scores = np.exp(scores - scores.max())
    return scores / scores.sum()


def scores_of(parts: Parts, rows: np.ndarray, summed: bool) -> np.ndarray:
    """h·C_w of each word, (V,) float64, where h is the mean, or the sum, of these rows of E."""
    h = parts.E[rows].sum(axis=0, dtype=np.float64)
    if not summed:
        h /= len(rows)
    return np.asarray((parts.C @ h.astype(np.float32)).astype(np.float64))
