"""A file of PyTorch: words and rows for `nn.Embedding.from_pretrained`."""

from pathlib import Path

import numpy as np

from sgns.base.files import replacing
from sgns.errors import MissingExtra
from sgns.vectors.exports.made import Export
from sgns.vectors.vectors import Vectors


def export_torch(vectors: Vectors, path: Path) -> Export:
    """Writes {"weight": (V, d) float32, "words": list}, which `torch.load(…, weights_only=True)` reads.

    Args:
        vectors: The model.
        path: Where to write; .pt by custom.

    Raises:
        MissingExtra: PyTorch is not installed.
        OutputError: `path` cannot be written.
    """
    try:
        import torch
    except ImportError:
        raise MissingExtra("PyTorch is not installed; install it with: pip install 'sgns[torch]'") from None
    rows = torch.from_numpy(np.array(vectors.E, np.float32))
    with replacing(path) as (file,):
        torch.save({"weight": rows, "words": [str(word) for word in vectors.words]}, file)
    code = (
        f"import torch\nsaved = torch.load({str(path)!r}, weights_only=True)\n"
        'layer = torch.nn.Embedding.from_pretrained(saved["weight"])'
    )
    return Export([Path(path)], len(vectors), code)
