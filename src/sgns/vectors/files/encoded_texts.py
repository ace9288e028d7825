"""Vectors of texts in files: a NumPy array, or a Parquet table with the texts beside them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sgns.base.files import replacing
from sgns.errors import MissingExtra

ENDINGS = (".npy", ".parquet")


def check_library(path: Path) -> None:
    """Raises `MissingExtra` before long work, where a file of this ending cannot be written."""
    if path.suffix.lower() == ".parquet":
        try:
            import pyarrow  # noqa: F401
        except ImportError:
            raise MissingExtra(
                "a Parquet table needs pyarrow; install it with: pip install 'sgns[tables]', or write to .npy"
            ) from None


def write_encoded(path: Path, texts: Sequence[Any], rows: np.ndarray, words: np.ndarray, known: np.ndarray) -> None:
    """Writes the vectors of texts, whole or not at all.

    Args:
        path: .npy holds `rows`; .parquet has the columns text, vector (d numbers), words and known.
        texts: n texts or lists of words.
        rows: (n, d) float32.
        words: (n,) int64, the number of words of each text.
        known: (n,) int64, how many of them are known.

    Raises:
        OutputError: The file cannot be written.
    """
    with replacing(path) as (file,):
        if path.suffix.lower() == ".npy":
            np.save(file, rows)
            return
        import pyarrow as pa
        import pyarrow.parquet

        vectors = pa.FixedSizeListArray.from_arrays(pa.array(rows.reshape(-1)), rows.shape[1])
        columns = {"text": pa.array(list(texts)), "vector": vectors, "words": pa.array(words), "known": pa.array(known)}
        pa.parquet.write_table(pa.table(columns), file)
