"""Matrices in one or two bytes a number: int8 or float16 with a scale for each row, and the parts that hold them.

A row is codes · scale. For int8 the scale is the largest |number| of the row / 127, so a number is off by half a scale
at most; for float16 it is a power of two, which loses nothing, and numbers keep 11 bits whatever the row's length.
"""

from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np

from sgns.errors import ConfigError, FormatError
from sgns.vectors.files.parts import Parts
from sgns.vectors.word_list import WordList

Precision = Literal["float16", "int8"]
PRECISIONS: tuple[str, ...] = get_args(Precision)
QUANTIZED = "quantized"
"""Key of the metadata: the precision, and the share of nearest neighbours that were kept."""
BLOCK = 2**22  # numbers that are converted at once
LARGEST_CODE = 127
MOST = 2 - 2**-10  # the largest float16 below 2: 2 · 2^127 would be no float32


@dataclass(frozen=True)
class Quantized:
    """A matrix as codes and scales.

    Attributes:
        codes: (V, d) int8 or float16; may be memory-mapped.
        scale: (V,) float32.
    """

    codes: np.ndarray
    scale: np.ndarray

    @classmethod
    def of(cls, matrix: np.ndarray, precision: Precision) -> "Quantized":
        """The codes of a matrix (V, d) float32. Raises `ConfigError` for a row that is not finite."""
        V, d = matrix.shape
        codes, scale = np.empty((V, d), precision), np.empty(V, np.float32)
        step = max(1, BLOCK // d)
        for start in range(0, V, step):
            block = matrix[start : start + step].astype(np.float64)
            largest = np.abs(block).max(axis=1)
            if not np.isfinite(largest).all():
                bad = start + int(np.argmin(np.isfinite(largest)))
                raise ConfigError(
                    f"row {bad:,} holds NaN or infinity; leave it out before: sgns convert IN OUT --repair"
                )
            scales = scales_of(largest, precision)
            quotient = np.divide(block, scales[:, None].astype(np.float64), out=block, where=scales[:, None] > 0)
            quotient[scales == 0] = 0
            codes[start : start + step] = np.rint(quotient) if precision == "int8" else quotient.clip(-MOST, MOST)
            scale[start : start + step] = scales
        return cls(codes, scale)

    @property
    def precision(self) -> str:
        """int8 or float16."""
        return str(self.codes.dtype)

    def take(self, rows: slice | np.ndarray) -> "Quantized":
        """These rows alone: views for a slice, copies for row numbers."""
        return Quantized(self.codes[rows], self.scale[rows])

    def float32(self) -> np.ndarray:
        """The matrix (V, d) float32."""
        V, d = self.codes.shape
        matrix = np.empty((V, d), np.float32)
        step = max(1, BLOCK // d)
        for start in range(0, V, step):
            block = self.codes[start : start + step]
            np.multiply(block, self.scale[start : start + step, None], out=matrix[start : start + step])
        return matrix


def scales_of(largest: np.ndarray, precision: Precision) -> np.ndarray:
    """The scale (n,) float32 of rows whose largest numbers are `largest` (n,) float64; 0 for a row of zeros."""
    if precision == "int8":
        scales = (largest / LARGEST_CODE).astype(np.float32)
        with np.errstate(over="ignore"):
            too_large = ~np.isfinite(scales * np.float32(LARGEST_CODE))
        scales[too_large] = np.nextafter(scales[too_large], np.float32(0))
        return scales
    exponents = np.frexp(largest)[1]
    return np.where(largest > 0, np.ldexp(1.0, np.clip(exponents, -126, 127)), 0).astype(np.float32)


class QuantizedParts(Parts):
    """Parts whose matrices are kept as codes; E and C are computed when they are first asked for.

    Args:
        words: V words.
        codes: E as codes.
        codes_of_C: C as codes, or None.
        counts: (V,) int64, or None.
        metadata: Plain JSON: how the vectors were made.

    Raises:
        FormatError: The shapes do not agree.
    """

    def __init__(
        self,
        words: WordList,
        codes: Quantized,
        codes_of_C: Quantized | None = None,
        counts: np.ndarray | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self.words, self.counts, self.metadata = words, counts, dict(metadata or {})
        self.codes, self.codes_of_C = codes, codes_of_C
        V, d = shape = codes.codes.shape
        for name, matrix in (("E", codes), ("C", codes_of_C or codes)):
            if matrix.codes.shape != shape or d < 1 or matrix.scale.shape != (V,):
                raise FormatError(
                    f"{name} has shape {matrix.codes.shape} and scales of shape {matrix.scale.shape}; E has {shape},"
                    " and a row has one scale"
                )
        if counts is not None and counts.shape != (V,):
            raise FormatError(f"counts has shape {counts.shape}; {V} words need ({V},)")

    @cached_property
    def E(self) -> np.ndarray:  # type: ignore[override]
        """(V, d) float32."""
        return self.codes.float32()

    @cached_property
    def C(self) -> np.ndarray | None:  # type: ignore[override]
        """(V, d) float32, or None."""
        return None if self.codes_of_C is None else self.codes_of_C.float32()

    def __len__(self) -> int:
        return len(self.codes.codes)

    @property
    def dim(self) -> int:
        """The dimension d."""
        return int(self.codes.codes.shape[1])

    def with_metadata(self, metadata: dict[str, Any]) -> "QuantizedParts":
        """The same matrices with other metadata."""
        other = copy(self)
        other.metadata = dict(metadata)
        return other

    def take(self, rows: slice | np.ndarray) -> "QuantizedParts":
        """These rows alone: views for a slice, copies for row numbers."""
        words = self.words.decoded
        chosen = words[rows] if isinstance(rows, slice) else [words[row] for row in rows]
        codes_of_C = None if self.codes_of_C is None else self.codes_of_C.take(rows)
        counts = None if self.counts is None else self.counts[rows]
        words_alone = WordList(chosen, len(chosen)), self.codes.take(rows), codes_of_C, counts, self.metadata
        taken = QuantizedParts(*words_alone)
        taken.documents = self.documents
        return taken


def check_precision(precision: str) -> None:
    """Raises `ConfigError` unless the precision is a known one."""
    if precision not in PRECISIONS:
        raise ConfigError(f"precision is {str(precision)[:40]!r}; choose {' or '.join(PRECISIONS)}")
