"""What a vector file holds and how its vectors were made: `sgns info`."""

from pathlib import Path
from typing import Any

from sgns.base.text_table import text_table
from sgns.vectors.vectors import Vectors

# names of metadata that need more words to be understood
NAMES = {
    "words": "words trained on",
    "pairs": "pairs trained on",
    "tokens": "tokens kept",
    "raw_tokens": "tokens in text",
}


def description_as_dict(vectors: Vectors, path: Path) -> dict[str, Any]:
    """Size, shape, arrays and metadata of the vectors in the file `path`, as plain values."""
    return {
        "file": str(path),
        "bytes": path.stat().st_size,
        "words": len(vectors),
        "dim": vectors.dim,
        "C": vectors.C is not None,
        "counts": vectors.counts is not None,
        "documents": 0 if vectors.documents is None else len(vectors.documents),
        "subwords": None if vectors.subwords is None else vectors.subwords.options.summary(),
        "metadata": vectors.metadata,
    }


def description_as_text(vectors: Vectors, path: Path) -> str:
    """The same for people, a line each."""
    held = ", ".join(name for name in ("E", "C", "counts", "subwords") if getattr(vectors, name) is not None)
    rows = [
        ("file", str(path)),
        ("size", f"{path.stat().st_size:,} bytes"),
        ("words", f"{len(vectors):,}"),
        ("dimension", str(vectors.dim)),
        ("holds", held),
        ("first words", " ".join(vectors.words[:8])),
    ]
    if vectors.documents is not None:
        tags = ", ".join(vectors.documents.words[:4])
        rows.append(("documents", f"{len(vectors.documents):,}, the first {tags}"))
    counts = vectors.counts
    if counts is not None and len(vectors):
        rows.append(("counts", f"{int(counts.max()):,} to {int(counts.min()):,}, {int(counts.sum()):,} tokens in all"))
    if vectors.subwords is not None:
        options = vectors.subwords.options
        lengths = f"n-grams of {options.minimum} to {options.maximum} characters"
        rows.append(("subwords", f"{lengths}, {options.rows:,} {'rows' if options.buckets == 'exact' else 'buckets'}"))
    rows += [
        (NAMES.get(name, name.replace("_", " ")), _entry(value) or "–") for name, value in vectors.metadata.items()
    ]
    return text_table(["", ""], rows).lstrip("\n")


def _entry(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_brief(item)}" for key, item in value.items() if item is not None)
    if isinstance(value, list):
        return ", ".join(_brief(item) for item in value[:12]) + (" …" if len(value) > 12 else "")
    return _brief(value)


def _brief(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "–"}[value]
    if isinstance(value, int):
        return f"{value:,}" if value >= 10_000 else str(value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)[:200]
