"""`Config`: every option of a training run, with its default, range, choices and help.

Each option is declared once, as a field: its default, its type with a range or choices, and the string under it, which
is its help. The command line builds its options from these fields, `Vectors.save` writes `Config.to_dict()` into the
header of the file, and a checkpoint of another `Config` is refused.
"""

import dataclasses
import math
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin

from sgns.base.foreign_options import foreign_option
from sgns.base.suggest import nearest_options
from sgns.errors import ConfigError

Engine = Literal["auto", "cpu", "cuda", "reference"]
Sharing = Literal["tile", "window", "pair"]
Sentences = Literal["line", "paragraph", "none"]
Model = Literal["skipgram", "cbow", "dbow", "dm"]
Loss = Literal["negatives", "hierarchical"]
Combine = Literal["mean", "sum"]
PhraseScore = Literal["default", "npmi"]
VocabularyOfStart = Literal["union", "old", "new"]

RATES: dict[str, float] = {"skipgram": 0.025, "cbow": 0.15, "dbow": 0.1, "dm": 0.15}
"""Learning rate at the start, by model, where the user gives none."""
SUM_RATE = 0.04
"""The same where cbow and dm take the sum of the rows: each gets the whole gradient, and 0.15 diverges."""
NGRAM_RATE = 0.05
"""The same of skipgram with n-grams and negatives."""
OTHER_SKIPGRAM_RATE = 0.04
"""The same of skipgram with hierarchical softmax, or which starts from trained vectors (see START_RATES)."""
MIN_RATE = 0.0001
"""Learning rate at the end where the user gives none, as in word2vec.c."""
MIN_RATE_OF_WORDS = 0.003
"""The same of skipgram with negatives, without n-grams and start: gensim's threads end as high (docs/training.md)."""
LEAST_FALL = 8
"""The rate at the start over that at the end, at least, where the user gives none for the end."""
START_WEIGHT = 0.5
"""`Config.start_weight` where the user gives none: docs/growing.md has the measurements."""
START_RATES = {"mean": 1.5, "alone": 0.75}
"""What a run that starts from trained vectors takes of that rate: where the mean with them is taken, and where not."""
IN_MEMORY = "vectors in memory"
"""`Config.start` of a run that started from vectors which Python held, not a file."""
NOISE_POWER, NOISE_POWER_OF_NGRAMS = 0.75, 0.5
"""`Config.noise_power` where the user gives none."""
WHOLE_SENTENCE = 0
"""`Config.window` of a window that is the whole sentence."""
WORD_OPTIONS = ("connector_words", "keep_words", "drop_words", "freeze")
"""Options that name a file of words, or hold words in Python."""
LONGEST_NGRAM = 100
"""Most characters of an n-gram."""


@dataclass(frozen=True)
class Whole:
    """Range of an option that is a whole number.

    Attributes:
        least: Smallest value allowed.
        most: Largest value allowed.
        remedy: What to give instead; the end of the error message.
    """

    least: int
    most: int
    remedy: str

    def check(self, name: str, value: Any) -> None:
        """Raises `ConfigError` if `value` of the option `name` is no whole number or out of range."""
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise ConfigError(f"{name} is {value!r}, not a whole number; {self.remedy}")
        if not self.least <= value <= self.most:
            raise ConfigError(f"{name} is {value}, outside {self.least} to {self.most}; {self.remedy}")


@dataclass(frozen=True)
class Real:
    """Range of an option that is a real number.

    Attributes:
        least: Smallest value allowed; not allowed itself if `open`.
        most: Largest value allowed.
        remedy: What to give instead; the end of the error message.
        open: Whether the value must be greater than `least`.
    """

    least: float
    most: float
    remedy: str
    open: bool = False

    def check(self, name: str, value: Any) -> None:
        """Raises `ConfigError` if `value` of the option `name` is no finite number or out of range."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ConfigError(f"{name} is {value!r}, not a finite number; {self.remedy}")
        too_low = value <= self.least if self.open else value < self.least
        if too_low or value > self.most:
            span = f"not above {self.least:g}" if too_low and self.open else f"outside {self.least:g} to {self.most:g}"
            raise ConfigError(f"{name} is {value:g}, {span}; {self.remedy}")


def parse_ngrams(text: str) -> tuple[int, int]:
    """The fewest and the most characters of an n-gram: (3, 6) of 3-6, (4, 4) of 4. Raises `ConfigError`."""
    found = re.fullmatch(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", text) if isinstance(text, str) else None
    minimum, maximum = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not 1 <= minimum <= maximum <= LONGEST_NGRAM:
        raise ConfigError(
            f"ngrams is {text!r}; give the fewest and the most characters of an n-gram, from 1 to {LONGEST_NGRAM}:"
            " 3-6 is usual"
        )
    return minimum, maximum


PASSES = Whole(0, 20, "1 joins pairs of words, 2 pairs of these; a file holds a list of phrases")
"""Range of `Config.phrases` where it is a number."""


def words_of(kind: Any) -> tuple[str, ...]:
    """The words that an option takes beside its numbers: ("exact",) for Annotated[int | Literal["exact"], …]."""
    inner = get_args(kind)[0]
    return tuple(word for part in get_args(inner) if get_origin(part) is Literal for word in get_args(part))


def as_words_or_path(name: str, value: Any) -> Any:
    """The value of an option that names a file or, in Python, holds words: a path as a string, words as a tuple.

    Raises:
        ConfigError: it is none of these, or a word is empty.
    """
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, str) and not value:
        raise ConfigError(f"{name} is empty; give the name of a file, or leave it out")
    if value is None or isinstance(value, str):
        return value
    if name == "phrases":
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise ConfigError(f"phrases is {value!r}; give a number of passes, such as 2, or the name of a file")
        return int(value)
    if name not in WORD_OPTIONS or not isinstance(value, Iterable) or isinstance(value, bytes):
        raise ConfigError(f"{name} is {value!r}; give the name of a file")
    words = tuple(sorted(value, key=str) if isinstance(value, set | frozenset) else value)
    words = tuple(str(word) if type(word) is int else word for word in words)  # ids are words
    if odd := [word for word in words if not isinstance(word, str) or not word or "\n" in word or "\r" in word]:
        raise ConfigError(f"{name} holds {odd[0]!r}, which is no word; give a file, or words such as ('the', 'a')")
    return words


@dataclass(frozen=True, kw_only=True)
class Config:
    """Hyper-parameters of SGNS, and how the text is read. Raises `ConfigError` for a value out of range."""

    dim: Annotated[int, Whole(1, 10_000, "100 suits most corpora")] = 100
    """Dimension d of the vectors: columns of E and C."""
    model: Model = "skipgram"
    """What is trained: skipgram; cbow, whose input is the window; or vectors of documents: dbow (PV-DBOW), whose input
    is the document, dm (PV-DM), whose input is the document and the window."""
    combine: Combine = "mean"
    """How cbow and dm make one input of many rows."""
    loss: Loss = "negatives"
    """What is minimised: the loss of negatives (negative sampling), or hierarchical: −log P(c+) in a tree of words."""
    ngrams: str | None = None
    """Lengths of the character n-grams whose vectors are part of a word's vector, such as 3-6; without it, none are."""
    buckets: Annotated[
        int | Literal["exact"], Whole(1, 2**31 - 1, "2000000 is usual, exact gives each n-gram a row of its own")
    ] = 2_000_000
    """Rows that n-grams share by their hash; exact: a row for each n-gram that occurs min_count times."""
    window: Annotated[
        int | Literal["sentence"], Whole(0, 1_000, "5 is usual; wider windows learn topics, narrower ones syntax")
    ] = 5
    """Largest distance between w and c+; the reach of a window is drawn from 1 to this. 0 or sentence: any two words of
    a sentence, a sample of them in long sentences."""
    shrink_windows: bool = True
    """The reach of a window is drawn; without it, every window is as wide as it may be."""
    negatives: Annotated[int, Whole(1, 1_000, "5 to 15 is usual")] = 5
    """Negatives k for each positive pair."""
    epochs: Annotated[int, Whole(1, 1_000_000, "5 to 7 is usual")] = 7
    """Passes over the corpus."""
    lr: Annotated[float, Real(0, 10, "0.025 to 0.05 is usual", open=True)] = None  # type: ignore[assignment]
    """Learning rate at the start; falls linearly with the words seen. Left out, it is that of the model: 0.025 for
    skipgram (0.05 with n-grams, 0.04 with hierarchical loss or start), 0.1 for dbow, 0.15 for cbow and dm, whose rows
    each get their share of the gradient (with combine sum, the whole of it: 0.04); with start one and a half times as
    much, or with start_weight 0 three quarters."""
    min_lr: Annotated[float, Real(0, 10, "0.0001 to 0.003 is usual")] = None  # type: ignore[assignment]
    """Learning rate at the end. Left out, it is 0.003 for skipgram with negatives, 0.0001 with n-grams or start and for
    other models, and at most an eighth of lr."""
    min_count: Annotated[int, Whole(1, 2**62, "5 is usual, 1 keeps every word")] = 5
    """Words that occur fewer times are left out."""
    max_vocabulary: Annotated[int | None, Whole(1, 2**31 - 1, "leave it out to keep every word of min_count")] = None
    """Largest number of words in the vocabulary; the most frequent ones are taken."""
    subsample: Annotated[
        float | None, Real(0, 1, "0.001 is usual, 0 keeps every token, without it the text decides")
    ] = None
    """Threshold t: a token of a word of frequency f is kept with probability min(1, sqrt(t/f) + t/f); 0 keeps all. Left
    out, it is 1,000 / tokens, at most 1e-3 and at least 7e-4."""
    noise_power: Annotated[float, Real(-10, 10, "0.75 is usual")] = None  # type: ignore[assignment]
    """Exponent of the noise distribution: negatives are drawn in proportion to count ** noise_power. Left out, it is
    0.75, as in word2vec.c; with ngrams 0.5, as in fastText."""
    sentences: Sentences = "line"
    """What ends a sentence: each line, an empty line (paragraph), or nothing (none)."""
    column: str | None = None
    """Column of a table that holds the text: JSON lines, CSV, TSV, Parquet or Arrow, whose cells are documents."""
    tags: bool = False
    """dbow and dm: each document begins with its tags, divided by commas, and a tab character. Without it, a line or
    paragraph is named by its number from 0, a file by its name."""
    tag_column: str | None = None
    """dbow and dm: column of a table that holds the tag of each document, or a list of tags."""
    lowercase: bool = True
    """Convert upper case to lower case."""
    punctuation: bool = False
    """Leave punctuation at the edges of words instead of stripping it."""
    phrases: int | str = 0
    """Passes that join words which often stand together, such as new_york; 0: none. Or a file with a list of phrases,
    as sgns phrases writes it."""
    phrase_threshold: Annotated[float | None, Real(-1, 1e12, "10 is usual, with npmi 0.5")] = None
    """Two words are a phrase if their score is greater than this. Left out, it is 10, or 0.5 with npmi."""
    phrase_min_count: Annotated[int, Whole(1, 2**62, "5 is usual")] = 5
    """Pairs of words that occur fewer times are no phrases; the default score subtracts it from their count."""
    phrase_score: PhraseScore = "default"
    """Score of two words: that of Mikolov et al. 2013 (default), or their normalised mutual information (npmi)."""
    connector_words: str | tuple[str, ...] | None = None
    """Words that may stand within a phrase, such as bank_of_america: english, or a file with a word on each line."""
    vocabulary_file: str | None = None
    """File of the words to train on, as sgns vocabulary writes it; if it has counts, noise and subsampling follow them.
    min_count and max_vocabulary do not count then."""
    keep_words: str | tuple[str, ...] | None = None
    """File of words, one on each line, that stay in the vocabulary whatever min_count and max_vocabulary are."""
    drop_words: str | tuple[str, ...] | None = None
    """File of words, one on each line, that are left out (stop words)."""
    start: str | None = None
    """Go on from trained vectors: a vector file in any format, whose rows of E and C are taken over."""
    start_limit: Annotated[int | None, Whole(1, 2**62, "200000 keeps the most frequent words")] = None
    """Take over only the first rows of that file, this many: the most frequent words, by custom."""
    start_weight: Annotated[float | None, Real(0, 1, "0.5 is usual, 0 takes no mean")] = None
    """Weight of start in the mean that is taken at the end of each row of it and of what training made of that row.
    Left out, it is 0.5."""
    vocabulary: VocabularyOfStart = "union"
    """With start, the words to train: those of the file and frequent new ones, whose counts add up (union), those of
    the file with its counts (old), or those of the text (new). vocabulary_file names a list of words."""
    freeze: str | tuple[str, ...] | None = None
    """With start, rows that stay as they are: E, C or E+C (all that were taken over), or a file of words."""
    seed: Annotated[int, Whole(0, 2**63 - 1, "1 will do")] = 1
    """Seed of every random draw."""
    threads: Annotated[int, Whole(0, 4_096, "0 takes all cores")] = 0
    """Threads that train; 0 takes all cores."""
    deterministic: bool = False
    """The same bits with any number of threads; docs/reliability.md says what it costs."""
    validation: Annotated[float, Real(0, 0.5, "0.01 is usual, 0 trains on everything")] = 0.0
    """Fraction of sentences left out of training for validation; their loss shows whether the vectors generalise."""
    sharing: Sharing = "tile"
    """Which centres share negatives: 8 neighbouring centres (tile, fastest), the pairs of one centre (window), or none
    (pair, as in word2vec.c)."""
    engine: Engine = "auto"
    """What trains: cpu (Numba), cuda (Triton, an NVIDIA card) or reference (readable PyTorch); auto takes cuda if there
    is a card and it has what the other options ask for, else cpu."""

    def __new__(cls, *values: Any, **options: Any) -> "Config":
        """Refuses an unknown option: a dataclass would raise a TypeError that does not say what it is called here."""
        known = [field.name for field in dataclasses.fields(cls)]
        for name in options:
            if name not in known:
                remedy = foreign_option(name)
                if remedy is None and (near := nearest_options(name, known)):
                    remedy = f"did you mean {', '.join(near)}?"
                raise ConfigError(f"{name} is no option; {remedy or 'options are ' + ', '.join(known)}")
        return super().__new__(cls)

    def __post_init__(self) -> None:
        if self.window == "sentence":
            object.__setattr__(self, "window", WHOLE_SENTENCE)
        if self.noise_power is None:
            object.__setattr__(self, "noise_power", NOISE_POWER if self.ngrams is None else NOISE_POWER_OF_NGRAMS)
        if self.lr is None and self.model in RATES:
            object.__setattr__(self, "lr", self._default_rate())
        if self.min_lr is None and isinstance(self.lr, int | float):
            object.__setattr__(self, "min_lr", min(self._default_min_rate(), self.lr / LEAST_FALL))
        for name in ("phrases", "vocabulary_file", "start", *WORD_OPTIONS):
            object.__setattr__(self, name, as_words_or_path(name, getattr(self, name)))
        for field in dataclasses.fields(self):
            name, value = field.name, getattr(self, field.name)
            if value is None and field.default is None:
                continue
            for limit in getattr(field.type, "__metadata__", ()):
                if value not in words_of(field.type):
                    limit.check(name, value)
            if field.type is bool and not isinstance(value, bool):
                raise ConfigError(f"{name} is {value!r}; give True or False")
            if name == "sentences" and not isinstance(value, str):
                raise ConfigError(
                    "sentences says what ends a sentence of a text: line, paragraph or none; token lists are given "
                    "without a name: sgns.train(sentences)"
                )
            if name in ("column", "tag_column") and (not isinstance(value, str) or not value):
                raise ConfigError(f"{name} is {value!r}; give the name of a column, such as text")
            if get_origin(field.type) is Literal and value not in get_args(field.type):
                raise ConfigError(f"{name} is {value!r}; choose one of {', '.join(get_args(field.type))}")
        if self.ngrams is not None:
            parse_ngrams(self.ngrams)
        self._check_phrases()
        self._check_documents()
        self._check_model()
        self._check_start()
        if self.start is not None and self.start_weight is None:
            object.__setattr__(self, "start_weight", START_WEIGHT)
        if self.min_lr > self.lr:
            raise ConfigError(
                f"min_lr is {self.min_lr:g}, above lr {self.lr:g}; lower it, for example to {self.lr / 250:g}"
            )

    def _default_rate(self) -> float:
        """The learning rate where the user gives none."""
        rate = SUM_RATE if self.combine == "sum" else RATES[self.model]
        if self.model == "skipgram" and (self.loss == "hierarchical" or self.start is not None):
            rate = OTHER_SKIPGRAM_RATE
        elif self.model == "skipgram" and self.ngrams is not None:
            rate = NGRAM_RATE
        if self.start is not None:
            rate *= START_RATES["alone" if self.start_weight == 0 else "mean"]
        return rate

    def _default_min_rate(self) -> float:
        """The learning rate at the end where the user gives none."""
        plain = self.model == "skipgram" and self.loss == "negatives" and self.ngrams is None and self.start is None
        return MIN_RATE_OF_WORDS if plain else MIN_RATE

    @property
    def documents(self) -> bool:
        """Whether the model has vectors of documents."""
        return self.model in ("dbow", "dm")

    def _check_model(self) -> None:
        """Refuses options that mean nothing for the model."""
        if self.combine != "mean" and self.model not in ("cbow", "dm"):
            raise ConfigError(
                f"combine is {self.combine}, for cbow and dm, and model is {self.model}; leave combine out"
            )
        if self.ngrams is not None and self.documents:
            raise ConfigError(f"ngrams are for skipgram and cbow, and model is {self.model}; leave ngrams out")
        if self.ngrams is None and self.buckets != Config.buckets:
            raise ConfigError(f"buckets is {self.buckets}, for n-grams, and there are none; give ngrams 3-6 too")
        if self.loss == "hierarchical" and self.negatives != Config.negatives:
            raise ConfigError(f"negatives is {self.negatives}, and loss hierarchical draws none; leave negatives out")
        if self.window == WHOLE_SENTENCE and not self.shrink_windows:
            raise ConfigError("shrink_windows is False, and windows are whole sentences already; leave it out")
        if self.sharing != "tile":
            unlike = "loss" if self.loss != "negatives" else "ngrams" if self.ngrams is not None else "model"
            if self.model != "skipgram" or unlike != "model":
                raise ConfigError(
                    f"sharing is {self.sharing}, for skipgram with negatives, and {unlike} is {getattr(self, unlike)}; "
                    "leave sharing out"
                )

    def _check_documents(self) -> None:
        for name in ("tags", "tag_column"):
            if getattr(self, name) and not self.documents:
                raise ConfigError(f"{name} is for documents, and model is {self.model}; give model dbow or dm")
        if self.tags and self.column is not None:
            raise ConfigError("tags are those before a tab, and column names a table; give tag_column instead")
        if self.tag_column is not None and self.column is None:
            raise ConfigError(f"tag_column is {self.tag_column!r}, but no column has the text; give column too")
        if self.tag_column is not None and self.tag_column == self.column:
            raise ConfigError(f"column and tag_column are both {self.column!r}; give the column that holds the tags")

    def _check_phrases(self) -> None:
        if isinstance(self.phrases, int):
            PASSES.check("phrases", self.phrases)
        threshold = self.phrase_threshold
        if threshold is not None and self.phrase_score == "npmi" and threshold > 1:
            raise ConfigError(f"phrase_threshold is {threshold:g}, above 1, where npmi ends; 0.5 is usual")
        if threshold is not None and self.phrase_score == "default" and threshold <= 0:
            raise ConfigError(f"phrase_threshold is {threshold:g}, not above 0; 10 is usual")
        if self.vocabulary_file is not None and (other := self.keep_words or self.drop_words):
            name = "keep_words" if other is self.keep_words else "drop_words"
            raise ConfigError(f"vocabulary_file says which words there are; leave {name} out, or change the file")

    def _check_start(self) -> None:
        """Refuses options of a start where there is none, and lists of words beside the words of a start."""
        if self.start is None:
            for name in ("start_limit", "start_weight", "vocabulary", "freeze"):
                if (value := getattr(self, name)) != {"vocabulary": "union"}.get(name):
                    raise ConfigError(
                        f"{name} is {value!r}, for a run that starts from trained vectors; give start, or leave it out"
                    )
            return
        lists = {"union": ("vocabulary_file",), "old": ("vocabulary_file", "keep_words", "drop_words"), "new": ()}
        for name in lists[self.vocabulary]:
            if getattr(self, name):
                raise ConfigError(
                    f"vocabulary is {self.vocabulary}, so start has the words; leave {name} out, or give vocabulary new"
                )

    def to_dict(self) -> dict[str, Any]:
        """The options as plain JSON values."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in dataclasses.asdict(self).items()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Config":
        """The Config of a file's header. Options that this version does not know are ignored."""
        known = {field.name for field in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})
