"""Coverage-guided fuzzing of what reads strangers' bytes, for whoever has atheris (`pip install atheris`).

    python tests/fuzz.py scanner | readers | ask | pickles   [-max_total_time=60 and other options of libFuzzer]

An input counts as survived if it is read, or refused by an error of ours of one line. `make test` runs the same targets
on hypothesis's examples (tests/text, tests/vectors/test_readers_fuzz.py, tests/vectors/test_gensim_files.py,
tests/gensim/test_damaged_files.py).

`pickles` begins with files of gensim and pickles made by hand, exploits among them, and opens each mutation by two
doors: `sgns.load`, and `load` of one of the classes with gensim's names. It fails too when something runs that a file
should not be able to run: a process, an import, code, a change of the file system.
"""

import os
import runpy
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["sgns"]):
    from sgns.config import Config
    from sgns.errors import SgnsError
    from sgns.gensim.models import Doc2Vec, FastText, KeyedVectors, Phrases, Word2Vec
    from sgns.gensim.models.fasttext import FastTextKeyedVectors
    from sgns.text.corpus import Corpus
    from sgns.vectors import FORMATS, Vectors, query

FOLDER = Path(tempfile.mkdtemp())
os.environ["SGNS_CACHE"] = str(FOLDER / "cache")
TESTS = Path(__file__).parent
DOORS = (Word2Vec, KeyedVectors, FastText, FastTextKeyedVectors, Doc2Vec, Phrases)
FORBIDDEN = ("compile", "ctypes", "exec", "import", "os.", "pickle.find_class", "shutil.", "socket.", "subprocess.")
"""Events of the interpreter, or their packages, that no file may cause."""
HARMLESS = ("os.listdir", "os.scandir", "os.walk", "os.fwalk", "os.getxattr", "os.listxattr")


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


class Pickles:
    """Files of gensim; `watched` is whether something is being read."""

    def __init__(self) -> None:
        self.watched = False

    def __call__(self, data: bytes) -> None:
        """A pickle, opened by `sgns.load` and by one of gensim's classes, which the last byte chooses."""
        path = FOLDER / "file.model"
        path.write_bytes(data)
        self.watched = True
        try:
            survived(lambda: Vectors.load(path, "gensim"))
            survived(lambda: DOORS[data[-1] % len(DOORS) if data else 0].load(str(path)))
        finally:
            self.watched = False

    def hook(self, event: str, args: Any) -> None:
        """An audit hook of the interpreter: ends the run at an event that no file may cause."""
        if self.watched and event.startswith(FORBIDDEN) and event not in HARMLESS:
            self.watched = False
            raise RuntimeError(f"a file caused {event} {args!r:.200}")

    def seeds(self) -> Path:
        """A folder of files to begin with; also warms up what the doors import."""
        folder = FOLDER / "seeds"
        folder.mkdir()
        made = runpy.run_path(str(TESTS / "vectors" / "test_gensim_files.py"))
        files = [path.read_bytes() for path in made["OLD"]] + made["SPOILED"] + list(made["exploits"]("trace").values())
        files += runpy.run_path(str(TESTS / "gensim" / "test_damaged_files.py"))["SEEDS"]
        for number, content in enumerate(files):
            (folder / str(number)).write_bytes(content)
            for door in range(len(DOORS)):
                self(content + bytes([door]))
        return folder


def survived(target: Any) -> None:
    """Calls what reads an input. Raises RuntimeError for an error without a message of one line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            target()
    except SgnsError as error:
        if not str(error) or "\n" in str(error):
            raise RuntimeError(f"no message of one line: {error!r}") from error


def main() -> None:
    """Fuzz the target that is named first; the other arguments are libFuzzer's."""
    pickles = Pickles()
    name = sys.argv.pop(1)
    target = {"scanner": scanner, "readers": readers, "ask": ask, "pickles": pickles}[name]
    if name == "pickles":
        sys.argv.append(str(pickles.seeds()))
        sys.addaudithook(pickles.hook)
    atheris.Setup(sys.argv, lambda data: survived(lambda: target(data)))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
