"""Folders of static embeddings for sentence-transformers and model2vec: the mean of the rows of a text's words.

The weights of SIF are folded into the rows, so that the plain mean of the foreign program is the weighted one of
`Vectors.encode`.
"""

import json
import struct
from pathlib import Path
from typing import IO, Any

import numpy as np

from sgns.vectors.exports.made import Export, files_below, folder_to_write
from sgns.vectors.exports.tokenizer import tokenizer_as_json
from sgns.vectors.texts import Weights, sif_weights, warn
from sgns.vectors.tokens import Tokeniser
from sgns.vectors.vectors import Vectors


def export_sentence_transformers(vectors: Vectors, folder: Path, weights: Weights | None = None) -> Export:
    """Writes a folder that `SentenceTransformer(folder)` loads; its `encode` equals `vectors.encode`.

    Args:
        vectors: The model.
        folder: Where to write.
        weights: sif or mean; None takes sif where there are counts.

    Raises:
        ConfigError: weights is sif, and there are no counts.
        OutputError: The folder cannot be written.
    """
    modules = [{"idx": 0, "name": "0", "path": ".", "type": "sentence_transformers.models.StaticEmbedding"}]
    settings: dict[str, Any] = {
        "__version__": {},
        "prompts": {},
        "default_prompt_name": None,
        "similarity_fn_name": "cosine",
    }
    files = {"modules.json": modules, "config_sentence_transformers.json": settings}
    write_static(vectors, folder, weights, "embedding.weight", files)
    code = f"from sentence_transformers import SentenceTransformer\nmodel = SentenceTransformer({str(folder)!r})"
    return Export(files_below(folder), len(vectors), code)


def export_model2vec(vectors: Vectors, folder: Path, weights: Weights | None = None) -> Export:
    """Writes a folder that `StaticModel.from_pretrained(folder)` loads; its `encode` equals `vectors.encode`.

    Arguments and errors are those of `export_sentence_transformers`, which loads the folder too.
    """
    config = {"model_type": "model2vec", "normalize": False, "max_length": None, "embedding_dtype": "float32"}
    modules = [{"idx": 0, "name": "0", "path": ".", "type": "sentence_transformers.models.StaticEmbedding"}]
    write_static(vectors, folder, weights, "embeddings", {"config.json": config, "modules.json": modules})
    code = f"from model2vec import StaticModel\nmodel = StaticModel.from_pretrained({str(folder)!r})"
    return Export(files_below(folder), len(vectors), code)


def write_static(vectors: Vectors, folder: Path, weights: Weights | None, tensor: str, others: dict[str, Any]) -> None:
    """Writes model.safetensors, tokenizer.json and other files of JSON.

    Args:
        vectors: The model.
        folder: Where to write.
        weights: sif, mean, or None for sif where there are counts.
        tensor: Name of the rows in model.safetensors.
        others: The content of the other files.
    """
    weights = weights or ("mean" if vectors.counts is None else "sif")
    factors = sif_weights(vectors.counts, 1e-3) if weights == "sif" else None
    options = vectors.metadata.get("config")
    if isinstance(options, dict) and options.get("phrases"):
        warn("phrases are left out: tokenizers of other programs do not join words; their texts differ from encode's")
    words = [str(word) for word in vectors.words]
    rules = Tokeniser(vectors.parts.words, vectors.metadata)
    tokenizer = tokenizer_as_json(words, rules.lowercase, rules.punctuation)
    rows = vectors.E if factors is None else vectors.E * factors[:, None]
    with folder_to_write(folder) as new:
        with (new / "model.safetensors").open("wb") as file:
            write_tensor(file, tensor, rows)
        for name, content in {"tokenizer.json": tokenizer, **others}.items():
            text = json.dumps(content, ensure_ascii=False, indent=None if name == "tokenizer.json" else 2)
            (new / name).write_text(text, encoding="utf-8")


def write_tensor(file: IO[bytes], name: str, array: np.ndarray) -> None:
    """Writes one float32 array as a safetensors file."""
    entry = {"dtype": "F32", "shape": array.shape, "data_offsets": [0, array.size * 4]}
    text = json.dumps({"__metadata__": {"format": "pt"}, name: entry}).encode()
    text += b" " * (-len(text) % 8)
    file.write(struct.pack("<Q", len(text)) + text)
    file.write(np.ascontiguousarray(array, "<f4").data)
