"""What `gensim.utils` offers to those who use its models: text helpers, corpora that repeat, rules for vocabularies."""

import functools
import itertools
import re
import subprocess
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Iterator
from os import PathLike
from typing import IO, Any, NoReturn

import numpy as np

from sgns.gensim.store import SaveLoad as SaveLoad
from sgns.gensim.store import call_on_class_only as call_on_class_only

RULE_DEFAULT, RULE_DISCARD, RULE_KEEP = 0, 1, 2
ALPHABETIC = re.compile(r"(?:(?!\d)\w)+")
default_prng = np.random.default_rng()


def any2utf8(text: str | bytes, errors: str = "strict", encoding: str = "utf8") -> bytes:
    """Text as UTF-8; bytes of another encoding are converted."""
    return (text if isinstance(text, str) else text.decode(encoding, errors)).encode("utf8")


def any2unicode(text: str | bytes, encoding: str = "utf8", errors: str = "strict") -> str:
    """Bytes as text; text is returned as it is."""
    return text if isinstance(text, str) else text.decode(encoding, errors)


to_utf8, to_unicode = any2utf8, any2unicode


def open(uri: str | PathLike[str], mode: str = "r", **options: Any) -> IO[Any]:
    """Opens a file of this machine; one that ends with .gz, .bz2 or .xz is unpacked.

    Raises:
        NotImplementedError: It is somewhere else (http, s3, …); smart_open opens such files.
    """
    path = str(uri)
    if "://" in path:
        raise NotImplementedError(
            f"{path} is not a file of this machine; open it with smart_open.open and pass the file"
        )
    if "encoding" in options:  # as smart_open, whose wb with an encoding is text
        mode = mode.replace("b", "")
    if "b" not in mode and "t" not in mode:
        mode += "t"
    packed: dict[str, Callable[[], Any]] = {".gz": _gzip, ".bz2": _bz2, ".xz": _lzma}
    opener = next((make() for ending, make in packed.items() if path.endswith(ending)), None)
    if opener is None:
        return _open(path, mode, **options)
    opened: IO[Any] = opener(path, mode, **({"encoding": "utf-8"} | options if "t" in mode else {}))
    return opened


def _open(path: str, mode: str, **options: Any) -> IO[Any]:
    import io

    if "b" in mode:
        options.pop("encoding", None)
    else:
        options.setdefault("encoding", "utf-8")
    return io.open(path, mode, **options)  # noqa: UP020  this file's own `open` has gensim's name


def _gzip() -> Any:
    import gzip

    return gzip.open


def _bz2() -> Any:
    import bz2

    return bz2.open


def _lzma() -> Any:
    import lzma

    return lzma.open


def deaccent(text: str | bytes) -> str:
    """Text without accents."""
    decomposed = unicodedata.normalize("NFD", to_unicode(text, "utf8", "strict"))
    return unicodedata.normalize("NFC", "".join(c for c in decomposed if unicodedata.category(c) != "Mn"))


def simple_tokenize(text: str) -> Iterator[str]:
    """The maximal runs of letters."""
    return (match.group() for match in ALPHABETIC.finditer(text))


def tokenize(
    text: str | bytes,
    lowercase: bool = False,
    deacc: bool = False,
    encoding: str = "utf8",
    errors: str = "strict",
    to_lower: bool = False,
    lower: bool = False,
) -> Iterator[str]:
    """The maximal runs of letters, in small letters or without accents if asked for."""
    text = to_unicode(text, encoding, errors)
    if lowercase or to_lower or lower:
        text = text.lower()
    return simple_tokenize(deaccent(text) if deacc else text)


def simple_preprocess(doc: str | bytes, deacc: bool = False, min_len: int = 2, max_len: int = 15) -> list[str]:
    """The words of a text: runs of letters in small letters, of `min_len` to `max_len`, none that begins with _."""
    words = tokenize(doc, lower=True, deacc=deacc, errors="ignore")
    return [word for word in words if min_len <= len(word) <= max_len and not word.startswith("_")]


def lemmatize(*args: Any, **options: Any) -> NoReturn:
    """Not here, as in gensim 4."""
    raise NotImplementedError("lemmatize is gone from gensim 4; take spaCy or NLTK")


def keep_vocab_item(word: Any, count: int, min_count: int, trim_rule: Callable[..., int] | None = None) -> bool:
    """Whether a word stays in a vocabulary: by `trim_rule`, and where that says default, by `min_count`."""
    default = count >= min_count
    if trim_rule is None:
        return default
    rule = trim_rule(word, count, min_count)
    return True if rule == RULE_KEEP else False if rule == RULE_DISCARD else default


def prune_vocab(vocab: dict[Any, int], min_reduce: int, trim_rule: Callable[..., int] | None = None) -> int:
    """Deletes the words of `vocab` that occur at most `min_reduce` times; returns how many occurrences are gone."""
    gone = [word for word, count in vocab.items() if not keep_vocab_item(word, count, min_reduce + 1, trim_rule)]
    return sum(vocab.pop(word) for word in gone)


class RepeatCorpus(SaveLoad):
    """`corpus`, over and over, until `reps` documents have been given."""

    def __init__(self, corpus: Iterable[Any], reps: int) -> None:
        self.corpus, self.reps = corpus, reps

    def __iter__(self) -> Iterator[Any]:
        again = itertools.chain.from_iterable(iter(self.corpus) for _ in itertools.count())
        return itertools.islice(again, self.reps)


class RepeatCorpusNTimes(SaveLoad):
    """`corpus`, `n` times."""

    def __init__(self, corpus: Iterable[Any], n: int) -> None:
        self.corpus, self.n = corpus, n

    def __iter__(self) -> Iterator[Any]:
        for _ in range(self.n):
            yield from self.corpus


class ClippedCorpus(SaveLoad):
    """The first `max_docs` documents of `corpus`."""

    def __init__(self, corpus: Iterable[Any], max_docs: int | None = None) -> None:
        self.corpus, self.max_docs = corpus, max_docs

    def __iter__(self) -> Iterator[Any]:
        return itertools.islice(self.corpus, self.max_docs)


def save_as_line_sentence(corpus: Iterable[Iterable[str]], filename: str | PathLike[str]) -> None:
    """Writes token lists as text: a line a sentence, words with blanks between them."""
    with open(filename, "wb") as file:
        for sentence in corpus:
            file.write(any2utf8(" ".join(sentence) + "\n"))


def grouper(iterable: Iterable[Any], chunksize: int, as_numpy: bool = False, dtype: Any = np.float32) -> Iterator[Any]:
    """The items of `iterable` in lists of `chunksize`."""
    rest = iter(iterable)
    while chunk := list(itertools.islice(rest, chunksize)):
        yield [np.array(item, dtype=dtype) for item in chunk] if as_numpy else chunk


chunkize_serial = grouper


def chunkize(corpus: Iterable[Any], chunksize: int, maxsize: int = 0, as_numpy: bool = False) -> Iterator[Any]:
    """As `grouper`; `maxsize`, with which gensim reads ahead in another process, changes nothing that comes out."""
    return grouper(corpus, chunksize, as_numpy)


def check_output(stdout: int = subprocess.PIPE, *popenargs: Any, **kwargs: Any) -> bytes:
    """The standard output of a command. Raises `subprocess.CalledProcessError` when it fails."""
    process: Any = subprocess.Popen(*popenargs, stdout=stdout, **kwargs)  # type: ignore[call-overload]
    try:
        output, _ = process.communicate()
    except BaseException:
        process.kill()
        raise
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, kwargs.get("args") or popenargs[0], output)
    return bytes(output)


def deprecated(reason: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator: each call warns with `reason`."""

    def decorator(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def warned(*args: Any, **kwargs: Any) -> Any:
            warnings.warn(f"Call to deprecated `{function.__name__}` ({reason}).", DeprecationWarning, stacklevel=2)
            return function(*args, **kwargs)

        return warned

    return decorator


def identity(value: Any) -> Any:
    """`value`."""
    return value


def get_random_state(seed: Any) -> Any:
    """A generator of random numbers, from a seed, None, or a generator itself."""
    if seed is None or seed is np.random:
        return np.random.mtrand._rand
    if isinstance(seed, int | np.integer):
        return np.random.RandomState(int(seed))
    if isinstance(seed, np.random.RandomState):
        return seed
    raise ValueError(f"{seed!r} cannot be used to seed a numpy.random.RandomState")


def flatten(nested: Iterable[Any]) -> list[Any]:
    """The items of nested lists, in one list."""
    return [item for part in nested for item in (flatten(part) if isinstance(part, list | tuple) else [part])]


def pickle(obj: Any, fname: Any, protocol: int = 4) -> NoReturn:
    """Not here: objects are saved by their `save`."""
    raise NotImplementedError("no pickle is written here; save the object with its save()")


def unpickle(fname: Any) -> NoReturn:
    """Not here: a pickle can run any code. The `load` of each class reads gensim's files as plain data."""
    raise NotImplementedError("no pickle is opened here, because it can run any code; take the load() of its class")
