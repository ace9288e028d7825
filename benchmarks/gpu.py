"""The GPU engine on this machine's card: check, speed and quality in one call, a short table last.

    python benchmarks/gpu.py --corpus wiki100m.npz --sets DATA            all of it, under 8 minutes
    python benchmarks/gpu.py --prepare text8.txt wiki100m.npz             pack a text for a machine without it
    python benchmarks/gpu.py --sweep                                      try tiles, negatives, warps, batches
    TRITON_INTERPRET=1 python benchmarks/gpu.py --interpret               without a card: that everything runs

Needs this repository, torch, triton, numpy, numba, safetensors, and no network. DATA holds `similarity/*.tsv` and
`analogy/*.txt`; without it, or without a corpus, quality is left out.
"""

import argparse
import itertools
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

import torch  # noqa: E402

from benchmarks.gpu_bytes import BytesPerWord, copy_bandwidth  # noqa: E402
from benchmarks.gpu_check import check  # noqa: E402
from benchmarks.gpu_quality import quality  # noqa: E402
from benchmarks.packed import Packed  # noqa: E402
from sgns.config import Config  # noqa: E402
from sgns.training.engines.cuda.engine import CudaEngine, Tuning  # noqa: E402
from sgns.training.schedule import BlockSchedule  # noqa: E402

SWEEP = {
    "rows": [32, 64], "noise": [32, 64], "columns": [32, 64], "warps": [4, 8], "batch": [8_192, 16_384, 32_768],
    "precision": ["tf32x3", "tf32"],
}  # fmt: skip


def make(packed: Packed, config: Config, tuning: Tuning) -> CudaEngine:
    """The engine for a corpus."""
    keep, noise = (
        packed.vocabulary.keep_probability(config.subsample),
        packed.vocabulary.noise_distribution(config.noise_power),
    )
    return CudaEngine(packed.ids, packed.ends, keep, noise, config, counts=packed.vocabulary.counts, tuning=tuning)


def speed(packed: Packed, config: Config, tuning: Tuning, seconds: float, bandwidth: float) -> dict[str, Any]:
    """Words a second over whole blocks of the schedule, after a block that warms up."""
    engine = make(packed, config, tuning)
    engine.synchronise()
    began = time.perf_counter()
    engine.compile()
    compiled = time.perf_counter() - began
    blocks = itertools.cycle(BlockSchedule.of(len(packed.ids), config, engine.longest))
    first = next(blocks)
    engine.train_block(first.epoch, first.number, first.start, first.stop, first.lr)
    words = kept = 0
    engine.synchronise()
    began = time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds or words == 0:
        block = next(blocks)
        sums = engine.train_block(block.epoch, block.number, block.start, block.stop, block.lr)
        words, kept = words + block.stop - block.start, kept + sums.centres
    passed = time.perf_counter() - began
    counted = BytesPerWord.of(engine, block.start, block.stop)
    return {
        "words/s": words / passed,
        "kept": kept / words,
        "bytes/word": counted.total * kept / words,
        "share": counted.total * kept / passed / bandwidth,
        "parts": counted.parts(),
        "compile": compiled,
        "loss": sums.loss / max(1, sums.pairs),
        "stages": stages(engine, block),
    }


def stages(engine: CudaEngine, block: Any) -> dict[str, float]:
    """Nanoseconds a word of each stage, each waited for: their sum is more than the whole, which overlaps them."""
    spent: dict[str, float] = {}

    def timed(owner: Any, name: str) -> None:
        work = getattr(owner, name)

        def wrapper(*arguments: Any) -> Any:
            engine.synchronise()
            began = time.perf_counter()
            result = work(*arguments)
            engine.synchronise()
            spent[name] = spent.get(name, 0.0) + time.perf_counter() - began
            return result

        setattr(owner, name, wrapper)

    for owner, name in ((engine, "_draw"), (engine, "_sum_gradients"), (engine, "_step"), (engine.shape, "estimate")):
        timed(owner, name)
    engine.train_block(block.epoch, block.number, block.start, block.stop, block.lr)
    return {name.strip("_"): seconds / (block.stop - block.start) * 1e9 for name, seconds in spent.items()}


def sweep(packed: Packed, config: Config, seconds: float, bandwidth: float) -> list[tuple[str, float]]:
    """Words a second with one value changed at a time; what does not compile or fit is told."""
    lines = []
    for name, values in SWEEP.items():
        for value in values:
            if getattr(Tuning(), name) == value:
                continue
            try:
                figure = speed(packed, config, replace(Tuning(), **{name: value}), seconds, bandwidth)["words/s"]
            except Exception as error:  # a tile that does not fit is one of the answers
                print(f"  {name}={value}: {str(error).splitlines()[0][:100]}", flush=True)
                continue
            lines.append((f"{name}={value}", figure))
            print(f"  {name}={value}: {figure / 1e6:.1f}M words/s", flush=True)
    return lines


def main() -> None:
    """Run what was asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, help="a text, or an .npz that --prepare made")
    parser.add_argument("--prepare", type=Path, nargs=2, metavar=("TEXT", "NPZ"), help="pack a text, and stop")
    parser.add_argument("--sets", type=Path, help="folder with similarity/*.tsv and analogy/*.txt")
    parser.add_argument("--dims", type=int, nargs="+", default=[128, 300])
    parser.add_argument(
        "--zipf", type=int, default=1_000_000, help="words of the generated vocabulary; 0 leaves it out"
    )
    parser.add_argument("--seconds", type=float, default=8.0, help="of each measurement of speed")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=5, help="of the runs for quality")
    parser.add_argument("--sweep", action="store_true", help="speed with one value changed at a time")
    parser.add_argument("--interpret", action="store_true", help="everything tiny, for Triton's interpreter")
    parser.add_argument("--json", type=Path, help="write all figures here")
    asked = parser.parse_args()
    if asked.prepare:
        Packed.of_text(asked.prepare[0]).save(asked.prepare[1])
        print(f"{asked.prepare[1]}: {asked.prepare[1].stat().st_size / 1e6:.1f} MB")
        return
    if not asked.interpret and not torch.cuda.is_available():
        parser.error("no card is here; add --interpret to see that everything runs")
    began = time.perf_counter()
    tuning, tokens = Tuning(), 20_000_000
    if asked.interpret:
        tuning = Tuning(rows=64, noise=32, step_rows=2_048, batch=1_000)
        asked.dims, asked.seconds, asked.seeds, asked.epochs, tokens = [8], 0.0, 1, 1, 3_000
        asked.zipf = min(asked.zipf, 40)
    texts: dict[str, Packed] = {}
    if asked.corpus:
        texts[asked.corpus.stem] = Packed.load(asked.corpus)
    if asked.zipf:
        texts[f"zipf {asked.zipf:,}"] = Packed.zipf(asked.zipf, tokens)
    name = torch.cuda.get_device_name() if torch.cuda.is_available() else "Triton's interpreter"
    report: dict[str, Any] = {
        "card": name,
        "tuning": vars(tuning),
        "check": check(tuning, (20,) if asked.interpret else (8, 100, 128, 300)),
    }
    for line, figure in report["check"].items():
        print(f"check  {line}: {figure}", flush=True)
    bandwidth = report["bandwidth"] = copy_bandwidth(small=asked.interpret)
    print(f"copy   {bandwidth / 1e12:.2f} TB/s read and written", flush=True)

    rows: list[tuple[str, ...]] = []
    for (title, packed), dim in itertools.product(texts.items(), asked.dims):
        config = Config(dim=dim, engine="cuda", epochs=asked.epochs, lr=0.025, subsample=1e-3)
        found = report[f"speed {title} {dim}"] = speed(packed, config, tuning, asked.seconds, bandwidth)
        print(f"speed  {title} d={dim}: {json.dumps(found, default=float)}", flush=True)
        figures = f"{found['words/s'] / 1e6:,.1f}M words/s", f"{found['bytes/word']:,.0f} B/word"
        rows.append((f"{title}, d={dim}", *figures, f"{found['share']:.1%} of copy"))
    if asked.sweep and texts:
        title, packed = next(iter(texts.items()))
        print(f"sweep  {title} d={asked.dims[0]}, one value changed at a time from {tuning}", flush=True)
        report["sweep"] = sweep(
            packed, Config(dim=asked.dims[0], engine="cuda", lr=0.025, subsample=1e-3), asked.seconds / 4, bandwidth
        )
        rows += [(f"sweep {knob}", f"{figure / 1e6:,.1f}M words/s") for knob, figure in report["sweep"]]
    if asked.corpus and asked.sets:
        report["quality"] = quality(texts[asked.corpus.stem], asked.sets, asked.seeds, asked.epochs, make, tuning)
        for line, (on_card, on_cpu) in report["quality"].items():
            rows.append((f"quality {line}", f"cuda {on_card:.4f}", f"cpu {on_cpu:.4f}", f"{on_card - on_cpu:+.4f}"))
    report["seconds"] = time.perf_counter() - began
    if asked.json:
        asked.json.write_text(json.dumps(report, indent=1, default=float))
    print(f"\n{name}, {report['seconds']:.0f} s in all")
    for row in [("check", "passed" if report["check"]["passed"] else "FAILED"), *rows]:
        print("  ".join(f"{cell:<28}" if k == 0 else f"{cell:>18}" for k, cell in enumerate(row)))
    sys.exit(0 if report["check"]["passed"] else 1)


if __name__ == "__main__":
    main()
