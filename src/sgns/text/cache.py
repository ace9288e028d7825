"""Encoded texts kept on disk, so that the second run on a text begins at once.

They stand in the cache folder (`base.folders`). Everything in it may be deleted at any time. It holds at most `LIMIT`
bytes: what was used longest ago is deleted first.

    corpora/SIZE-CONTENT-OPTIONS/  one encoded text, named by the hash of its content
    seen/KEY                       the entry that a set of files became: KEY is made of their fingerprints. A file that
                                   changed in the last two seconds is not noted, for its mtime might not show the next
                                   change.
    builtin/KEY.txt                the built-in corpus of one environment (see `builtin`)
"""

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from sgns.base.cache_check import cache_warnings
from sgns.base.files import replacing
from sgns.base.folders import cache_folder
from sgns.text.sources import Source

LIMIT = 16 * 2**30  # bytes
FRESH = 2.0  # seconds for which a file's mtime proves nothing (FAT and some network disks count in steps of 2 s)
MOST_SEEN = 10_000  # files in seen/
ABANDONED = 86_400.0  # seconds after which an entry that was begun and not finished is deleted
REFUSALS = 1  # of what is no text: raise it when files that were read are refused, so that they are looked at again
VERSION = 1  # of the encoding: raise it when the same text would become other ids


def digest(value: Any) -> str:
    """A hash of plain values, 32 hexadecimal digits."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]


class Store:
    """The entries in the cache folder: each a folder of files, with a name.

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

    def path(self, entry: str) -> Path:
        """The folder of an entry."""
        return self.corpora / entry

    def of_size(self, size: int, options: str) -> bool:
        """Whether there is a text of `size` bytes, encoded with these options."""
        return any(self.corpora.glob(f"{size}-*-{options}"))

    def recall(self, sources: list[Source], options: str) -> str | None:
        """The entry that these files became, if none has changed since."""
        key = files_key(sources, options)
        try:
            return (self.seen / key).read_text() if key else None
        except OSError:
            return None

    def remember(self, sources: list[Source], options: str, entry: str, began: float) -> None:
        """Notes that these files became `entry`.

        Args:
            sources: the files.
            options: hash of the text options.
            entry: the entry's name.
            began: time, in seconds since the epoch, before the files were read.
        """
        key = files_key(sources, options)
        newest = max((source.fingerprint.mtime for source in sources if source.fingerprint), default=0)
        unchanged = all(source.path and source.current_fingerprint() == source.fingerprint for source in sources)
        if key and unchanged and newest / 1e9 < began - FRESH:
            with replacing(self.seen / key) as (file,):
                file.write(entry.encode())

    def begin(self) -> Path:
        """A new folder for an entry that is being made."""
        return Path(tempfile.mkdtemp(prefix=".new-", dir=self.corpora))

    def finish(self, folder: Path, entry: str, is_whole: Callable[[Path], bool]) -> None:
        """Gives a complete entry its name.

        Args:
            folder: what `begin` gave.
            entry: the name.
            is_whole: whether the folder of an entry of this name, made meanwhile by another process or torn, is whole;
                then it stays.
        """
        target = self.path(entry)
        for _ in range(2):
            try:
                folder.rename(target)
                break
            except OSError:
                if is_whole(target):
                    shutil.rmtree(folder, ignore_errors=True)
                    break
                shutil.rmtree(target, ignore_errors=True)
        self.prune(keep=entry)

    def prune(self, keep: str) -> None:
        """Deletes what was used longest ago, until the rest is within the limit; never `keep`."""
        now, entries = time.time(), []
        for folder in self.corpora.iterdir():
            try:
                if folder.name.startswith(".new-"):
                    if folder.stat().st_mtime < now - ABANDONED:  # left by a run that was killed
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
        seen = []
        for file in self.seen.iterdir():
            with suppress(OSError):  # another process has renamed or deleted it meanwhile
                seen.append((file.stat().st_mtime, file))
        for _, file in sorted(seen)[:-MOST_SEEN]:
            file.unlink(missing_ok=True)


def open_store() -> tuple[Store | None, list[str]]:
    """The store in the cache folder, or None and the warning that says why."""
    try:
        return Store(), []
    except OSError:
        return None, cache_warnings()


def files_key(sources: list[Source], options: str) -> str | None:
    """A key for these files in their present state; None if one is a stream."""
    if any(source.fingerprint is None for source in sources):
        return None
    files = [[*source.fingerprint, source.found, *(source.span or ())] for source in sources if source.fingerprint]
    return digest([VERSION, REFUSALS, options, files])
