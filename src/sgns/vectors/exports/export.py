"""Vectors for another program; which one decides what is written."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

from sgns.base.files import check_not_input, check_writable
from sgns.errors import ConfigError
from sgns.vectors.exports.made import Export
from sgns.vectors.texts import Weights
from sgns.vectors.vectors import Vectors

Program = Literal["spacy", "sentence-transformers", "model2vec", "torch", "finalfusion", "huggingface"]
"""The programs that vectors are written for."""

FILES = ("torch", "finalfusion")  # the others take a folder


def export(
    vectors: Vectors,
    output: str | Path,
    to: Program,
    *,
    weights: Weights | None = None,
    language: str | None = None,
    license: str | None = None,
) -> Export:
    """Writes vectors as another program loads them.

    Args:
        vectors: The model.
        output: A file for torch and finalfusion, else a folder.
        to: spacy, sentence-transformers, model2vec, torch, finalfusion or huggingface.
        weights: For sentence-transformers and model2vec: sif or mean; None takes sif where there are counts, as
            `Vectors.encode` does.
        language: For spacy and huggingface: en, de, …
        license: For huggingface: mit, cc-by-4.0, …

    Returns:
        The files, and the lines of Python that load them.

    Raises:
        ConfigError: An option is not for this program, or there are no counts for sif.
        MissingExtra: spaCy or PyTorch is needed and not installed.
        OutputError: `output` cannot be written.
    """
    if to not in get_args(Program):
        raise ConfigError(f"to is {to!r}; choose one of {', '.join(get_args(Program))}")
    takes: dict[str, tuple[str, ...]] = {
        "weights": ("sentence-transformers", "model2vec"),
        "language": ("spacy", "huggingface"),
    }
    takes["license"] = ("huggingface",)
    for name, value in (("weights", weights), ("language", language), ("license", license)):
        if value is not None and to not in takes[name]:
            raise ConfigError(f"{name} is for {' and '.join(takes[name])}, not for {to}; leave it out")
    output = Path(output)
    if to in FILES:
        check_writable(output)
    if to == "spacy":
        from sgns.vectors.exports.spacy_pipeline import export_spacy

        return export_spacy(vectors, output, language or "xx")
    if to == "torch":
        from sgns.vectors.exports.torch_rows import export_torch

        return export_torch(vectors, output)
    if to == "finalfusion":
        from sgns.vectors.exports.finalfusion import export_finalfusion

        return export_finalfusion(vectors, output)
    if to == "huggingface":
        from sgns.vectors.exports.hub import export_hub

        return export_hub(vectors, output, license or "unknown", language)
    from sgns.vectors.exports.static import export_model2vec, export_sentence_transformers

    write = export_model2vec if to == "model2vec" else export_sentence_transformers
    return write(vectors, output, weights)


def check_files_stay(output: Path, inputs: Sequence[str | Path]) -> None:
    """Raises `OutputError` where a file that an export writes is one of `inputs`."""
    for path in (output, *(output / name for name in ("model.safetensors", "README.md", "config.json"))):
        check_not_input(path, inputs)
