"""Quality of tables that are cut by rows over machines (not built): a simulation on one machine.

    python -m benchmarks.distributed_partition --parts 1,4,8 --tokens 17000000

E and C are cut into P parts by id modulo P. As in GraphVite (Zhu et al. 2019, arXiv 1903.00757), a machine holds one
part of each at a time and trains on the pairs (w, c+) whose rows it has; its negatives come from its part of C alone.
An episode is a stretch of the text; in it the parts of C go round, so that each pair is trained once. The rows that
two machines hold at the same time never overlap, so doing them in turn gives what doing them at once would give.
P = 1 is the same code on whole tables. Prints one JSON line for each P.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
from numba import njit

from benchmarks.corpora import in_lines
from benchmarks.distributed_quality import DATA
from benchmarks.parts import quality
from sgns.config import Config
from sgns.text.corpus import Corpus
from sgns.training.engines.cpu.window_kernel import draw_windows, window_kernel
from sgns.training.engines.matrices import first_vectors, row_stride, zero_rows
from sgns.training.engines.sampling import KEEP, NOISE, alias_table, as_thresholds, draw, draw_word, stream_key
from sgns.vectors.vectors import Vectors

CHUNK = 40_000  # tokens whose pairs are drawn together
PART = 9  # purpose of a random stream


@njit(nogil=True, error_model="numpy")
def local_negatives(negatives, centres, parts, table, key):
    """Draw the negatives of each pair from the part of its c+: word = draw·P + part, for words dealt out by modulo."""
    for s in range(centres.shape[0]):
        part = centres[s] % parts
        for k in range(negatives.shape[1]):
            i = draw_word(draw(key, s * negatives.shape[1] + k), table[part])
            negatives[s, k] = np.int32(i * parts + part)


def train(corpus: Corpus, config: Config, parts: int, tokens: int, episode: int) -> Vectors:
    """One machine doing what `parts` machines would do."""
    v = corpus.vocabulary
    V = len(v) // parts * parts  # parts of one size; at most parts − 1 of the rarest words are lost
    probabilities = v.noise_distribution(config.noise_power)[:V]
    keep, noise = (
        as_thresholds(v.keep_probability(config.subsample)),
        alias_table(probabilities / probabilities.sum()),
    )
    tables = np.stack([alias_table(probabilities[k::parts] / probabilities[k::parts].sum()) for k in range(parts)])
    stride = row_stride(config.dim)
    E, C = zero_rows(len(v), stride), zero_rows(len(v), stride)
    first_vectors(E, config.dim, config.seed)
    step, out = window_kernel(stride, True), np.zeros(3)
    ids, ends = np.asarray(corpus.ids), np.asarray(corpus.sentence_ends)
    for begin in range(0, tokens, episode):
        stop = min(tokens, begin + episode)
        drawn = []
        for low in range(begin, stop, CHUNK):
            inputs, _, centres, negatives, _ = draw_windows(
                ids, ends, low, min(stop, low + CHUNK), config.window, config.negatives, True, keep, noise,
                stream_key(config.seed, KEEP, 0), stream_key(config.seed, NOISE, 0, low),
            )  # fmt: skip
            there = (inputs < V) & (centres < V)
            inputs, centres, negatives = inputs[there], centres[there], negatives[there]
            if parts > 1:
                local_negatives(negatives, centres, parts, tables, stream_key(config.seed, PART, low))
            drawn.append((inputs, centres, negatives))
        inputs, centres, negatives = (np.concatenate(column) for column in zip(*drawn))
        lr = np.float32(config.lr - (config.lr - config.min_lr) * begin / tokens)
        turn = (centres - inputs) % parts  # machine i holds part i of E, and part i + turn of C
        for now in range(parts):
            for machine in range(parts):
                mine = np.flatnonzero((turn == now) & (inputs % parts == machine))
                step(inputs[mine], np.arange(1, len(mine) + 1), centres[mine], negatives[mine], E, C, lr, out)
    return Vectors(v.words, E[:, : config.dim], C[:, : config.dim], v.counts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", default="1,4,8")
    parser.add_argument("--tokens", type=int, default=10**9)
    parser.add_argument("--episode", type=int, default=1_000_000, help="tokens of an episode, of all machines")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    config = Config(seed=options.seed, epochs=1, lr=0.025, min_lr=1e-4, subsample=1e-3)
    corpus = Corpus.from_files(in_lines(DATA / "corpora/wiki100m.xz"), config)
    for parts in map(int, options.parts.split(",")):
        began = time.perf_counter()
        vectors = train(corpus, config, parts, min(corpus.tokens, options.tokens), options.episode)
        with tempfile.TemporaryDirectory() as room:
            path = Path(room) / "v.safetensors"
            vectors.save(path)
            figures = {name: round(value, 4) for name, value in quality(path, DATA).items()}
        print(json.dumps({"parts": parts} | figures | {"s": round(time.perf_counter() - began, 1)}), flush=True)


if __name__ == "__main__":
    main()
