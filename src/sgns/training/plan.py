"""Everything that a run decides before it begins, decided once."""

import platform
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from sgns.base.parallel import usable_cores
from sgns.base.subwords import Subwords
from sgns.config import Config
from sgns.text.subwords import subwords_of
from sgns.text.vocabulary import Vocabulary
from sgns.training.engines.choice import choose
from sgns.training.schedule import LONGEST, BlockSchedule
from sgns.version import __version__

SINGLE_THREADED = ("reference", "cuda")  # engines that one thread of this process drives


@dataclass(frozen=True)
class Resources:
    """What a process trains with; known before the text is read.

    Attributes:
        engine: Name of the engine: cpu, cuda or reference.
        threads: Threads that read, train and evaluate.
    """

    engine: str
    threads: int

    @classmethod
    def of(cls, config: Config, local_world_size: int = 1) -> Self:
        """The engine that the options and this machine allow, and this process's part of the machine's cores.

        Raises:
            ConfigError: the engine does not have what the options ask for.
            MissingExtra: a library of the engine is not installed.
        """
        return cls(choose(config), config.threads or max(1, usable_cores() // local_world_size))


@dataclass(frozen=True)
class Plan:
    """The decisions of one run.

    Attributes:
        config: The options, `subsample` replaced by the threshold that holds for this text.
        engine: Name of the engine: cpu, cuda or reference.
        threads: Threads that train and evaluate.
        counts: (V,) int64, how often each word occurs in the text.
        keep_probability: (V,) float64, see `Vocabulary.keep_probability`.
        noise_distribution: (V,) float64, see `Vocabulary.noise_distribution`.
        subwords: The n-grams of the words, where the options ask for them.
    """

    config: Config
    engine: str
    threads: int
    counts: np.ndarray
    keep_probability: np.ndarray
    noise_distribution: np.ndarray
    subwords: Subwords | None = None

    @classmethod
    def of(cls, vocabulary: Vocabulary, config: Config, resources: Resources | None = None) -> Self:
        """The decisions for a text and options.

        Args:
            vocabulary: Of the text.
            config: The options.
            resources: Engine and threads, if they are decided already.

        Raises:
            ConfigError: the engine does not have what the options ask for.
            MissingExtra: a library of the engine is not installed.
        """
        resources = resources or Resources.of(config)
        config = replace(config, subsample=vocabulary.threshold(config.subsample))
        return cls(
            config,
            resources.engine,
            resources.threads,
            vocabulary.counts,
            vocabulary.keep_probability(config.subsample),
            vocabulary.noise_distribution(config.noise_power),
            subwords_of(config, vocabulary.words, vocabulary.counts),
        )

    @property
    def training_threads(self) -> int:
        """Threads of this process that train."""
        in_order = self.config.deterministic and not words_alone(self.config)
        return 1 if in_order or self.engine in SINGLE_THREADED else self.threads

    @property
    def warnings(self) -> list[str]:
        """What the user should know before the run begins, a sentence each."""
        if self.engine in SINGLE_THREADED or self.threads == self.training_threads:
            return []
        config = self.config
        what = "n-grams" if config.ngrams else "documents" if config.documents else "paths of a tree"
        return [f"with --deterministic, {what} train on one thread; leave it out to use all {self.threads}"]

    def with_seed(self, seed: int) -> Self:
        """The same decisions, with other random streams."""
        return replace(self, config=replace(self.config, seed=seed))

    def schedule(self, tokens: int, longest: int = LONGEST) -> BlockSchedule:
        """The schedule of one process.

        Args:
            tokens: Of the corpus.
            longest: Tokens of a block of the engine at most.
        """
        return BlockSchedule.of(tokens, self.config, longest)

    def versions(self) -> dict[str, str]:
        """Versions of sgns and of the libraries that the engine's numbers depend on."""
        return versions(self.engine)


def words_alone(config: Config) -> bool:
    """Whether all rows of E and C are those of words, which the deterministic engine copies for its chunks."""
    return config.loss == "negatives" and config.ngrams is None and config.model in ("skipgram", "cbow")


def versions(engine: str) -> dict[str, str]:
    """Versions of sgns and of the libraries that an engine's numbers depend on."""
    from importlib.metadata import version

    names = {"reference": ("numpy", "torch"), "cuda": ("numpy", "torch", "triton")}.get(
        engine, ("numpy", "numba", "llvmlite")
    )
    return {"sgns": __version__, "python": platform.python_version()} | {name: version(name) for name in names}
