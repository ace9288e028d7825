"""Coverage-guided fuzzing of what reads strangers' bytes, for whoever has atheris (`pip install atheris`).

    python tests/fuzz.py scanner | readers | ask   [-max_total_time=60 and other options of libFuzzer]

An input counts as survived if it is read, or refused by an error of ours of one line. `make test` runs the same targets
on hypothesis's examples (tests/text, tests/vectors/test_readers_fuzz.py).
"""

import os
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["sgns"]):
    from sgns.config import Config
    from sgns.errors import SgnsError
    from sgns.text.corpus import Corpus
    from sgns.vectors import FORMATS, Vectors, query

FOLDER = Path(tempfile.mkdtemp())
os.environ["SGNS_CACHE"] = str(FOLDER / "cache")


def scanner(data: bytes) -> None:
    """A text, plain or packed."""
    path = FOLDER / "text"
    path.write_bytes(data)
    corpus = Corpus.from_files([path], Config(min_count=1), cache=False)
    assert corpus.tokens == corpus.vocabulary.counts.sum() == corpus.sentence_ends[-1]


def readers(data: bytes) -> None:
    """A vector file, in the format that its first byte names or in the one that is sniffed."""
    names = (None, *FORMATS)
    path = FOLDER / "vectors"
    path.write_bytes(data[1:])
    vectors = Vectors.load(path, names[data[0] % len(names)] if data else None)
    assert vectors.E.shape == (len(vectors.words), vectors.dim)


def ask(data: bytes) -> None:
    """A question at the prompt."""
    query.parse(data.decode("utf-8", "replace"))


def main() -> None:
    """Fuzz the target that is named first; the other arguments are libFuzzer's."""
    target = {"scanner": scanner, "readers": readers, "ask": ask}[sys.argv.pop(1)]

    def one(data: bytes) -> None:
        try:
            target(data)
        except SgnsError as error:
            if not str(error) or "\n" in str(error):
                raise RuntimeError(f"no message of one line: {error!r}") from error

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
