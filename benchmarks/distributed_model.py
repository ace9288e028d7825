"""What a run on many machines costs: a model, set beside measurements, and what it says of machines nobody measured.

    python -m benchmarks.distributed_model

A round of R words takes a rank R/s seconds of training at s words/s, t_move to take rows out and put them back, and,
beside them, t_exchange. With n rows of E and of C in a round, d columns of b bytes, N ranks and a link of B bytes/s
each way,

    sent = 2·(N − 1)/N·2·n·d·b,    t_exchange = sent/B + w·2·n·d + 2·(N − 1)·latency,

w being the seconds that a number takes without a limit on the link (rounding, adding up, copying in and out of
sockets). What of that is processor time, p seconds a number, is taken from training, whose threads use all cores:
p·2·n·d over the cores of the machine. So a round lasts

    max(R/s + t_move + p·2·n·d/cores, t_exchange):

the exchange is hidden as far as training lasts. Once an epoch all V rows are exchanged, a slice in a turn, and nothing
hides that.

w, p, t_move and their like for whole tables are those of 2 ranks without a limit in benchmarks/distributed.json, which
`benchmarks.distributed_network` writes. With more ranks than cores there, each waits for its turn: w is then
multiplied by ranks over cores. The latency is assumed where netem was missing.
"""

import argparse
import json
from dataclasses import dataclass
from typing import Any

from benchmarks.pages import BENCHMARKS, ROOT, fill
from sgns.training.distributed.merge import SLICE, MergeOptions
from sgns.training.distributed.rounds import ROUND_WORDS, ROUNDS_AT_LEAST
from sgns.training.distributed.row_schedule import RowSchedule

RESULTS, PAGES = ROOT / "benchmarks" / "distributed.json", (BENCHMARKS, ROOT / "docs" / "scale.md")
LATENCY = 50e-6  # seconds, of a switch and two network stacks: assumed
WORDS_OF_A_CORE = 0.75e6  # words/s at V = 1M, d = 300: `python -m benchmarks vocabulary` on two cores with AVX-512
MACHINES = (2, 16)  # cores
LINKS = (1.0, 10.0)  # Gbit/s
ASKED = 0.85  # efficiency
BYTES = {"float32": 4, "bfloat16": 2}


def is_reference(one: dict[str, Any]) -> bool:
    """Whether constants are taken from a measured exchange."""
    return (one["ranks"], one["gbit"], one["ms"]) == (2, None, 0.0)


def dtypes(results: dict[str, Any]) -> list[str]:
    """Those whose constants are known."""
    known = [one["communication_dtype"] for one in results["exchanges"] if is_reference(one)]
    if "float32" not in known:
        raise SystemExit(
            "2 ranks without a limit, float32, were not measured; leave --ranks, --gbit and --communication-dtype alone"
        )
    return known


@dataclass(frozen=True)
class Costs:
    """Seconds that a number of E or C takes.

    Attributes:
        round: In an exchange of a round (w).
        whole: In a merge of the whole tables.
        move: Out of the tables and back, in a round.
        processor: Of processor time in a round (p), moving left out.
    """

    round: float
    whole: float
    move: float
    processor: float

    @classmethod
    def of(cls, results: dict[str, Any], communication_dtype: str) -> "Costs":
        """Measured between two ranks without a limit on the link."""
        one = next(
            one
            for one in results["exchanges"]
            if is_reference(one) and one["communication_dtype"] == communication_dtype
        )
        numbers, whole = 2 * rows_of(one["V"]) * one["dim"], 2 * one["V"] * one["dim"]
        return cls(
            (one["s"] - one["moved_s"]) / numbers,
            one["whole_s"] / whole,
            one["moved_s"] / numbers,
            (one["processor_s"] - one["moved_s"]) / numbers,
        )


@dataclass(frozen=True)
class Machine:
    """Words/s of a machine alone, its cores, and its link in bits/s, None without a limit."""

    words: float
    cores: float
    link: float | None


def machine_of(cores: int, gbit: float) -> Machine:
    """One whose cores are like those here."""
    return Machine(cores * WORDS_OF_A_CORE, cores, bits(gbit))


@dataclass(frozen=True)
class Text:
    """Tokens of an epoch, vocabulary, dimension."""

    tokens: float = 10e9
    V: int = 1_000_000
    dim: int = 300


def rows_of(V: int) -> float:
    """Rows of a table in a round."""
    return RowSchedule(V, MergeOptions().hot_rows).rows_per_round


def exchange(
    rows: float,
    dim: int,
    ranks: int,
    link: float | None,
    communication_dtype: str,
    seconds: float,
    latency: float = LATENCY,
    turns: int = 1,
) -> float:
    """Seconds in which rows of both tables are exchanged, in turns; a number takes `seconds` beside the link's."""
    numbers = 2 * rows * dim
    sent = 2 * (ranks - 1) / ranks * numbers * BYTES[communication_dtype]
    return (sent * 8 / link if link else 0.0) + seconds * numbers + turns * 2 * (ranks - 1) * latency


def slices(V: int, dim: int) -> int:
    """Exchanges in a merge of whole tables."""
    return -(-V // (SLICE // (2 * dim)))


def a_round(
    training: float, V: int, dim: int, ranks: int, machine: Machine, communication_dtype: str, costs: Costs
) -> float:
    """Seconds of a round with so many of training."""
    numbers = 2 * rows_of(V) * dim
    beside = exchange(rows_of(V), dim, ranks, machine.link, communication_dtype, costs.round)
    return max(training + (costs.move + costs.processor / machine.cores) * numbers, beside)


def epoch(text: Text, ranks: int, machine: Machine, communication_dtype: str, costs: Costs) -> dict[str, float]:
    """Seconds of an epoch, and what of them is not training."""
    part = text.tokens / ranks
    round_words = min(ROUND_WORDS, part / ROUNDS_AT_LEAST)
    training = round_words / machine.words
    each = a_round(training, text.V, text.dim, ranks, machine, communication_dtype, costs)
    turns = slices(text.V, text.dim)
    flush = exchange(text.V, text.dim, ranks, machine.link, communication_dtype, costs.whole, turns=turns)
    total = part / round_words * each + flush
    return {
        "efficiency": part / machine.words / total,
        "exchange": exchange(rows_of(text.V), text.dim, ranks, machine.link, communication_dtype, costs.round),
        "training": training,
        "flush": flush / total,
    }


def named(link: float | None) -> str:
    return "no limit" if link is None else f"{link:g} Gbit/s"


def bits(gbit: float | None) -> float | None:
    return gbit * 1e9 if gbit else None


def measured(results: dict[str, Any]) -> str:
    """Exchanges without training beside what the model says of them."""
    cores = results["machine"]["cores"]
    lines = [
        "| ranks | link | dtype | sent in a round | a round, measured | modelled "
        "| sent at the end | end of epoch, measured | modelled |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for one in results["exchanges"]:
        costs, crowd = Costs.of(results, one["communication_dtype"]), max(1.0, one["ranks"] / cores)
        n, dim, link, latency = rows_of(one["V"]), one["dim"], bits(one["gbit"]), one["ms"] / 1e3
        each = exchange(
            n, dim, one["ranks"], link, one["communication_dtype"], (costs.round + costs.move) * crowd, latency
        )
        turns = slices(one["V"], dim)
        whole = exchange(
            one["V"], dim, one["ranks"], link, one["communication_dtype"], costs.whole * crowd, latency, turns
        )
        late = f", {one['ms']:g} ms" if one["ms"] else ""
        lines.append(
            f"| {one['ranks']} | {named(one['gbit'])}{late} | {one['communication_dtype']} | {one['sent_MB']:.1f} MB "
            f"| {one['s']:.3f} s | {each:.3f} s "
            f"| {one['whole_sent_MB']:.0f} MB | {one['whole_s']:.2f} s | {whole:.2f} s |"
        )
    return "\n".join([*lines, "", where(results)])


def hidden(results: dict[str, Any]) -> str:
    """Exchanges beside training, and what the model says of them."""
    cores = results["machine"]["cores"]
    lines = [
        "| link | dtype | words in a round | training alone | exchange | … hidden | … waited for | rows out and in "
        "| a round | modelled | efficiency |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for one in results["training"]:
        costs = Costs.of(results, one["communication_dtype"])
        machine = Machine(one["round_words"] / one["training_s"], cores / one["ranks"], bits(one["gbit"]))
        each = a_round(
            one["training_s"], one["V"], one["dim"], one["ranks"], machine, one["communication_dtype"], costs
        )
        share = 1 - min(1.0, one["waited_s"] / one["exchange_s"])
        lines.append(
            f"| {named(one['gbit'])} | {one['communication_dtype']} | {one['round_words']:,} "
            f"| {one['training_s']:.3f} s | {one['exchange_s']:.3f} s | {share:.0%} | {one['waited_s']:.3f} s "
            f"| {one['moved_s']:.3f} s | {one['s']:.3f} s | {each:.3f} s | {one['training_s'] / one['s']:.0%} |"
        )
    return "\n".join([*lines, "", where(results)])


def where(results: dict[str, Any]) -> str:
    one, here = results["exchanges"][0], results["machine"]
    late = "" if results["netem"] else " This kernel has no netem, so no latency was added."
    return (
        f"{one['V']:,} words × {one['dim']}; {here['processor']}, {here['cores']} cores, load {here['load']:.1f} "
        f"when it began.{late}"
    )


def modelled(results: dict[str, Any], text: Text) -> str:
    """Machines that nobody measured."""
    lines = [
        "| words/s of a machine | link | dtype | ranks | training, s a round | exchange, s | end of epoch "
        "| efficiency |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for cores in MACHINES:
        for gbit in LINKS:
            for communication_dtype in dtypes(results):
                costs, machine = Costs.of(results, communication_dtype), machine_of(cores, gbit)
                for ranks in (8, 32, 128):
                    found = epoch(text, ranks, machine, communication_dtype, costs)
                    lines.append(
                        f"| {machine.words / 1e6:g}M | {named(gbit)} | {communication_dtype} | {ranks} "
                        f"| {found['training']:.3f} | {found['exchange']:.3f} | {found['flush']:.1%} "
                        f"| {found['efficiency']:.0%} |"
                    )
    return "\n".join(lines)


def limits(results: dict[str, Any], text: Text) -> str:
    """From how many machines on efficiency is below `ASKED`, and what 8 reach."""
    costs, found = Costs.of(results, "float32"), []
    for cores in MACHINES:
        for gbit in LINKS:
            machine = machine_of(cores, gbit)
            efficiency = {n: epoch(text, n, machine, "float32", costs)["efficiency"] for n in range(2, 257)}
            low = next((str(n) for n, share in efficiency.items() if share < ASKED), "more than 256")
            found.append(f"| {machine.words / 1e6:g}M | {named(gbit)} | {efficiency[8]:.0%} | {low} |")
    head = f"| words/s of a machine | link | 8 machines | below {ASKED:.0%} from … machines |"
    return "\n".join([head, "|---|---|---|---|", *found])


def show(results: dict[str, Any], text: Text, fill_pages: bool) -> None:
    """Print all tables; put them into the pages if so asked."""
    dtypes(results)
    model = f"{modelled(results, text)}\n\nWhere it breaks, float32:\n\n{limits(results, text)}"
    tables = {"exchanges": measured(results), "hidden": hidden(results), "modelled": model}
    for name, table in tables.items():
        print(f"{table}\n")
        if fill_pages:
            for page in PAGES:
                fill(page, name, table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tokens", type=float, default=Text.tokens)
    parser.add_argument("--vocabulary", type=int, default=Text.V)
    parser.add_argument("--dim", type=int, default=Text.dim)
    parser.add_argument("--fill", action="store_true", help="put the tables into README.md here and docs/scale.md")
    o = parser.parse_args()
    if not RESULTS.exists():
        raise SystemExit(f"{RESULTS} is not there; run python -m benchmarks.distributed_network first")
    show(json.loads(RESULTS.read_text()), Text(o.tokens, o.vocabulary, o.dim), o.fill)


if __name__ == "__main__":
    main()
