"""Everything that a run decides before it begins, decided once."""

import platform
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from sgns import __version__
from sgns.base.parallel import usable_cores
from sgns.config import Config
from sgns.text.vocabulary import Vocabulary
from sgns.training.engines.choice import choose


@dataclass(frozen=True)
class Plan:
    """The decisions of one run.

    Attributes:
        config: The options, `subsample` replaced by the threshold that holds for this text.
        engine: Name of the engine: cpu, cuda or reference.
        threads: Threads that train.
        counts: (V,) int64, how often each word occurs in the text.
        keep_probability: (V,) float64, see `Vocabulary.keep_probability`.
        noise_distribution: (V,) float64, see `Vocabulary.noise_distribution`.
    """

    config: Config
    engine: str
    threads: int
    counts: np.ndarray
    keep_probability: np.ndarray
    noise_distribution: np.ndarray

    @classmethod
    def of(cls, vocabulary: Vocabulary, config: Config) -> Self:
        """The decisions for a text and options.

        Raises:
            ConfigError: the engine does not have what the options ask for.
            MissingExtra: a library of the engine is not installed.
        """
        engine = choose(config)
        config = replace(config, subsample=vocabulary.threshold(config.subsample))
        return cls(
            config,
            engine,
            thread_count(config),
            vocabulary.counts,
            vocabulary.keep_probability(config.subsample),
            vocabulary.noise_distribution(config.noise_power),
        )

    def versions(self) -> dict[str, str]:
        """Versions of sgns and of the libraries that the engine's numbers depend on."""
        return versions(self.engine)


def thread_count(config: Config) -> int:
    """Threads that train: those asked for, or all cores that this process may use."""
    return config.threads or usable_cores()


def versions(engine: str) -> dict[str, str]:
    """Versions of sgns and of the libraries that an engine's numbers depend on."""
    from importlib.metadata import version

    names = {"reference": ("numpy", "torch"), "cuda": ("numpy", "torch", "triton")}.get(
        engine, ("numpy", "numba", "llvmlite")
    )
    return {"sgns": __version__, "python": platform.python_version()} | {name: version(name) for name in names}
