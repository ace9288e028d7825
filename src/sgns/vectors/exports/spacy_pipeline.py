"""An empty pipeline of spaCy with the vectors in its vocabulary, as `spacy.load` opens it."""

from pathlib import Path

import numpy as np

from sgns.errors import ConfigError, MissingExtra
from sgns.vectors.exports.made import Export, files_below, folder_to_write
from sgns.vectors.vectors import Vectors


def export_spacy(vectors: Vectors, folder: Path, language: str = "xx") -> Export:
    """Writes a folder that `spacy.load(folder)` opens; `nlp.vocab[word].vector` is the row of a word.

    Args:
        vectors: The model.
        folder: Where to write.
        language: Whose tokenizer the pipeline has: en, de, …; xx is that of no language.

    Raises:
        MissingExtra: spaCy is not installed.
        ConfigError: spaCy does not know the language.
        OutputError: The folder cannot be written.
    """
    try:
        import spacy
        from spacy.vectors import Vectors as SpacyVectors
    except ImportError:
        raise MissingExtra("spaCy is not installed; install it with: pip install spacy") from None
    try:
        pipeline = spacy.blank(language)
    except ImportError:
        raise ConfigError(f"language is {language!r}, which spaCy does not know; en, de or xx are known") from None
    words = [str(word) for word in vectors.words]
    keys = [pipeline.vocab.strings.add(word) for word in words]
    pipeline.vocab.vectors = SpacyVectors(
        strings=pipeline.vocab.strings, data=np.array(vectors.E, np.float32), keys=keys, name="sgns"
    )
    pipeline.meta["name"] = "sgns"
    with folder_to_write(folder) as new:
        pipeline.to_disk(new)
    return Export(files_below(folder), len(words), f"import spacy\nnlp = spacy.load({str(folder)!r})")
