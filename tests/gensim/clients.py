"""Packages that build on gensim, unchanged, through their public API: on sgns and on gensim, judged and timed.

    python tests/gensim/clients.py [NAME …]       with the packages in PYTHONPATH or installed; see `make test-clients`

Each client runs in a process of its own, once with `sgns.gensim.install()` before it is imported and once with gensim,
on a graph or texts whose answer is known, and returns the share of answers that are right. It runs twice there: first
it imports packages and compiles kernels, then its CPU seconds are counted. Without names, those run that the
environment is for: with NumPy 1 the clients that ask for it (pecanpy) or for an old SciPy (scattertext). The run fails
when a client does not pass on sgns, when one does not pass on gensim, and when a fault of `KNOWN` is not seen.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

COMMUNITIES, SIZE = 4, 30  # of the graph
PASS = 0.75  # share of right answers


def graph() -> Any:
    """A graph of communities: many edges within, few between; nodes of a community follow each other."""
    import networkx as nx

    return nx.planted_partition_graph(COMMUNITIES, SIZE, 0.4, 0.01, seed=1)


def right_neighbours(vectors: Any) -> float:
    """The share of nearest neighbours, by the cosine of rows (n, d), that are of the same community."""
    import numpy as np

    rows = np.asarray(vectors, np.float64)
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, -2)
    label = np.arange(len(rows)) // SIZE
    return float((label[cosines.argsort(axis=1)[:, -5:]] == label[:, None]).mean())


def node2vec() -> float:
    """node2vec: random walks, then Word2Vec."""
    from node2vec import Node2Vec

    model = Node2Vec(graph(), dimensions=32, walk_length=20, num_walks=20, workers=1, quiet=True, seed=1)
    fitted = model.fit(window=5, min_count=1, batch_words=4, seed=1)
    return right_neighbours([fitted.wv[str(node)] for node in range(COMMUNITIES * SIZE)])


def fastnode2vec() -> float:
    """fastnode2vec: a class derived from Word2Vec, whose walks are new in each epoch."""
    from fastnode2vec import Graph, Node2Vec

    edges = [(str(a), str(b)) for a, b in graph().edges()]
    model = Node2Vec(
        Graph(edges, directed=False, weighted=False), dim=32, walk_length=20, window=5, p=1, q=1, workers=2, seed=1
    )
    model.train(epochs=30)
    return right_neighbours([model.wv[str(node)] for node in range(COMMUNITIES * SIZE)])


def pecanpy() -> float:
    """pecanpy: node2vec on a sparse matrix."""
    import networkx as nx
    import numpy as np
    from pecanpy import pecanpy as package

    found = package.SparseOTF.from_mat(nx.to_numpy_array(graph()), [str(node) for node in graph()], p=1, q=1, workers=1)
    return right_neighbours(np.asarray(found.embed(dim=32, num_walks=20, walk_length=20, window_size=5, epochs=2)))


def of_karateclub(name: str) -> Callable[[], float]:
    """A model of karateclub on nodes."""

    def run() -> float:
        import karateclub

        model = getattr(karateclub, name)(dimensions=32, workers=2, seed=1)
        model.fit(graph())
        return right_neighbours(model.get_embedding())

    return run


def graph2vec() -> float:
    """karateclub's Graph2Vec, a Doc2Vec of graphs: rings, trees and dense graphs are nearest to their like."""
    import karateclub
    import networkx as nx

    kinds = (nx.cycle_graph, lambda n: nx.random_labeled_tree(n, seed=n), lambda n: nx.gnp_random_graph(n, 0.5, seed=n))
    graphs = [kind(n) for kind in kinds for n in range(12, 12 + SIZE)]
    model = karateclub.Graph2Vec(dimensions=16, workers=1, epochs=100, learning_rate=0.05, min_count=1, seed=1)
    model.fit(graphs)
    return right_neighbours(model.get_embedding())


def mol2vec() -> float:
    """mol2vec: sentences of the substructures of molecules; alcohols are nearest to alcohols, alkanes to alkanes."""
    import numpy as np
    from gensim.models import Word2Vec
    from mol2vec import features
    from rdkit import Chem

    smiles = [*("C" * n + "O" for n in range(3, 23)), *("C" * n + "c1ccccc1" for n in range(1, 21))]
    sentences = [list(features.mol2alt_sentence(Chem.MolFromSmiles(text), 1)) for text in smiles]
    model = Word2Vec(sentences * 20, vector_size=20, window=10, min_count=1, sg=1, workers=1, seed=1)
    rows = np.array([sum(model.wv[word] for word in sentence) for sentence in sentences])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, -2)
    label = np.arange(40) // 20
    return float((label[cosines.argmax(axis=1)] == label).mean())


def texts(topics: int = 4, sentences: int = 600) -> list[list[str]]:
    """Sentences of words of one topic each."""
    import numpy as np

    rng = np.random.default_rng(1)
    words = [[f"{'bcdf'[t]}{a}{c}" for a in "aeiou" for c in "nrst"] for t in range(topics)]
    return [list(rng.choice(words[i % topics], 12)) for i in range(sentences)]


def compress_fasttext() -> float:
    """compress-fasttext: n-grams pruned and quantised; the vectors of words stay near those before."""
    import compress_fasttext as package
    import numpy as np
    from gensim.models import FastText

    model = FastText(texts(), vector_size=24, min_count=1, bucket=2000, sg=1, epochs=5, workers=1, seed=1)
    small = package.prune_ft_freq(model.wv, pq=False, new_ngrams_size=1500, new_vocab_size=80)
    words = model.wv.index_to_key
    cosines = [
        a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in ((model.wv[word], small[word]) for word in words)
    ]  # fmt: skip
    return float((np.array(cosines) > 0.9).mean())


def wefe() -> float:
    """wefe: the association of two sets of words with two others; it has the sign that the texts have."""
    from gensim.models import Word2Vec
    from wefe.metrics import WEAT
    from wefe.query import Query
    from wefe.word_embedding_model import WordEmbeddingModel

    model = Word2Vec(texts(2), vector_size=20, min_count=1, sg=1, epochs=10, workers=1, seed=1)
    one, other = ([word for word in model.wv.index_to_key if word[0] == letter] for letter in "bc")
    query = Query([one[:8], other[:8]], [one[8:16], other[8:16]])
    return float(WEAT().run_query(query, WordEmbeddingModel(model.wv, "m"))["weat"] > 0.5)


def same_topic(words: list[str], nearest: Callable[[str], list[tuple[str, float]]]) -> float:
    """The share of the nearest words of all words that are of the same topic of `texts`, by their first letter."""
    return sum(other[0] == word[0] for word in words for other, _ in nearest(word)[:5]) / len(words) / 5


def of_scattertext(name: str) -> Callable[[], float]:
    """A class of scattertext that trains on parsed texts, by default skip-gram with hs=1 and cbow_mean=0."""

    def run() -> float:
        import pandas as pd
        import scattertext as package

        frame = pd.DataFrame({"text": [" ".join(words) + "." for words in texts()]})
        frame["topic"] = frame["text"].str[0]
        frame["parsed"] = frame["text"].apply(package.whitespace_nlp_with_sentences)
        corpus = package.CorpusFromParsedDocuments(frame, category_col="topic", parsed_col="parsed").build()
        vectors = getattr(package, name)(corpus).train().wv
        return same_topic(vectors.index_to_key, vectors.most_similar)

    return run


def pybibx() -> float:
    """pybibx: the abstracts of a bibliography; FastText."""
    import tempfile
    from pathlib import Path

    from pybibx.base import pbx_probe

    entry = (
        "@ARTICLE{{A{0},\nauthor={{Doe{0}, J.}},\ntitle={{Title {0}}},\nyear={{2020}},\n"
        "abstract={{{1}}},\nsource={{Scopus}},\n}}\n\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "texts.bib")
        file.write_text("".join(entry.format(i, " ".join(words)) for i, words in enumerate(texts())))
        probe = pbx_probe(str(file), db="scopus", del_duplicated=False)
    probe.word_embeddings(stop_words=[], vector_size=24, epochs=20)
    return same_topic(probe.model_vc, lambda word: probe.word_embeddings_operations(positive=[word]))


CLIENTS: dict[str, Callable[[], float]] = {
    "node2vec": node2vec,
    "fastnode2vec": fastnode2vec,
    "pecanpy": pecanpy,
    **{f"karateclub.{name}": of_karateclub(name) for name in ("DeepWalk", "Walklets", "Node2Vec", "Role2Vec")},
    "karateclub.Graph2Vec": graph2vec,
    "mol2vec": mol2vec,
    "compress-fasttext": compress_fasttext,
    "wefe": wefe,
    "scattertext": of_scattertext("Word2VecFromParsedCorpus"),
    "scattertext, phrases": of_scattertext("Word2VecFromParsedCorpusBigrams"),
    "pybibx": pybibx,
}
NUMPY_1 = ("pecanpy", "scattertext", "scattertext, phrases", "pybibx")  # the clients of the second environment


def clients_here() -> list[str]:
    """The clients that the environment is for."""
    import numpy as np

    old = np.__version__.startswith("1.")
    return [name for name in CLIENTS if (name in NUMPY_1) == old]


KNOWN = {"pybibx": "UnboundLocalError: cannot access local variable 'vocab'"}
"""Faults of a package's own, in which it ends on gensim too: `word_embeddings` of pybibx 5.9.5 trains, then fails."""


@dataclass(frozen=True)
class Outcome:
    """What became of a client.

    Attributes:
        share: Of right answers; None if it did not come to its end.
        seconds: Of CPU, of all threads, of its second run in a process.
        error: The last line of its error.
    """

    share: float | None = None
    seconds: float = 0.0
    error: str = ""

    @property
    def passes(self) -> bool:
        """Whether it finds what is to be found."""
        return self.share is not None and self.share >= PASS

    def __str__(self) -> str:
        return f"{'fails':>9}{'':7}" if self.share is None else f"{self.share:9.3f}{self.seconds:7.1f}"


def run(name: str, ours: bool) -> None:
    """Runs one client twice in this process, and prints the lower share of right answers and the second's seconds."""
    if ours:
        import sgns.gensim

        sgns.gensim.install()
    first = CLIENTS[name]()
    began = time.process_time()
    second = CLIENTS[name]()
    print(f"RESULT {min(first, second):.4f} {time.process_time() - began:.2f}")


def outcome(name: str, ours: bool) -> Outcome:
    """Runs one client in a process of its own."""
    command = [sys.executable, "-W", "ignore", __file__, "--run", name, str(int(ours))]
    found = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ), check=False)
    result = next((line for line in found.stdout.splitlines() if line.startswith("RESULT")), None)
    if result is None:
        return Outcome(error=(found.stderr.strip().splitlines() or [f"exit status {found.returncode}"])[-1])
    _, share, seconds = result.split()
    return Outcome(float(share), float(seconds))


def fault(name: str, ours: Outcome, theirs: Outcome) -> str | None:
    """What is wrong with the outcomes of a client on sgns and on gensim; None if they are as they should be."""
    known = KNOWN.get(name)
    for where, found in (("sgns", ours), ("gensim", theirs)):
        if known is not None and not found.error.startswith(known):
            return f"on {where} its known fault is not seen, but {found.error or f'it passes with {found.share}'}"
        if known is None and not found.passes:
            return f"on {where} {found.error or f'{found.share} of its answers are right, under {PASS}'}"
    return None


def main(names: list[str]) -> int:
    """Runs clients on both; returns 1 if one is not as it should be."""
    failed = False
    print(f"{'client':22}{'sgns':>9}{'s CPU':>7}{'gensim':>9}{'s CPU':>7}{'times':>8}")
    for name in names or clients_here():
        ours, theirs = outcome(name, True), outcome(name, False)
        times = f"{theirs.seconds / ours.seconds:8.1f}" if ours.seconds and theirs.seconds else " " * 8
        wrong = fault(name, ours, theirs)
        note = (
            f"  WRONG: {wrong}" if wrong else f"  fails by a fault of its own: {KNOWN[name]}" if name in KNOWN else ""
        )
        print(f"{name:22}{ours}{theirs}{times}{note}", flush=True)
        failed |= wrong is not None
    return int(failed)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        run(sys.argv[2], sys.argv[3] == "1")
    else:
        sys.exit(main(sys.argv[1:]))
