"""Trains gensim on 100 MB of Wikipedia with five seeds and keeps its figures in gensim.json; half an hour, two cores.

    python tests/quality/wiki100m.py

`test_wiki100m.py` compares with them.
"""

import json
import lzma
import tempfile
from pathlib import Path

from sgns.evaluation import evaluate_analogies, evaluate_similarity
from sgns.vectors import Vectors

DATA = Path(__file__).parents[3] / "shared" / "data"
TEXT = DATA / "corpora" / "wiki100m.xz"
KEPT = Path(__file__).parent / "gensim.json"
SEEDS = (1, 2, 3, 4, 5)
SETS = ("wordsim353", "simlex999", "men")
OPTIONS = {
    "vector_size": 100,
    "window": 5,
    "negative": 5,
    "sg": 1,
    "sample": 1e-3,
    "min_count": 5,
    "epochs": 5,
    "alpha": 0.025,
}


def write_lines(path: Path) -> None:
    """Writes the text in sentences of 1,000 words, as all programs had it."""
    with lzma.open(TEXT, "rt", encoding="ascii") as packed:
        words = packed.read().split()
    path.write_text("\n".join(" ".join(words[at : at + 1000]) for at in range(0, len(words), 1000)) + "\n")


def figures(vectors: Vectors) -> dict[str, float]:
    """Spearman's ρ of three sets, and the share of Google's analogies answered right."""
    found = {name: evaluate_similarity(vectors, DATA / "similarity" / f"{name}.tsv").spearman for name in SETS}
    questions = DATA / "analogy" / "questions-words.txt"
    return found | {"analogies": evaluate_analogies(vectors, questions, restrict=30_000).accuracy}


def main() -> None:
    """Trains and writes."""
    import gensim
    from gensim.models import Word2Vec

    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "wiki100m.txt"
        write_lines(lines)
        runs = []
        for seed in SEEDS:
            model = Word2Vec(corpus_file=str(lines), workers=2, seed=seed, **OPTIONS)
            runs.append(figures(Vectors(model.wv.index_to_key, model.wv.vectors)))
            print(seed, runs[-1])
    kept = {"gensim": gensim.__version__, "threads": 2, "options": OPTIONS, "seeds": SEEDS, "figures": runs}
    KEPT.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
