"""CBOW, n-grams, hierarchical softmax and documents beside gensim and fastText: speed and quality at the same options.

    python -m benchmarks models                     all models, on the whole text
    python -m benchmarks.models --bytes 15000000 --models cbow,paths --times 5 --seeds 0

Each run is a process of its own, in turn; words/s are those of training alone (reading the text is left out), CPU
seconds stand beside them. Quality is a mean over seeds: similarity and analogies for words, of the runs that are
timed; for documents, of other runs, 10 folds of a logistic regression on the vectors of labelled texts. Prints
Markdown, keeps models.json.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.corpora import beginning, in_lines
from benchmarks.pages import ROOT, fill

OUT = ROOT / "benchmarks" / "models.json"
SHARED = ROOT.parent / "shared/data"
WARM = 7_000_000  # bytes: the kernels of text are compiled for as many, and those of training
COMMON = {"dim": 100, "window": 5, "negatives": 5, "epochs": 5, "min_count": 5, "subsample": 1e-3, "threads": 2}
MODELS: dict[str, tuple[dict[str, Any], list[str]]] = {  # options of sgns, peers
    "skipgram": ({}, ["gensim"]),
    "cbow": ({"model": "cbow"}, ["gensim"]),
    "subwords": ({"ngrams": "3-6"}, ["fasttext", "gensim"]),
    "paths": ({"loss": "hierarchical", "lr": 0.025}, ["gensim"]),
    "dbow": ({"model": "dbow"}, ["gensim"]),
}
SIMILARITY = ("wordsim353", "simlex999", "men")
LABELLED = ("polarity", "subjectivity")


def main() -> None:
    """Measure the models asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=Path, default=SHARED / "corpora/wiki100m.xz")
    parser.add_argument("--bytes", type=int, help="of the text, for speed and quality; default: all")
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--peers", help="only these; none for none")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(json.loads(options.one))))
        return
    measured = measure(
        options.text, options.bytes, options.models.split(","), options.times, options.seeds,
        None if options.peers is None else options.peers.split(","),
        lambda line: print(line, file=sys.stderr, flush=True),
    )  # fmt: skip
    kept = json.loads(OUT.read_text()) if OUT.exists() else {}
    for model, part in measured.items():  # what was not measured this time stays
        kept[model] = kept.get(model, {}) | part
    OUT.write_text(json.dumps(kept, indent=1) + "\n")
    table = markdown(kept)
    fill(ROOT / "docs" / "models.md", "models", table)
    print(table)


def measure(
    text: Path, size: int | None, models: list[str], times: int, seeds: int, peers: list[str] | None,
    log: Callable[[str], None],
) -> dict[str, Any]:  # fmt: skip
    """Speeds of all tools in turn, then qualities; a tool that is not installed is left out and named."""
    found: dict[str, Any] = {}
    for model in models:
        ours, theirs = MODELS[model]
        path = labelled_lines() if model == "dbow" and seeds else None
        lines = in_lines(text) if size is None else beginning(text, size)
        tools = ["sgns", *[tool for tool in theirs if peers is None or tool in peers]]
        speeds: dict[str, list[dict[str, float]]] = {tool: [] for tool in tools}
        scores: dict[str, list[dict[str, float]]] = {tool: [] for tool in tools}
        warm = {"tool": "sgns", "model": model, "options": ours, "text": str(beginning(text, WARM)), "seed": 1}
        run(warm)  # so that no timed run shares the cores with the process that compiles
        for turn in range(max(times, seeds)):
            for tool in tools:
                job = {"tool": tool, "model": model, "options": ours, "text": str(lines), "seed": turn + 1}
                timed, scored = turn < times, turn < seeds
                apart = path is not None  # documents are scored after other training than is timed
                runs = [False] * (timed and (apart or not scored)) + [True] * scored
                for score in runs:
                    ran = run(job | {"score": score, "text": str(path if score and apart else lines)})
                    if ran is None:
                        continue
                    if timed and not (score and apart):
                        speeds[tool].append(ran)
                        log(f"{model} {turn + 1}/{times} {tool}: {ran['words_per_second'] / 1e6:.3f}M words/s")
                    if score:
                        scores[tool].append(ran["scores"])
                        log(f"{model} {tool} seed {turn + 1}: {ran['scores']}")
        found[model] = {}
        if times:
            found[model] |= {
                "bytes": lines.stat().st_size, "speed": {t: summary(s) for t, s in speeds.items() if s}
            }  # fmt: skip
        if speeds["sgns"]:
            found[model]["ratio"] = {
                tool: spread(
                    [a["words_per_second"] / b["words_per_second"] for a, b in zip(speeds["sgns"], speeds[tool])]
                )
                for tool in tools[1:] if speeds[tool]
            }  # fmt: skip
        for tool, figures in scores.items():
            if figures:
                means = {name: statistics.mean(s[name] for s in figures) for name in figures[0]}
                found[model].setdefault("quality", {})[tool] = means | {"seeds": len(figures)}
    return found


def run(job: dict[str, Any]) -> dict[str, Any] | None:
    """One run in a process of its own; None where the tool is not installed."""
    command = [sys.executable, "-m", "benchmarks.models", "--one", json.dumps(job)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if done.returncode and "ModuleNotFoundError" in done.stderr:
        return None
    if done.returncode:
        raise RuntimeError(f"{job['tool']} failed: {done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def one(job: dict[str, Any]) -> dict[str, Any]:
    """Trains, and scores if that is asked for."""
    train = {"sgns": by_sgns, "gensim": by_gensim, "fasttext": by_fasttext}[job["tool"]]
    with tempfile.TemporaryDirectory() as folder:
        began, cpu = time.perf_counter(), time.process_time()
        words, seconds, vectors = train(job, Path(folder))
        found: dict[str, Any] = {
            "words_per_second": words / seconds, "cpu_seconds": time.process_time() - cpu,
            "seconds": time.perf_counter() - began,
        }  # fmt: skip
        if job.get("score"):
            found["scores"] = documents_scores(job, vectors) if job["model"] == "dbow" else scores(vectors)
    return found


def by_sgns(job: dict[str, Any], folder: Path) -> tuple[int, float, Any]:
    """Words, seconds of training, vectors."""
    import sgns
    from sgns.progress import Progress
    from sgns.training.job import CheckpointOptions, DistributedOptions, train_to_file

    options = COMMON | job["options"] | {"seed": job["seed"]}
    if job["model"] == "dbow":
        options |= {"min_count": 1, "epochs": 20} if job.get("score") else {}
    with Progress(True) as display:
        trained = train_to_file(
            [job["text"]], folder / "v.safetensors", sgns.Config(**options), display,
            checkpoints=CheckpointOptions(), distributed=DistributedOptions(),
        )  # fmt: skip
    return trained.report["words"], trained.report["seconds"]["train"], trained.vectors


def by_gensim(job: dict[str, Any], folder: Path) -> tuple[int, float, Any]:
    """As `by_sgns`; the vocabulary is built before."""
    from gensim.models import Doc2Vec, FastText, Word2Vec

    common = {
        "vector_size": 100, "window": 5, "min_count": 5, "sample": 1e-3, "workers": 2, "epochs": 5, "alpha": 0.025,
        "seed": job["seed"],
    }  # fmt: skip
    made: Any = {
        "skipgram": lambda: Word2Vec(sg=1, negative=5, **common),
        "cbow": lambda: Word2Vec(sg=0, negative=5, **common),
        "paths": lambda: Word2Vec(sg=1, hs=1, negative=0, **common),
        "subwords": lambda: FastText(sg=1, negative=5, min_n=3, max_n=6, bucket=2_000_000, **common),
        "dbow": lambda: Doc2Vec(
            dm=0, negative=5, **(common | ({"min_count": 1, "epochs": 20} if job.get("score") else {}))
        ),
    }[job["model"]]()
    made.build_vocab(corpus_file=job["text"])
    began = time.perf_counter()
    made.train(
        corpus_file=job["text"], total_examples=made.corpus_count, total_words=made.corpus_total_words,
        epochs=made.epochs,
    )  # fmt: skip
    return made.corpus_total_words * made.epochs, time.perf_counter() - began, made


def by_fasttext(job: dict[str, Any], folder: Path) -> tuple[int, float, Any]:
    """As `by_sgns`; fastText reads the text while it trains, after it has built its vocabulary."""
    import fasttext

    options = {"dim": 100, "ws": 5, "minCount": 5, "neg": 5, "t": 1e-3, "thread": 2, "minn": 3, "maxn": 6, "verbose": 0}
    fasttext.FastText.unsupervised_default["seed"] = job["seed"]  # no argument of `train_unsupervised`
    began = time.perf_counter()
    fasttext.train_unsupervised(job["text"], model="skipgram", epoch=0, **options)
    reading = time.perf_counter() - began
    began = time.perf_counter()
    model = fasttext.train_unsupervised(job["text"], model="skipgram", epoch=5, **options)
    seconds = time.perf_counter() - began - reading
    path = folder / "peer.bin"
    model.save_model(str(path))
    words = len(Path(job["text"]).read_bytes().split())
    return words * 5, seconds, path


def scores(vectors: Any) -> dict[str, float]:
    """Similarity and analogies; rare words over all pairs, unknown ones composed, where there are n-grams."""
    import sgns
    from sgns.evaluation import evaluate_analogies, evaluate_similarity

    if isinstance(vectors, Path):
        vectors = sgns.load(vectors)
    elif not isinstance(vectors, sgns.Vectors):
        vectors = from_gensim(vectors)
    found = {
        name: evaluate_similarity(vectors, SHARED / f"similarity/{name}.tsv", resamples=2).spearman
        for name in SIMILARITY
    }
    found["analogies"] = evaluate_analogies(vectors, SHARED / "analogy/questions-words.txt").accuracy
    if vectors.subwords is not None:
        rare = SHARED / "similarity/rareword.tsv"
        found["rare words"] = evaluate_similarity(vectors, rare, unknown="compose", resamples=2).spearman
    return found


def from_gensim(model: Any) -> Any:
    """Vectors of a model of gensim; those of a FastText by way of fastText's own file."""
    import sgns

    with tempfile.TemporaryDirectory() as folder:
        if hasattr(model.wv, "bucket"):
            from gensim.models.fasttext import save_facebook_model

            save_facebook_model(model, f"{folder}/model.bin")
            return sgns.load(f"{folder}/model.bin")
        model.wv.save_word2vec_format(f"{folder}/model.bin", binary=True)
        return sgns.load(f"{folder}/model.bin")


def labelled_lines() -> Path:
    """The texts of all labelled sets, a line each, as documents."""
    path = Path(tempfile.gettempdir()) / "sgns-benchmarks" / "labelled.txt"
    path.parent.mkdir(exist_ok=True)
    texts = [line.split("\t", 1)[1].strip() for name in LABELLED for line in labelled(name)]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path


def labelled(name: str) -> list[str]:
    """The lines of a labelled set: label, tab, text."""
    return (SHARED / f"classification/{name}.tsv").read_text(encoding="utf-8").strip("\n").split("\n")


def documents_scores(job: dict[str, Any], model: Any) -> dict[str, float]:
    """Accuracy of a logistic regression on the rows of the documents, 10 folds, the same for every tool."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    found, at = {}, 0
    for name in LABELLED:
        y = np.array([line.split("\t", 1)[0] for line in labelled(name)])
        numbers = range(at, at + len(y))
        if job["tool"] == "sgns":
            X = np.array([model.documents[str(number)] for number in numbers])
        else:
            X = np.array([model.dv[number] for number in numbers])
        folds = StratifiedKFold(10, shuffle=True, random_state=0)
        classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000, C=0.1))
        found[name] = float(cross_val_score(classifier, X, y, cv=folds).mean())
        at += len(y)
    return found


def spread(values: list[float]) -> dict[str, Any]:
    """Median, least and most."""
    return {"median": statistics.median(values), "least": min(values), "most": max(values), "runs": len(values)}


def summary(runs: list[dict[str, float]]) -> dict[str, Any]:
    """The spread of words/s, and the median of CPU seconds."""
    speeds = spread([one["words_per_second"] for one in runs])
    return speeds | {"cpu_seconds": statistics.median(one["cpu_seconds"] for one in runs)}


def markdown(found: dict[str, Any]) -> str:
    """Tables of speed and of quality."""
    lines = ["| model | text | tool | words/s | CPU s | sgns, times as fast |", "|---|---|---|---|---|---|"]
    for model, part in found.items():
        for tool, speed in part.get("speed", {}).items():
            ratio = part.get("ratio", {}).get(tool)
            times = (
                f"{ratio['median']:.1f} ({ratio['least']:.1f}–{ratio['most']:.1f}, {ratio['runs']} turns)"
                if ratio
                else ""
            )
            lines.append(
                f"| {model} | {part['bytes'] / 1e6:.0f} MB | {tool} | {speed['median'] / 1e6:.2f}M"
                f" | {speed['cpu_seconds']:.0f} | {times} |"
            )
    lines.append("")
    for model, part in found.items():
        for tool, quality in part.get("quality", {}).items():
            figures = ", ".join(f"{name} {value:.3f}" for name, value in quality.items() if name != "seeds")
            lines.append(f"* {model}, {tool}, mean of {quality['seeds']}: {figures}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
