"""Checkpoints: the state of a run on disk, whole or not at all, and the way back to it.

A checkpoint is a vector file in our own format, so every verb reads it, and `--resume` goes on from it. It is written
beside the output as `NAME.BLOCKS.checkpoint`, under a temporary name first; it gets its name after its checksum stands
in its header and all of it is on the disk. The last two are kept, so there is always a whole one.
"""

import dataclasses
import json
import math
import os
import re
import zlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sgns.errors import CheckpointError, ConfigError, DivergedError, FormatError
from sgns.training.loop import State
from sgns.vectors.files import safetensors
from sgns.vectors.vectors import Vectors

KEPT = 2
PLACE = b'checksum\\": \\"'  # what stands before the checksum in the header: JSON inside JSON
UNSIGNED = b"0" * 8
HEAD = 2**20  # the checksum stands before this byte
UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Every:
    """How often to write a checkpoint: after so many seconds, or so many blocks; the other one is None."""

    seconds: float | None = None
    blocks: int | None = None

    @classmethod
    def parse(cls, text: str) -> "Every":
        """From `60s`, `5m`, `1h` or `20blocks`. Raises `ConfigError`."""
        match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*(s|m|h|blocks?)\s*", text)
        if match and match[2] in UNITS and float(match[1]) > 0:
            return cls(seconds=float(match[1]) * UNITS[match[2]])
        if match and match[2].startswith("block") and match[1].isdigit() and int(match[1]) > 0:
            return cls(blocks=int(match[1]))
        raise ConfigError(
            f"checkpoint_every is {text!r}; give a time or a number of blocks, as 60s, 5m, 1h or 20blocks"
        )


class Checkpoints:
    """The checkpoints of one output file.

    Args:
        output: The vector file that the run will write.
        identity: What a run must have in common with a checkpoint to go on from it: config, corpus, versions.
        note: Told, in a sentence, of what went wrong without ending the run.
    """

    def __init__(self, output: Path, identity: dict[str, Any], note: Callable[[str], None]) -> None:
        self.output, self.identity, self._note = output, identity, note
        self.temporary = output.with_name(f"{output.name}.checkpoint.tmp")
        self._background = ThreadPoolExecutor(1, "sgns-checkpoint")
        self._running: Future[Path | None] | None = None

    def found(self) -> list[Path]:
        """Checkpoints of this output, the newest first."""
        pattern = re.compile(re.escape(self.output.name) + r"\.(\d+)\.checkpoint")
        matches = ((pattern.fullmatch(path.name), path) for path in self.output.resolve().parent.iterdir())
        ages = [(path.stat().st_mtime_ns, int(match[1]), path) for match, path in matches if match]
        return [path for _, _, path in sorted(ages, reverse=True)]

    def write(self, vectors: Vectors, state: State, wait: bool = False) -> Path | None:
        """Write a checkpoint of what `vectors` holds now; when this returns, training may go on.

        What remains to be done (checksum, disk, name) is done in the background, or here if `wait` is set. A disk that
        is full, or gone, ends no run: the user is told, and older checkpoints stay.

        Returns:
            Where the checkpoint is, or None if it could not be written or is not waited for.

        Raises:
            DivergedError: a number in E or C is not finite; older checkpoints stay.
        """
        self.settle()
        check_finite(vectors)
        progress = {"checksum": UNSIGNED.decode()} | dataclasses.asdict(state)
        content = dataclasses.replace(vectors.parts, metadata=self.identity | {"checkpoint": progress})
        target = self.output.with_name(f"{self.output.name}.{state.blocks:09d}.checkpoint")
        try:
            with self.temporary.open("wb") as file:
                safetensors.write(content, file)
        except OSError as error:
            self._failed(error)
            return None
        self._running = self._background.submit(self._finish, target)
        return self.settle() if wait else None

    def settle(self) -> Path | None:
        """Wait for what goes on in the background; where the last checkpoint went, or None if there was a failure."""
        running, self._running = self._running, None
        return running.result() if running is not None else None

    def clear(self) -> None:
        """Remove all checkpoints of this output: the run is over and its vectors are saved."""
        self.settle()
        for path in [*self.found(), self.temporary]:
            path.unlink(missing_ok=True)

    def _finish(self, target: Path) -> Path | None:
        try:
            with self.temporary.open("r+b") as file:
                place, signature = sign(file)
                file.seek(place)
                file.write(signature)
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
        self._note(
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
                self._note(f"checkpoint {path.name} is damaged ({error}); the one before it is tried")
                continue
            progress = dict(vectors.metadata["checkpoint"])
            self.compare(vectors.metadata, path)
            progress.pop("checksum")
            return vectors, State(**progress)
        if found:
            raise CheckpointError(
                f"{len(found)} checkpoints of {self.output} are here and all are damaged; "
                "delete them, or train without --resume"
            )
        return None

    def compare(self, theirs: dict[str, Any], path: Path) -> None:
        """Raises `CheckpointError` naming the first field in which a checkpoint belongs to another run."""
        for part in ("config", "versions"):
            mine, other = self.identity[part], theirs.get(part) or {}
            for name in sorted({*mine, *other}):
                if mine.get(name) != other.get(name):
                    what = f"--{name.replace('_', '-')}" if part == "config" else f"{name} version"
                    raise CheckpointError(
                        f"{path}: {what} was {other.get(name)}, now it is {mine.get(name)}; "
                        "make them equal, or train without --resume"
                    )
        if theirs.get("corpus") != self.identity["corpus"]:
            raise CheckpointError(
                f"{path}: the text was another one (hash {str(theirs.get('corpus'))[:12]}, now "
                f"{str(self.identity['corpus'])[:12]}); give the same text, or train without --resume"
            )


def read(path: Path) -> Vectors:
    """A checkpoint's vectors, its state in metadata["checkpoint"]. Raises `FormatError` if it is not whole."""
    with path.open("rb") as file:
        _, signature = sign(file)
        file.seek(0)
        head = file.read(HEAD)
        at = head.find(PLACE)
        if head[at + len(PLACE) : at + len(PLACE) + 8] != signature:
            raise FormatError("its checksum is not that of its content")
    return Vectors.load(path, "safetensors")


def sign(file: Any) -> tuple[int, bytes]:
    """Where a file's checksum stands, and what it must be: CRC-32 of all bytes with zeros in that place.

    It tells a torn write or a decaying disk, at 3 GB/s; it is no guard against a forger.
    """
    file.seek(0)
    head = file.read(HEAD)
    at = head.find(PLACE)
    if at < 0:
        raise FormatError("it has no checksum")
    place = at + len(PLACE)
    crc = zlib.crc32(head[:place] + UNSIGNED + head[place + 8 :])
    while block := file.read(2**24):
        crc = zlib.crc32(block, crc)
    return place, b"%08x" % crc


def sync_folder(folder: Path) -> None:
    """See to it that a name in `folder` survives a power cut (nothing to do on Windows)."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def check_finite(vectors: Vectors) -> None:
    """Raise `DivergedError` if a number in E or C is NaN or infinite; a sum shows it, and is quick."""
    for name, matrix in (("E", vectors.E), ("C", vectors.C)):
        if matrix is not None and not math.isfinite(float(np.sum(matrix, dtype=np.float32))):
            raise DivergedError(f"the vectors diverged: {name} holds numbers that are not finite")


def identity(config: dict[str, Any], corpus: str, versions: dict[str, str]) -> dict[str, Any]:
    """What names a run: plain JSON, so that it compares equal after a trip through a file."""
    fields = dict(config)
    if fields.get("deterministic"):
        fields["threads"] = 0  # any number of them gives the same bits
    return json.loads(json.dumps({"config": fields, "corpus": corpus, "versions": versions}))
