"""Choosing the defaults: learning rate, subsampling and epochs against gensim at its own, on texts of three kinds.

    python -m benchmarks.defaults gensim [--seeds 1,2,3]
    python -m benchmarks.defaults sgns 5,.04,1e-4 8,.02,5e-4,.003 [--seeds 1,2,3]    # epochs, lr, subsample, min_lr
    python -m benchmarks.defaults time 5,.04,1e-4 [--turns 3] [--kinds reviews,manuals]
    python -m benchmarks.defaults table [5,.04,1e-4 …] [--least 3]

`gensim` and `sgns` train what `defaults.json` does not have yet, on two threads, and keep its figures there. `time`
trains each text in turn and prints the CPU seconds of training, the median of the turns, and gensim's over ours.
`table` prints, for each setting with that many seeds, the differences of the means to gensim's, and gensim's CPU
seconds of training over ours, taken while the machine did other work. The texts are those of `benchmarks.kinds`, or
their beginnings; of the semantic analogies the manuals know the words of sixteen, which says nothing.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory
from typing import Any

import sgns
from benchmarks.kinds import beginning_of
from benchmarks.measure import run
from benchmarks.one import Job, training_clock
from sgns import Config
from sgns.evaluation import evaluate_analogies, evaluate_similarity
from sgns.progress import Progress
from sgns.text.corpus import Corpus
from sgns.training.plan import Plan
from sgns.training.run import run as run_training
from sgns.vectors import Vectors

DATA = Path(__file__).parents[2] / "shared" / "data"
KEPT = Path(__file__).parent / "defaults.json"
SETS = {"wordsim353": "WS-353", "simlex999": "SimLex", "men": "MEN", "rareword": "Rare Words"}
FIGURES = (*SETS.values(), "semantic", "morphology")
GENSIM = "5,0.025,0.001"  # epochs, lr, subsample
LEAST = 1e-4  # lr at the end where a setting names none
ALLOWED = -0.005
THREADS = 2
KINDS = {
    "reviews": ("reviews", 10_000_000),
    "manuals": ("manuals", 10_000_000),
    "encyclopedia": ("encyclopedia", 10_000_000),
    "manuals of 4M": ("manuals", 4_000_000),  # on these two, settings were compared before
    "encyclopedia of 4M": ("encyclopedia", 4_000_000),
}
Train = Callable[[Path, "Setting", int], tuple[Vectors, float]]


def main() -> None:
    """Train and keep, or print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["gensim", "sgns", "time", "table"])
    parser.add_argument("settings", nargs="*")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--kinds", default=",".join(list(KINDS)[:3]))
    parser.add_argument("--least", type=int, default=1)
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    if options.what == "table":
        shown = {str(Setting.of(text)) for text in options.settings}
        print(table(load(), options.kinds.split(","), shown, options.least))
        return
    if options.what == "time":
        for kind in options.kinds.split(","):
            print(times(kind, [Setting.of(text) for text in options.settings], options.turns), flush=True)
        return
    train = {"gensim": train_gensim, "sgns": train_sgns}[options.what]
    for seed in map(int, options.seeds.split(",")):
        for kind in options.kinds.split(","):
            for setting in options.settings or [GENSIM]:
                measure(train, kind, Setting.of(setting), seed)


@dataclass(frozen=True)
class Setting:
    """What is chosen."""

    epochs: int
    lr: float
    subsample: float
    min_lr: float = LEAST

    @classmethod
    def of(cls, text: str) -> "Setting":
        """The setting of 5,.04,1e-4 or 8,.02,5e-4,.003."""
        epochs, *numbers = text.split(",")
        return cls(int(epochs), *map(float, numbers))

    def __str__(self) -> str:
        lowest = "" if self.min_lr == LEAST else f",{self.min_lr:g}"
        return f"{self.epochs},{self.lr:g},{self.subsample:g}{lowest}"


def measure(train: Train, kind: str, setting: Setting, seed: int) -> None:
    """Trains and scores once and keeps the figures, unless they are kept already."""
    tool = train.__name__.removeprefix("train_")
    if str(seed) in load().get(tool, {}).get(kind, {}).get(str(setting), {}):
        return
    vectors, seconds = train(beginning_of(*KINDS[kind]), setting, seed)
    found = {name: round(value, 4) for name, value in figures(vectors).items()} | {"cpu": round(seconds, 1)}
    kept = load()
    kept.setdefault(tool, {}).setdefault(kind, {}).setdefault(str(setting), {})[str(seed)] = found
    KEPT.write_text(json.dumps(kept, indent=1) + "\n")
    print(tool, kind, setting, seed, *found.values(), flush=True)


def times(kind: str, settings: list[Setting], turns: int) -> str:
    """CPU seconds of training, and gensim's over ours: medians over turns, least to most."""
    text = beginning_of(*KINDS[kind])
    theirs: list[float] = []
    ours: dict[Setting, list[float]] = {setting: [] for setting in settings}
    for seed in range(1, turns + 1):
        for setting, found in ours.items():
            found.append(train_sgns(text, setting, seed)[1])
        theirs.append(train_gensim(text, Setting.of(GENSIM), seed)[1])
    lines = [f"{kind}: gensim {median(theirs):.1f} s"]
    for setting, found in ours.items():
        ratios = sorted(their / our for their, our in zip(theirs, found, strict=True))
        lines.append(
            f"  {setting}: {median(found):.2f} s, 1/{median(ratios):.1f} ({ratios[0]:.1f} to {ratios[-1]:.1f})"
        )
    return "\n".join(lines)


def train_gensim(text: Path, setting: Setting, seed: int) -> tuple[Vectors, float]:
    """Gensim's vectors, and CPU seconds of training."""
    with TemporaryDirectory() as place:
        out = Path(place) / "v.bin"
        options = {name: value for name, value in asdict(setting).items() if name != "min_lr"}  # gensim's own
        measured = run(Job("gensim", str(text), str(out), seed=seed, **options))
        return sgns.load(out), measured.train_cpu_seconds


def train_sgns(text: Path, setting: Setting, seed: int) -> tuple[Vectors, float]:
    """Our vectors, and CPU seconds of training."""
    config = Config(seed=seed, threads=THREADS, **asdict(setting))
    with Progress(quiet=True) as display:
        corpus = Corpus.from_files(str(text), config)
        clock = training_clock(display)
        trained = run_training(corpus, Plan.of(corpus.vocabulary, config), display)
    if trained.report["interrupted"]:
        raise KeyboardInterrupt  # what was trained until then is not what is asked for
    return trained.vectors, clock[-1] - clock[0]


def figures(vectors: Vectors) -> dict[str, float]:
    """Spearman's ρ of four sets, and the shares of Google's analogies, meaning and form, answered right."""
    found = {
        title: evaluate_similarity(vectors, DATA / "similarity" / f"{name}.tsv").spearman
        for name, title in SETS.items()
    }
    analogies = evaluate_analogies(vectors, DATA / "analogy" / "questions-words.txt")
    return found | {"semantic": analogies.semantic.accuracy, "morphology": analogies.syntactic.accuracy}


def load() -> dict[str, Any]:
    """What is kept."""
    return json.loads(KEPT.read_text()) if KEPT.exists() else {}


def means(runs: dict[str, dict[str, float]]) -> dict[str, float]:
    """The means over seeds."""
    return {name: mean(found[name] for found in runs.values()) for name in (*FIGURES, "cpu")}


def table(kept: dict[str, Any], kinds: list[str], shown: set[str], least: int) -> str:
    """Differences to gensim's means in Markdown, of the settings in `shown` or all; * marks what is not allowed."""
    lines = []
    for kind in kinds:
        theirs = means(kept["gensim"][kind][GENSIM])
        lines += ["", f"| {kind} | {' | '.join(FIGURES)} | CPU | seeds |", "|---" * (len(FIGURES) + 3) + "|"]
        cells = " | ".join(f"{theirs[name]:.3f}" for name in FIGURES)
        lines.append(f"| gensim | {cells} | {theirs['cpu']:.0f} s | {len(kept['gensim'][kind][GENSIM])} |")
        for setting, runs in sorted(kept.get("sgns", {}).get(kind, {}).items()):
            if len(runs) < least or (shown and setting not in shown):
                continue
            ours = means(runs)
            differences = (ours[name] - theirs[name] for name in FIGURES)
            cells = " | ".join(f"{d:+.3f}{'*' if d < ALLOWED else ''}" for d in differences)
            times = f"1/{theirs['cpu'] / ours['cpu']:.1f}"
            lines.append(f"| {setting.replace(',', ', ')} | {cells} | {times} | {len(runs)} |")
    return "\n".join(lines).strip()


if __name__ == "__main__":
    main()
