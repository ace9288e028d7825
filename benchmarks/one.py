"""One training run of one tool in a process of its own: `python -m benchmarks.one '{"tool": "gensim", …}'`.

Prints one JSON line: raw words trained on, seconds of wall and CPU time for training alone and for the whole way from
text to saved vectors, peak memory in bytes. Every tool gets the same text (sentences of 1,000 words, a line each) and
options.
"""

import json
import resource
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Job:
    """What to run: a tool, its text, the options that all tools share, and where the vectors go."""

    tool: str  # sgns, gensim, fasttext
    text: str
    out: str = ""
    dim: int = 100
    window: int = 5
    negatives: int = 5
    epochs: int = 5
    lr: float = 0.025
    min_lr: float = 1e-4
    subsample: float | None = 1e-3  # None, of sgns alone: the text decides
    min_count: int = 5
    threads: int = 2
    seed: int = 1
    sharing: str = "tile"
    cache: bool = False  # keep the encoded text, and map it


@dataclass
class Measured:
    """What came of it. `words` counts tokens of the vocabulary in all epochs."""

    words: int
    train_seconds: float
    train_cpu_seconds: float
    total_seconds: float
    peak_bytes: int
    own_bytes: int = 0  # peak of what no file backs: what is left when mapped text is not counted; sgns alone

    @property
    def words_per_second(self) -> float:
        return self.words / self.train_seconds


def run_sgns(job: Job) -> tuple[int, float, float]:
    """Our own command's function, with a warm kernel cache and no corpus cache."""
    from sgns import Config
    from sgns.progress import Progress
    from sgns.text.corpus import Corpus
    from sgns.training.plan import Plan
    from sgns.training.run import run

    names = ("dim", "window", "negatives", "epochs", "lr", "min_lr", "subsample")
    names += ("min_count", "threads", "seed", "sharing")
    config = Config(**{name: getattr(job, name) for name in names})
    with Progress(quiet=True) as display:
        corpus = Corpus.from_files(job.text, config, cache=job.cache)
        cpu = training_clock(display)
        trained = run(corpus, Plan.of(corpus.vocabulary, config), display)
    if job.out:
        trained.vectors.save(job.out)
    return trained.report["words"], trained.report["seconds"]["train"], cpu[-1] - cpu[0]


def training_clock(display: Any) -> list[float]:
    """CPU seconds at each report of training: the first comes before its first block, the last after its last.

    A clock around the whole run would count the kernels too: four seconds of compiling where they are new.
    """
    clock: list[float] = []
    update = display.update

    def clocked(stage: str, *arguments: Any, **options: Any) -> None:
        if stage == "train":
            clock.append(time.process_time())
        update(stage, *arguments, **options)

    display.update = clocked
    return clock


def run_gensim(job: Job) -> tuple[int, float, float]:
    """Word2Vec of gensim from a corpus_file, its fastest way."""
    from gensim.models import Word2Vec

    model = Word2Vec(
        vector_size=job.dim,
        window=job.window,
        negative=job.negatives,
        sg=1,
        sample=job.subsample,
        min_count=job.min_count,
        workers=job.threads,
        alpha=job.lr,
        epochs=job.epochs,
        seed=job.seed,
    )
    model.build_vocab(corpus_file=job.text)
    wall, cpu = time.perf_counter(), time.process_time()
    model.train(
        corpus_file=job.text,
        total_words=model.corpus_total_words,
        total_examples=model.corpus_count,
        epochs=job.epochs,
    )
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if job.out:
        model.wv.save_word2vec_format(job.out, binary=True)
    words = sum(model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key)
    return int(words) * job.epochs, wall, cpu


def run_fasttext(job: Job) -> tuple[int, float, float]:
    """Train fastText without subwords. Its training cannot be told from its counting: a run of no epoch is taken off.

    That run has a process of its own, because after it fastText 0.9.3 stops with "Encountered NaN".
    """
    import multiprocessing

    with multiprocessing.get_context("fork").Pool(1) as pool:
        base_wall, base_cpu = pool.apply(_time_fasttext, (job, 0))[1:]
    model, wall, cpu = _time_fasttext(job, job.epochs)
    words, counts = model.get_words(include_freq=True)
    if job.out:
        with Path(job.out).open("w", encoding="utf-8") as file:
            print(len(words), job.dim, file=file)
            for word in words:
                print(word, *(f"{x:.6g}" for x in model.get_word_vector(word)), file=file)
    return int(sum(counts)) * job.epochs, wall - base_wall, cpu - base_cpu


def _time_fasttext(job: Job, epochs: int) -> tuple[Any, float, float]:
    """The model (None for no epoch), seconds of wall and of CPU time."""
    import fasttext

    wall, cpu = time.perf_counter(), time.process_time()
    model = fasttext.train_unsupervised(
        job.text,
        model="skipgram",
        dim=job.dim,
        ws=job.window,
        neg=job.negatives,
        epoch=epochs,
        lr=job.lr,
        t=job.subsample,
        minCount=job.min_count,
        minn=0,
        maxn=0,
        thread=job.threads,
        verbose=0,
    )
    return model if epochs else None, time.perf_counter() - wall, time.process_time() - cpu


class OwnMemory:
    """The peak of this process's memory that no file backs, looked at fifty times a second."""

    def __init__(self) -> None:
        self._peak, self._over = 0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        status = Path("/proc/self/status")
        while status.exists() and not self._over.wait(0.02):
            line = next(line for line in status.read_text().splitlines() if line.startswith("RssAnon"))
            self._peak = max(self._peak, int(line.split()[1]) * 1024)

    def stop(self) -> int:
        """Bytes."""
        self._over.set()
        self._thread.join()
        return self._peak


def main() -> None:
    """Run the job of the command line."""
    job = Job(**json.loads(sys.argv[1]))
    own = OwnMemory()
    began = time.perf_counter()
    words, train_seconds, cpu = {"sgns": run_sgns, "gensim": run_gensim, "fasttext": run_fasttext}[job.tool](job)
    total = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(asdict(Measured(words, train_seconds, cpu, total, peak, own.stop()))))


if __name__ == "__main__":
    main()
