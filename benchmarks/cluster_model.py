"""What a run on many machines costs: a model, and what it says of machines that nobody has measured.

    python -m benchmarks.cluster_model

A round of R words takes a rank R/s seconds of training at s words/s, t_move to take rows out and put them back, and,
beside them, t_exchange. It lasts max(R/s + t_move, t_exchange): the exchange is hidden as far as training lasts. With
n rows of E and of C in a round, d columns of b bytes, N ranks and a link of B bytes/s each way,

    sent = 2·(N − 1)/N·2·n·d·b,    t_exchange = sent/B + c·n·d + (N − 1)·2·latency,

c being the seconds of processor time a number takes (rounding, adding up, copying in and out of sockets). Once an epoch
all V rows are exchanged, and nothing hides that. `CPU` and `MOVE` come from `benchmarks.cluster_network` without a
limit on the link; the measurements with a limit are what the model is checked against (docs/scale.md).
"""

import argparse
from dataclasses import dataclass

from sgns.training.cluster.rounds import ROUNDS_AT_LEAST
from sgns.training.cluster.rows import Rows
from sgns.training.cluster.merging import Merging

CPU = 2.3e-8  # seconds a number of the tables takes on its way, on a core that has other work as well
MOVE = 1.5e-8  # seconds a number takes out of the tables and back
LATENCY = 50e-6  # seconds, of a switch and two network stacks


@dataclass(frozen=True)
class Machine:
    """Words/s of a machine alone, and its link in bits/s."""

    words: float
    link: float


@dataclass(frozen=True)
class Text:
    """Tokens of an epoch, vocabulary, dimension."""

    tokens: float
    V: int
    dim: int


def exchange(rows: float, text: Text, ranks: int, link: float, wire: int) -> float:
    """Seconds in which so many rows of both tables are exchanged."""
    numbers = 2 * rows * text.dim
    sent = 2 * (ranks - 1) / ranks * numbers * wire
    return sent * 8 / link + CPU * numbers + 2 * (ranks - 1) * LATENCY


def epoch(text: Text, ranks: int, machine: Machine, wire: int) -> dict[str, float]:
    """Seconds of an epoch, and what of them is not training."""
    part = text.tokens / ranks
    round_words = min(ROUND, part / ROUNDS_AT_LEAST)
    rounds = part / round_words
    rows = Rows(text.V, HEAD).in_a_round
    moving = MOVE * 2 * rows * text.dim
    training = round_words / machine.words
    each = max(training + moving, exchange(rows, text, ranks, machine.link, wire))
    flush = exchange(text.V, text, ranks, machine.link, wire)
    total = rounds * each + flush
    return {
        "hours": total / 3600,
        "efficiency": part / machine.words / total,
        "exchange": exchange(rows, text, ranks, machine.link, wire),
        "training": training,
        "flush": flush / total,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tokens", type=float, default=10e9)
    parser.add_argument("--vocabulary", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=300)
    options = parser.parse_args()
    text = Text(options.tokens, options.vocabulary, options.dim)
    print(
        "| words/s of a machine | link | wire | ranks | training, s a round | exchange, s | end of epoch | efficiency |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for words in (1e6, 8e6):
        for link in (1e9, 10e9):
            for wire in (4, 2):
                for ranks in (8, 32, 128):
                    found = epoch(text, ranks, Machine(words, link), wire)
                    how = f"{link / 1e9:g} Gbit/s | {'bfloat16' if wire == 2 else 'float32'}"
                    print(
                        f"| {words / 1e6:g}M | {how} | {ranks} | {found['training']:.3f} | {found['exchange']:.3f} "
                        f"| {found['flush']:.1%} | {found['efficiency']:.0%} |"
                    )


if __name__ == "__main__":
    main()
