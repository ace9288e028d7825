"""Every option of a training run, once: defaults, help, ranges, and what is written into a vector file's header.

The command line makes its options and their help from this dataclass (the string under each field); `Vectors.save`
writes `Config.to_dict()` into the file; a checkpoint is refused when it differs.
"""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sgns.errors import ConfigError

Engine = Literal["auto", "cpu", "cuda", "reference"]
Sharing = Literal["tile", "window", "pair"]
Sentences = Literal["line", "paragraph", "none"]


@dataclass(frozen=True, kw_only=True)
class Config:
    """Hyper-parameters of SGNS and of the text it reads. Raises `ConfigError` for a value out of range."""

    dim: int = 100
    """Dimension d of the vectors: columns of E and C."""
    window: int = 5
    """Largest distance between w and c+; each centre draws its own reach from 1 to this."""
    negatives: int = 5
    """Negatives k for each positive pair."""
    epochs: int = 5
    """Passes over the corpus."""
    lr: float = 0.04
    """Learning rate at the start; falls linearly with the words seen."""
    min_lr: float = 0.0001
    """Learning rate at the end."""
    min_count: int = 5
    """Words seen fewer times are left out."""
    max_vocabulary: int | None = None
    """Keep at most this many words, the most frequent ones."""
    subsample: float | None = None
    """Threshold t: a word of frequency f is kept with chance min(1, sqrt(t/f) + t/f); 0 keeps all. Left out, it is
    1,000 / tokens, at most 1e-3 and at least 1e-4."""
    noise_power: float = 0.75
    """Negatives are drawn in proportion to count ** this."""
    sentences: Sentences = "line"
    """What ends a sentence: each line, an empty line (paragraph), or nothing (none)."""
    lowercase: bool = True
    """Fold upper case to lower case."""
    punctuation: bool = False
    """Keep punctuation at the edges of words instead of stripping it."""
    seed: int = 1
    """Seed of every random draw."""
    threads: int = 0
    """Threads that train; 0 takes all cores."""
    deterministic: bool = False
    """The same bits with any number of threads; docs/reliability.md says what it costs."""
    validation: float = 0.0
    """Share of sentences kept out of training; their loss shows whether the vectors generalise."""
    sharing: Sharing = "tile"
    """Who shares negatives: 8 neighbouring centres (tile, fastest), a window, or nobody (pair, as in word2vec.c)."""
    engine: Engine = "auto"
    """Who trains: cpu (Numba), cuda (Triton, an NVIDIA card), reference (readable PyTorch); auto takes the fastest."""

    def __post_init__(self) -> None:
        whole = {
            "dim": (1, 10_000, "100 suits most corpora"),
            "window": (1, 1_000, "5 is usual; wider windows learn topics, narrower ones syntax"),
            "negatives": (1, 1_000, "5 to 15 is usual"),
            "epochs": (1, 1_000_000, "5 is usual"),
            "min_count": (1, 2**62, "5 is usual, 1 keeps every word"),
            "max_vocabulary": (1, 2**31 - 1, "leave it out to keep every word of min_count"),
            "seed": (0, 2**63 - 1, "1 will do"),
            "threads": (0, 4_096, "0 takes all cores"),
        }
        for name, (low, high, remedy) in whole.items():
            value = getattr(self, name)
            if value is None and name == "max_vocabulary":
                continue
            if isinstance(value, bool) or not hasattr(value, "__index__"):
                raise ConfigError(f"{name} is {value!r}, not a whole number; {remedy}")
            if not low <= value <= high:
                raise ConfigError(f"{name} is {value}, outside {low} to {high}; {remedy}")
        real = {
            "lr": (0.0, 10.0, False, "0.025 to 0.05 is usual"),
            "min_lr": (0.0, 10.0, True, "0.0001 is usual"),
            "subsample": (0.0, 1.0, True, "0.001 is usual, 0 keeps every token, without it the text decides"),
            "validation": (0.0, 0.5, True, "0.01 is usual, 0 trains on everything"),
            "noise_power": (-10.0, 10.0, True, "0.75 is usual"),
        }
        for name, (least, most, closed, remedy) in real.items():
            value = getattr(self, name)
            if value is None and name == "subsample":
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise ConfigError(f"{name} is {value!r}, not a finite number; {remedy}")
            if not (least <= value if closed else least < value) or value > most:
                span = f"outside {least:g} to {most:g}" if closed or value > most else f"not above {least:g}"
                raise ConfigError(f"{name} is {value:g}, {span}; {remedy}")
        for field in dataclasses.fields(self):
            if isinstance(field.default, bool) and not isinstance(value := getattr(self, field.name), bool):
                raise ConfigError(f"{field.name} is {value!r}; give True or False")
        if self.min_lr > self.lr:
            raise ConfigError(
                f"min_lr is {self.min_lr:g}, above lr {self.lr:g}; lower it, for example to {self.lr / 250:g}"
            )
        for name, kind in {"engine": Engine, "sharing": Sharing, "sentences": Sentences}.items():
            choices = get_args(kind)
            if getattr(self, name) not in choices:
                raise ConfigError(f"{name} is {getattr(self, name)!r}; choose one of {', '.join(choices)}")

    def to_dict(self) -> dict[str, Any]:
        """The options as plain JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Config":
        """The Config of a file's header; options this version does not know are left out."""
        known = {field.name for field in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})
