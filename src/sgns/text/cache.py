"""Encoded texts kept on disk, so that the second run on a text begins at once.

The folder is `$SGNS_CACHE`, else the platform's own (`$XDG_CACHE_HOME/sgns` or `~/.cache/sgns`,
`~/Library/Caches/sgns`, `%LOCALAPPDATA%\\sgns\\Cache`). Everything in it may be deleted at any time. It holds at most
`LIMIT` bytes: what was used longest ago goes first.

    corpora/SIZE-CONTENT-OPTIONS/  one encoded text, named by the hash of its content
    seen/KEY                       the entry that a set of files became: KEY is made of the device, inode, size and
                                   mtime of each. A file that changed in the last two seconds is not noted, for its
                                   mtime might not show the next change.
    builtin/KEY.txt                the built-in corpus of one environment (see `builtin`)
"""

import hashlib
import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from sgns.base.folders import cache_folder
from sgns.text.sources import Source

LIMIT = 16 * 2**30  # bytes
FRESH = 2.0  # seconds for which a file's mtime proves nothing (FAT and some network disks count in steps of 2 s)
VERSION = 1  # of the encoding: raise it when the same text would become other ids


def digest(value: Any) -> str:
    """A short hash of plain values."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]


class Store:
    """The encoded texts in the cache folder.

    Raises:
        OSError: the folder cannot be made or written to.
    """

    def __init__(self, folder: Path | None = None):
        self.folder = folder or cache_folder()
        self.corpora, self.seen = self.folder / "corpora", self.folder / "seen"
        self.corpora.mkdir(parents=True, exist_ok=True)
        self.seen.mkdir(exist_ok=True)
        with tempfile.TemporaryFile(dir=self.folder):  # root may write anywhere, but not on a read-only disk
            pass

    def of_size(self, size: int, options: str) -> bool:
        """Whether a text of so many bytes is here, encoded with these options."""
        return any(self.corpora.glob(f"{size}-*-{options}"))

    def recall(self, sources: list[Source], options: str) -> str | None:
        """The entry that these files became, if none has changed since."""
        key = stamps(sources, options)
        try:
            return (self.seen / key).read_text() if key else None
        except OSError:
            return None

    def remember(self, sources: list[Source], options: str, entry: str, began: float) -> None:
        """Note that these files became `entry`; `began` is the time (seconds since the epoch) before they were read."""
        key = stamps(sources, options)
        newest = max((source.stamp[3] for source in sources if source.stamp), default=0)
        unchanged = all(source.path and source.now() == source.stamp for source in sources)
        if key and unchanged and newest / 1e9 < began - FRESH:
            with Part(self.seen / key) as part:
                part.path.write_text(entry)

    def load(self, entry: str) -> tuple[dict[str, Any], np.ndarray, np.ndarray, list[str], np.ndarray] | None:
        """meta, ids, ends (both memory-mapped), words and counts of an entry; None if it is not here, or torn."""
        folder = self.corpora / entry
        try:
            meta = json.loads((folder / "meta.json").read_text())
            ids = np.memmap(folder / "ids", dtype=np.int32, mode="r", shape=(meta["tokens"],))
            ends = np.memmap(folder / "ends", dtype=np.int64, mode="r", shape=(meta["sentences"],))
            counts = np.fromfile(folder / "counts", dtype=np.int64)
            words = (folder / "words").read_bytes().decode().split("\n")[:-1]
            if not len(words) == len(counts) == meta["words"] or int(counts.sum()) != len(ids) or ends[-1] != len(ids):
                raise ValueError("torn")
            os.utime(folder / "meta.json")
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return meta, ids, ends, words, counts

    def begin(self) -> Path:
        """A new folder for an entry that is being made."""
        return Path(tempfile.mkdtemp(prefix=".new-", dir=self.corpora))

    def finish(
        self,
        folder: Path,
        entry: str,
        meta: dict[str, Any],
        ids: np.ndarray,
        ends: np.ndarray,
        words: list[str],
        counts: np.ndarray,
    ) -> None:
        """Complete an entry (ids and ends are in its folder already) and give it its name, at once and whole."""
        meta = {**meta, "tokens": len(ids), "sentences": len(ends), "words": len(words)}
        (folder / "words").write_bytes("".join(f"{word}\n" for word in words).encode())
        counts.astype(np.int64).tofile(folder / "counts")
        (folder / "meta.json").write_text(json.dumps(meta))
        target = self.corpora / entry
        for _ in range(2):
            try:
                folder.rename(target)
                break
            except OSError:  # there is one already, torn or made meanwhile by another process
                if self.load(entry) is not None:
                    shutil.rmtree(folder, ignore_errors=True)
                    break
                shutil.rmtree(target, ignore_errors=True)
        self.prune(keep=entry)

    def prune(self, keep: str) -> None:
        """Delete what was used longest ago, until the rest is within the limit; never `keep`."""
        now, entries = time.time(), []
        for folder in self.corpora.iterdir():
            try:
                if folder.name.startswith(".new-"):
                    if folder.stat().st_mtime < now - 86400:  # left by a run that was killed
                        shutil.rmtree(folder, ignore_errors=True)
                    continue
                size = sum(file.stat().st_size for file in folder.iterdir())
                entries.append(((folder / "meta.json").stat().st_mtime, size, folder))
            except OSError:
                continue
        total = sum(size for _, size, _ in entries)
        for _, size, folder in sorted(entries):
            if total <= LIMIT:
                break
            if folder.name != keep:
                shutil.rmtree(folder, ignore_errors=True)
                total -= size
        notes = sorted(self.seen.iterdir(), key=lambda file: file.stat().st_mtime)
        for file in notes[:-10_000]:
            file.unlink(missing_ok=True)


def stamps(sources: list[Source], options: str) -> str | None:
    """A key for these files in their present state; None if one is a stream."""
    if any(source.stamp is None for source in sources):
        return None
    files = [[*source.stamp, source.found, *(source.span or ())] for source in sources if source.stamp]
    return digest([VERSION, options, files])


class Part:
    """A file that gets its name only when it is whole: `with Part(target) as part: write(part.path)`."""

    def __init__(self, target: Path):
        self.target = target
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:40]}-", suffix=".part", dir=target.parent)
        os.close(handle)
        self.path = Path(name)

    def __enter__(self) -> "Part":
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None:
            self.path.replace(self.target)
        else:
            self.path.unlink(missing_ok=True)
