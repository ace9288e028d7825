"""Checkpoints: the state of a run on disk, whole or not at all, and the way back to it.

A checkpoint is a vector file in our own format, so every command reads it, and `--resume` goes on from it. It is
written beside the output as `NAME.BLOCKS.checkpoint`, under a temporary name first; it is renamed after its checksum
stands in its header and all of it is on the disk. The last two are kept, so there is always a whole one.
"""

import json
import math
import os
import re
import zlib
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from sgns.errors import CheckpointError, ConfigError, DivergedError, FormatError
from sgns.progress.callback import WarningCallback
from sgns.training.loop import State
from sgns.training.options import CheckpointOptions
from sgns.training.report import report_path
from sgns.vectors.files import safetensors
from sgns.vectors.files.projector import metadata_path
from sgns.vectors.vectors import Vectors

KEPT = 2
BEFORE_CHECKSUM = b'checksum\\": \\"'  # what precedes the checksum in the header: JSON inside JSON
NO_CHECKSUM = b"0" * 8
HEAD = 2**20  # the checksum stands before this byte
UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
PROGRESS = ("blocks", "words", "pairs", "loss", "validation")  # fields of `State` that a run goes on from


@dataclass(frozen=True)
class CheckpointInterval:
    """How often to write a checkpoint: after a number of seconds or of blocks; the other one is None."""

    seconds: float | None = None
    blocks: int | None = None

    @classmethod
    def parse(cls, text: str) -> "CheckpointInterval":
        """From `60s`, `5m`, `1h` or `20blocks`. Raises `ConfigError`."""
        match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*(s|m|h|blocks?)\s*", text)
        if match and match[2] in UNITS and float(match[1]) > 0:
            return cls(seconds=float(match[1]) * UNITS[match[2]])
        if match and match[2].startswith("block") and match[1].isdigit() and int(match[1]) > 0:
            return cls(blocks=int(match[1]))
        raise ConfigError(
            f"checkpoint_every is {text!r}; give a time or a number of blocks, as 60s, 5m, 1h or 20blocks"
        )


@dataclass(frozen=True)
class CheckpointPlan:
    """Where the checkpoints of a run are and how often they are written.

    Attributes:
        output: The vector file of the run; its checkpoints stand beside it.
        interval: How often; None writes one only when the run is interrupted.
        resume: Go on from the newest checkpoint that is whole.
    """

    output: Path
    interval: CheckpointInterval | None = None
    resume: bool = False

    @classmethod
    def of(cls, output: str | Path, options: CheckpointOptions) -> "CheckpointPlan":
        """For an output and the options of the user. Raises `ConfigError`."""
        every = options.checkpoint_every
        return cls(Path(output), CheckpointInterval.parse(every) if every else None, options.resume)


class Checkpoints:
    """The checkpoints of one output file.

    Args:
        output: The vector file that the run will write.
        identity: What a run must have in common with a checkpoint to go on from it: config, corpus, versions.
        on_warning: Called with a sentence when something went wrong that does not end the run.
    """

    def __init__(self, output: Path, identity: dict[str, Any], on_warning: WarningCallback) -> None:
        self.output, self.identity, self._on_warning = output, identity, on_warning
        self.temporary = temporary_path(output)
        self._background = ThreadPoolExecutor(1, "sgns-checkpoint")
        self._running: Future[Path | None] | None = None

    def found(self) -> list[Path]:
        """Checkpoints of this output, the newest first."""
        return checkpoints_of(self.output)

    def write(self, vectors: Vectors, state: State, wait: bool = False) -> Path | None:
        """Write a checkpoint of what `vectors` holds now; when this returns, training may go on.

        The rest (checksum, disk, name) is done in the background, or here if `wait` is set. A disk that is full or
        gone ends no run: `on_warning` is called, and older checkpoints stay.

        Returns:
            The path of the checkpoint, or None if it could not be written or is not waited for.

        Raises:
            DivergedError: a number in E or C is not finite; older checkpoints stay.
        """
        self.wait()
        check_finite(vectors)
        progress = {"checksum": NO_CHECKSUM.decode()} | {name: getattr(state, name) for name in PROGRESS}
        content = replace(vectors.parts, metadata=self.identity | {"checkpoint": progress})
        target = self.output.with_name(f"{self.output.name}.{state.blocks:09d}.checkpoint")
        try:
            with self.temporary.open("wb") as file:
                safetensors.write(content, file)
        except OSError as error:
            self._failed(error)
            return None
        self._running = self._background.submit(self._finish, target)
        return self.wait() if wait else None

    def wait(self) -> Path | None:
        """Wait for the background; return the path of the last checkpoint, or None if it could not be written."""
        running, self._running = self._running, None
        return running.result() if running is not None else None

    def clear(self) -> None:
        """Remove all checkpoints of this output: the run is over and its vectors are saved."""
        self.wait()
        for path in [*self.found(), self.temporary]:
            path.unlink(missing_ok=True)

    def last_good(self) -> str:
        """Where the last good state of a run that diverged is, the end of a sentence."""
        self.wait()
        if found := self.found():
            return f"; the last good state is {found[0]}"
        return "; no checkpoint had been written, --checkpoint-every 60s keeps the last good state"

    def _finish(self, target: Path) -> Path | None:
        try:
            with self.temporary.open("r+b") as file:
                offset, checksum = checksum_of(file)
                file.seek(offset)
                file.write(checksum)
                file.flush()
                os.fsync(file.fileno())
            self.temporary.replace(target)
            sync_folder(target.parent)
            for old in self.found()[KEPT:]:
                old.unlink(missing_ok=True)
        except OSError as error:
            self._failed(error)
            return None
        return target

    def _failed(self, error: OSError) -> None:
        self._on_warning(
            f"no checkpoint: {self.output.parent.resolve()}: {error.strerror}; training goes on, older ones stay"
        )
        with suppress(OSError):  # a folder that has become read-only
            self.temporary.unlink(missing_ok=True)

    def load(self) -> tuple[Vectors, State] | None:
        """The newest checkpoint that is whole; None if there is none at all.

        Raises:
            CheckpointError: it belongs to another run, or all of them are damaged.
        """
        found = self.found()
        for path in found:
            try:
                vectors = read(path)
            except (FormatError, OSError, KeyError, ValueError) as error:
                self._on_warning(f"checkpoint {path.name} is damaged ({error}); the one before it is tried")
                continue
            progress = vectors.metadata["checkpoint"]
            self.check_identity(vectors.metadata, path)
            return vectors, State(**{name: progress[name] for name in PROGRESS})
        if found:
            raise CheckpointError(
                f"{len(found)} checkpoints of {self.output} are here and all are damaged; "
                "delete them, or train without --resume"
            )
        return None

    def check_identity(self, theirs: dict[str, Any], path: Path) -> None:
        """Raise `CheckpointError` naming what shows that a checkpoint belongs to another run.

        All options that differ are named, in the order of `Config`: one that was forgotten stands before those whose
        defaults follow from it.
        """
        for part in ("config", "versions"):
            mine, other = self.identity[part], theirs.get(part) or {}
            differ = [name for name in {**mine, **other} if mine.get(name) != other.get(name)]
            if differ:
                named = [f"--{name.replace('_', '-')}" if part == "config" else f"{name} version" for name in differ]
                changes = ", ".join(
                    f"{what} was {shown(other.get(name))}, now it is {shown(mine.get(name))}"
                    for name, what in zip(differ, named, strict=True)
                )
                raise CheckpointError(f"{path}: {changes}; make them equal, or train without --resume")
        if theirs.get("corpus") != self.identity["corpus"]:
            raise CheckpointError(
                f"{path}: the text was another one (hash {str(theirs.get('corpus'))[:12]}, now "
                f"{str(self.identity['corpus'])[:12]}); give the same text, or train without --resume"
            )
        mine, other = self.identity.get("started_from"), theirs.get("started_from")
        if mine != other:
            raise CheckpointError(
                f"{path}: the run started from other vectors (hash {str(other)[:12]}, now {str(mine)[:12]}); give the "
                "same --start, or train without --resume"
            )


def shown(value: Any) -> str:
    """The value of an option, as a message says it."""
    return "left out" if value is None else str(value)


def written_by(output: str | Path) -> list[Path]:
    """The files that a run writes or removes: vectors, the words beside them, the run report, checkpoints."""
    output = Path(output)
    words = [metadata_path(output)] if ".tsv" in output.suffixes else []
    return [output, *words, report_path(output), *checkpoints_of(output), temporary_path(output)]


def temporary_path(output: Path) -> Path:
    """Where a checkpoint is written before it has its name."""
    return output.with_name(f"{output.name}.checkpoint.tmp")


def checkpoints_of(output: Path) -> list[Path]:
    """Checkpoints of an output file, the newest first; none where its folder is missing."""
    folder, pattern = output.resolve().parent, re.compile(re.escape(output.name) + r"\.(\d+)\.checkpoint")
    matches = ((pattern.fullmatch(path.name), path) for path in folder.iterdir()) if folder.is_dir() else ()
    ages = [(path.stat().st_mtime_ns, int(match[1]), path) for match, path in matches if match]
    return [path for _, _, path in sorted(ages, reverse=True)]


def read(path: Path) -> Vectors:
    """A checkpoint's vectors, its state in metadata["checkpoint"]. Raises `FormatError` if it is not whole."""
    with path.open("rb") as file:
        offset, checksum = checksum_of(file)
        file.seek(offset)
        if file.read(len(checksum)) != checksum:
            raise FormatError("its checksum is not that of its content")
    return Vectors.load(path, "safetensors")


def checksum_of(file: Any) -> tuple[int, bytes]:
    """The offset of a file's checksum, and what it must be: CRC-32 of all bytes, with zeros for the checksum.

    It detects a torn write or a decaying disk, at 3 GB/s; it does not detect forgery.
    """
    file.seek(0)
    head = file.read(HEAD)
    at = head.find(BEFORE_CHECKSUM)
    if at < 0:
        raise FormatError("it has no checksum")
    offset = at + len(BEFORE_CHECKSUM)
    crc = zlib.crc32(head[:offset] + NO_CHECKSUM + head[offset + len(NO_CHECKSUM) :])
    while block := file.read(2**24):
        crc = zlib.crc32(block, crc)
    return offset, b"%08x" % crc


def sync_folder(folder: Path) -> None:
    """Make a new name in `folder` survive a power cut (nothing to do on Windows)."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def check_finite(vectors: Vectors) -> None:
    """Raise `DivergedError` if a number in a table is NaN or infinite; a sum shows it, and is quick."""
    parts = vectors.parts
    tables = {"E": parts.E, "C": parts.C, "the table of nodes": parts.nodes}
    if parts.subwords is not None:
        tables["the table of n-grams"] = parts.subwords.ngram_rows
    if parts.documents is not None:
        tables["the table of documents"] = parts.documents.E
    for name, matrix in tables.items():
        if matrix is not None and not math.isfinite(float(np.sum(matrix, dtype=np.float32))):
            raise DivergedError(f"the vectors diverged: {name} holds numbers that are not finite")


def run_identity(config: dict[str, Any], corpus: str, versions: dict[str, str]) -> dict[str, Any]:
    """What identifies a run: plain JSON, so that it compares equal after a trip through a file."""
    fields = dict(config)
    if fields.get("deterministic"):
        fields["threads"] = 0  # any number of them gives the same bits
    return json.loads(json.dumps({"config": fields, "corpus": corpus, "versions": versions}))
