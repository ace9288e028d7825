"""What many cores would do to each other: rows that come from another core, counted for any number of them.

    python -m benchmarks.cores               count, and time one thread and two
    python -m benchmarks.cores --no-times    count alone: no second core is needed

Every thread trains a block of its own. Blocks are drawn as in training; the threads take turns, a tile each, so more of
them than the machine has cores are counted too. A row that another thread has written since this one touched it comes
from that core's cache, if it was written lately enough to be still there, else from the shared cache or memory, like
a row that this thread has not touched lately. What 16, 64 or 128 cores would do follows from the cost of a row from
another core, and is a model, not a measurement; one thread and two are measured beside it.
"""

import argparse
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numba
import numpy as np

from benchmarks.against import cell
from benchmarks.corpora import beginning
from benchmarks.measure import spread
from benchmarks.pages import ROOT
from benchmarks.threads import PIECE, arithmetic, gain
from sgns.base.parallel import run_all
from sgns.config import Config
from sgns.text.corpus import Corpus
from sgns.training.engines.build import build
from sgns.training.engines.cpu.block import CENTRES, draw_block, empty_block
from sgns.training.engines.cpu.engine import CpuEngine
from sgns.training.engines.cpu.hot_rows import CENTRES_AT_LEAST
from sgns.training.engines.cpu.tile_kernel import LIFETIME, tile_negatives
from sgns.training.engines.matrices import row_stride
from sgns.training.engines.sampling import KEEP, NOISE, Windows, alias_table, as_thresholds, stream_key
from sgns.training.plan import Plan, Resources
from sgns.training.schedule import LONGEST

CORES = (1, 2, 4, 8, 16, 64, 128)
OWN_CACHE = 1 << 20  # bytes of the second-level cache of a core
TEXT = ROOT.parent / "shared/data/corpora/wiki100m.xz"
BYTES = 40_000_000
COST = 150.0  # ns for a row from another core: on Sapphire Rapids two threads without copies lost 66 ns a centre
SUBSAMPLE = 1e-3
TWO_CORES = 1.85  # what plain arithmetic gains by a second thread, where that has a core of its own


class Counted(NamedTuple):
    """Rows of E and C a centre.

    Attributes:
        touched: distinct in a tile.
        from_cores: from the cache of another core.
        fetched: from the shared cache or from memory.
    """

    touched: float
    from_cores: float
    fetched: float


@numba.njit
def take_turns(E_rows, C_rows, sizes_E, sizes_C, hot, lately, V):
    """Counts the accesses of threads that take turns, a tile each; see the module's docstring."""
    threads, tiles = sizes_E.shape
    writer = np.full(2 * V, -1, np.int32)
    written = np.full(2 * V, -1, np.int32)
    touched = np.full((threads, 2 * V), -1, np.int32)
    total = from_cores = fetched = 0
    for tile in range(tiles):
        for thread in range(threads):
            for part in range(2):
                size = sizes_E[thread, tile] if part == 0 else sizes_C[thread, tile]
                for i in range(size):
                    w = E_rows[thread, tile, i] if part == 0 else C_rows[thread, tile, i]
                    row = w + part * V
                    before = touched[thread, row]
                    if before == tile:
                        continue
                    touched[thread, row] = tile
                    total += 1
                    if w < hot and threads > 1:
                        continue  # a copy of its own
                    other = writer[row] >= 0 and writer[row] != thread and written[row] >= before
                    if other and tile - written[row] <= lately:
                        from_cores += 1
                    elif before < 0 or tile - before > lately or other:
                        fetched += 1
                    writer[row], written[row] = thread, tile
    return total, from_cores, fetched


def count(corpus: Corpus, config: Config, threads: int, hot: int, lately: int) -> Counted:
    """Counts for a block a thread; a tile uses the rows of its words, of its centres and of its negatives."""
    vocabulary, windows = corpus.vocabulary, Windows.of(config)
    V, reach = len(vocabulary), windows.reach
    draws = tile_negatives(config.negatives, windows.inputs)
    keep = as_thresholds(vocabulary.keep_probability(SUBSAMPLE))
    noise = alias_table(vocabulary.noise_distribution(config.noise_power))
    drawn = empty_block(LONGEST, reach, draws, LIFETIME)
    words: list[list[np.ndarray]] = []
    for thread in range(threads):
        start = thread * LONGEST % max(1, len(corpus.ids) - LONGEST)
        first, last, m = draw_block(
            corpus.ids, corpus.sentence_ends, start, start + LONGEST, reach, reach, np.int64(CENTRES), keep,
            stream_key(1, KEEP, 0), noise, stream_key(1, NOISE, 0, thread), LIFETIME, draws, drawn,
        )  # fmt: skip
        tiles = (last - first) // CENTRES
        begins = first + np.arange(tiles) * CENTRES
        around = [drawn.kept[max(0, b - reach) : min(m, b + CENTRES + reach)].copy() for b in begins]
        outputs = [
            np.concatenate([drawn.kept[b : b + CENTRES], drawn.drawn[t // LIFETIME * draws :][:draws]])
            for t, b in enumerate(begins)
        ]
        words.append([padded(around, CENTRES + 2 * reach), padded(outputs, CENTRES + draws)])
    tiles = min(len(pair[0]) for pair in words)
    E_rows, C_rows = (np.stack([pair[part][:tiles] for pair in words]) for part in range(2))
    sizes = [(rows >= 0).sum(2).astype(np.int32) for rows in (E_rows, C_rows)]
    total, from_cores, fetched = take_turns(E_rows, C_rows, *sizes, hot, lately, V)
    centres = tiles * threads * CENTRES
    return Counted(total / centres, from_cores / centres, fetched / centres)


def padded(rows: list[np.ndarray], width: int) -> np.ndarray:
    """Rows of different lengths as one array, with −1 behind the shorter ones."""
    table = np.full((len(rows), width), -1, np.int32)
    for i, row in enumerate(rows):
        table[i, : len(row)] = row
    return table


def hot_words(corpus: Corpus, config: Config) -> int:
    """Words whose rows have copies, see `hot_rows`."""
    centres = corpus.vocabulary.counts * corpus.vocabulary.keep_probability(SUBSAMPLE)
    return int(np.argmax(centres / corpus.vocabulary.counts.sum() * LONGEST < CENTRES_AT_LEAST))


def nanoseconds(corpus: Corpus, config: Config, turns: int) -> tuple[list[float], list[float], int]:
    """CPU time a centre of one thread and of two in turn, in turns in which two cores are two.

    On a machine that is lent out in slices both may be one core for a while, and then plain arithmetic on two threads
    gains little as well: such turns are left out.

    Returns:
        One thread, two threads, each a number a turn; and how many turns were left out.
    """
    engines = []
    for threads in (1, 2):
        found = Plan.of(corpus.vocabulary, replace(config, threads=threads), Resources("cpu", threads))
        engine = build(found, corpus)
        assert isinstance(engine, CpuEngine)
        engine.compile()
        engines.append(engine)
    blocks = min(40, len(corpus.ids) // LONGEST) // 2 * 2
    times: list[list[float]] = [[], []]
    left_out = 0

    def train(threads: int, turn: int) -> float:
        centres: list[int] = []

        def work(block: int) -> None:
            sums = engines[threads - 1].train_block(turn, block, block * LONGEST, (block + 1) * LONGEST, 0.025)
            centres.append(sums.centres)

        begun = time.process_time()
        run_all([partial(work, block) for block in range(blocks // 2 * threads)], threads)
        return (time.process_time() - begun) / sum(centres) * 1e9

    for turn in range(-1, turns):
        pair = [train(threads, turn + 1) for threads in (1, 2)]
        if turn < 0:  # to warm up
            continue
        if gain(piece)[0] < TWO_CORES:
            left_out += 1
            continue
        for part, value in zip(times, pair, strict=True):
            part.append(value)
    return times[0], times[1], left_out


def piece(threads: int) -> None:
    """Plain arithmetic."""
    arithmetic(PIECE)


def main() -> None:
    """Counts, measures and prints a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=Path, default=TEXT)
    parser.add_argument("--turns", type=int, default=25, help="of one thread and two")
    parser.add_argument("--cost", type=float, default=COST, help="ns for a row from another core")
    parser.add_argument("--no-times", action="store_true")
    options = parser.parse_args()
    config = Config(lr=0.025, subsample=SUBSAMPLE)
    corpus = Corpus.from_files(str(beginning(options.text, BYTES)), config)
    row = row_stride(config.dim) * 4
    fresh = count(corpus, config, 1, 0, 0).fetched  # of each tile, rows that the tile before did not have
    lately = int(OWN_CACHE / row / (fresh * CENTRES))
    hot = hot_words(corpus, config)
    print(f"{len(corpus.vocabulary):,} words; {hot} have copies; a core's cache holds the rows of {lately} tiles\n")
    print("| cores | rows a centre | from other cores, no copies | from other cores | from shared cache or memory |")
    print("|---|---|---|---|---|")
    found = {}
    for cores in CORES:
        plain, copies = (count(corpus, config, cores, n, lately) for n in (0, hot))
        found[cores] = copies
        figures = copies.touched, plain.from_cores, copies.from_cores, copies.fetched
        print(f"| {cores} | " + " | ".join(f"{x:.2f}" for x in figures) + " |")
    if options.no_times:
        return
    alone, together, left_out = nanoseconds(corpus, config, options.turns)
    print(f"\n{left_out} of {options.turns} turns were left out: plain arithmetic gained less than {TWO_CORES} times")
    if not alone:
        return
    one = median(alone)
    expected = one + options.cost * found[2].from_cores
    gained = spread([2 * a / b for a, b in zip(alone, together, strict=True)])
    print(f"one thread {one:.0f} ns a centre; two threads {median(together):.0f} ns, by the model {expected:.0f} ns")
    print(f"two threads against one {cell(gained, '{:.2f}'.format)}, by the model {2 * one / expected:.2f}\n")
    print("| cores | ns a centre (model) | share of as many single cores | GB/s from shared cache or memory |")
    print("|---|---|---|---|")
    for cores in CORES:
        ns = one + options.cost * found[cores].from_cores
        print(f"| {cores} | {ns:.0f} | {one / ns:.0%} | {2 * found[cores].fetched * row * cores / ns:.0f} |")


if __name__ == "__main__":
    main()
