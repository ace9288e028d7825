"""From text to vectors on many ranks: the road of `training.train`, with the other ranks beside it."""

import math
import platform
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from sgns.config import Config
from sgns.errors import CheckpointError, ConfigError, DivergedError
from sgns.text.corpus import Corpus
from sgns.text.shares import Share, share_out
from sgns.text.sources import find
from sgns.training.checkpoint import Checkpoints, check_finite, identity
from sgns.training.cluster.agree import check_options, check_text
from sgns.training.cluster.combine import uses_of_a_word
from sgns.training.cluster.counting import Totals, read_part
from sgns.training.cluster.group import Group, collect_things, together
from sgns.training.cluster.merging import Merger
from sgns.training.cluster.place import Place, Sharing
from sgns.training.cluster.ranks import Ranks
from sgns.training.cluster.rests import RoundsAndCheckpoints
from sgns.training.cluster.rounds import Rounds
from sgns.training.cluster.rows import Rows
from sgns.training.engines import choose
from sgns.training.engines.cpu import first_vectors
from sgns.training.engines.sampling import stream_key
from sgns.training.train import (
    Display,
    Keep,
    Trained,
    figures,
    in_background,
    make_engine,
    make_heldout,
    one_at_a_time,
    thread_count,
    versions,
)
from sgns.training.trainer import State, train
from sgns.vectors.vectors import Vectors

if TYPE_CHECKING:
    from sgns.training.engines.cpu import CpuEngine
    from sgns.training.engines.cuda import CudaEngine

ROUND = 2_000_000  # words of a rank in a round at most
HEAD = 2_048  # rows merged in every round
PIECES = 4  # blocks for each thread in a round, so that threads end it together
RANKS = 4  # purpose of the random streams that tell ranks apart


@dataclass(frozen=True)
class Job:
    """What all ranks were told.

    Attributes:
        inputs: Files and folders.
        config: The options.
        keep: Output and checkpoints.
        sharing: How ranks work together.
    """

    inputs: list[str]
    config: Config
    keep: Keep
    sharing: Sharing


def run_job(ranks: Ranks, job: Job, display: Display) -> Trained:
    """Read, train and merge. On all ranks the vectors are the same, and the report is that of the whole run.

    Raises:
        SgnsError: as `training.train.run`; what concerns all ranks is raised on all of them.
        RankLost: another rank is gone.
    """
    began = time.perf_counter()
    group, place = ranks.group, ranks.place
    engine_name = together(group, lambda: check_possible(job, place))
    every = job.keep.every
    more = {
        "engine": engine_name,
        "checkpoint_every": None if every is None else [every.seconds, every.blocks],
        "resume": job.keep.resume,
    }
    check_options(group, job.config, job.sharing, more, versions(engine_name) | {"torch": torch.__version__})
    config = replace(job.config, engine=engine_name, threads=own_threads(job.config, place))  # type: ignore[arg-type]
    share = share_of(group, job, place)
    corpus, totals = read_part(group, share, config, display.update)
    notes = collect_things(group, corpus.notes)
    for rank, texts in enumerate(notes):
        for text in texts:
            display.note(f"rank {rank}: {text}")
    parts = collect_things(group, corpus.tokens)
    return Run(ranks, job, config, corpus, totals, parts, display, began).go()


def check_possible(job: Job, place: Place) -> str:
    """The engine that trains, or an error for what many ranks cannot do."""
    engine = choose(job.config)
    if engine == "reference":
        raise ConfigError("the reference engine trains on one machine; leave torchrun out, or take --engine cpu")
    return engine


def own_threads(config: Config, place: Place) -> int:
    """Threads of this rank: those asked for, or its part of the machine's cores."""
    return config.threads or max(1, thread_count(config) // place.locals)


def share_of(group: Group, job: Job, place: Place) -> Share:
    """What this rank reads."""
    sources = together(group, lambda: find(job.inputs))
    if job.sharing.shards == "local":
        return together(group, lambda: share_out(sources, place.local, place.locals, job.config.sentences))
    check_text(group, sources)
    return together(group, lambda: share_out(sources, place.rank, place.ranks, job.config.sentences))


class Run:
    """One rank's part of a run, from its ids to the common vectors."""

    def __init__(
        self,
        ranks: Ranks,
        job: Job,
        config: Config,
        corpus: Corpus,
        totals: Totals,
        parts: list[int],
        display: Display,
        began: float,
    ) -> None:
        self.ranks, self.group, self.place, self.job = ranks, ranks.group, ranks.place, job
        self.config, self.corpus, self.totals, self.parts = config, corpus, totals, parts
        self.display, self.began = display, began
        fields = job.config.to_dict() | {"engine": config.engine, "threads": 0, "ranks": self.place.ranks}
        named = identity(fields | {"wire": job.sharing.wire}, corpus.hash, versions(config.engine))
        self.identity = named
        self.checkpoints = Checkpoints(job.keep.output, named, display.note) if self.place.rank == 0 else None
        ranks.hint = self._hint

    def go(self) -> Trained:
        """Train to the end, or until all were asked to stop."""
        display, corpus, config = self.display, self.corpus, self.config
        display.update(f"load the {config.engine.upper()} engine", 0, None)
        began = time.perf_counter()
        # Ranks draw from streams of their own, but begin with the same vectors.
        own = replace(config, seed=int(stream_key(config.seed, RANKS, self.place.rank)) >> 1)
        heldout = together(self.group, lambda: make_heldout(corpus, own))
        engine = together(self.group, lambda: make_engine(corpus, own, heldout))
        first_vectors(engine.E, config.dim, config.seed)
        in_background(engine.compile, lambda: display.update("compile kernels (once)", 0, None))
        compiled = time.perf_counter() - began
        rounds = self._rounds(engine)
        E, C = engine.E[:, : config.dim], engine.C[:, : config.dim]
        vectors = Vectors(corpus.vocabulary.words, E, C, corpus.vocabulary.counts)
        state, sums = self._begin(vectors, rounds)
        merger = self._merger(engine)
        signals = self.ranks.signals
        signals.training = True
        rests = RoundsAndCheckpoints(
            self.group, merger, rounds, vectors, heldout, self.checkpoints, self.job.keep.every, config.threads,
            engine.settle, lambda: signals.asked is not None,
        )  # fmt: skip
        rests.known = sums
        began, before = time.perf_counter(), sums.words

        def watch(_: State) -> None:
            display.update("train", rests.known.words, rounds.words, "words", figures(rests.known, config))

        watch(state)
        try:
            state = train(
                engine,
                rounds,  # type: ignore[arg-type]
                1 if one_at_a_time(engine, config) else config.threads,
                watch,
                state=state,
                rests=rests,
                stop=lambda: rests.stopped,
            )
        except DivergedError as error:
            raise DivergedError(f"{error}{self._hint()}") from None
        finally:
            merger.close()
            if self.checkpoints is not None:
                self.checkpoints.settle()
        seconds = time.perf_counter() - began
        state.signal = max(collect_things(self.group, signals.asked or 0)) or None
        known = replace(rests.known, interrupted=state.interrupted, signal=state.signal)
        watch(state)
        traffic = collect_things(self.group, merger.traffic.__dict__)
        report = self._report(known, compiled, seconds, before, traffic, rounds)
        metadata = report.facts | self.identity | {"machine": platform.machine()}
        result = Vectors(corpus.vocabulary.words, E, C, corpus.vocabulary.counts, metadata)
        check_finite(result)
        return Trained(result, report.all, state.interrupted, self.checkpoints, state.signal)

    def _rounds(self, engine: "CpuEngine | CudaEngine") -> Rounds:
        """The order of work, the same blocks on all ranks, however many threads each has."""
        longest = engine.longest
        if not one_at_a_time(engine, self.config):
            threads = max(collect_things(self.group, self.config.threads))
            longest = min(longest, max(500, Rounds.fitting(ROUND, self.parts) // (PIECES * threads)))
        return Rounds.of(self.parts, self.place.rank, self.config, ROUND, longest)

    def _merger(self, engine: "CpuEngine | CudaEngine") -> Merger:
        vocabulary, config = self.corpus.vocabulary, self.config
        keep, noise = vocabulary.keep_probabilities(config.subsample), vocabulary.noise(config.noise_power)
        uses = uses_of_a_word(vocabulary.counts, keep, noise, config.window, config.negatives)
        rows = Rows(len(vocabulary), HEAD)
        return Merger(tables_of(engine), config.dim, self.group, rows, uses, wire=self.job.sharing.wire)

    def _begin(self, vectors: Vectors, rounds: Rounds) -> tuple[State, State]:
        """This rank's state to begin with, and that of all: rank 0's checkpoint, or a new one."""
        keep, display = self.job.keep, self.display
        again = self.place.restarts > 0
        loaded = None

        def load() -> tuple[Vectors, State] | None:
            assert self.checkpoints is not None
            if keep.resume or again:
                return self.checkpoints.load()
            if self.checkpoints.found() and self.place.may_restart:
                raise CheckpointError(
                    f"{len(self.checkpoints.found())} checkpoints of {keep.output} are here from an earlier run, and "
                    "after a failure torchrun would go on from them; delete them, or give --resume"
                )
            if self.checkpoints.found():
                display.note(
                    "an earlier run left checkpoints here; --resume would go on from them, this run replaces them"
                )
            return None

        loaded = together(self.group, load if self.place.rank == 0 else lambda: None)
        found = collect_things(self.group, None if loaded is None else loaded[1].__dict__)[0]
        if found is None:
            if keep.resume or again:
                display.note(f"no checkpoint of {keep.output} is here; training begins at the beginning")
            return State(), State()
        assert vectors.C is not None
        for k, table in enumerate((vectors.E, vectors.C)):
            common = np.empty(table.shape, np.float32)
            if loaded is not None:
                common[:] = loaded[0].E if k == 0 else loaded[0].C
            self.group.spread(torch.from_numpy(common))
            table[:] = common
        sums = State(**found)
        done = sums.blocks // rounds.blocks_per_round
        display.note(f"going on after round {done:,} of {rounds.blocks // rounds.blocks_per_round:,}")
        mine = sums if self.place.rank == 0 else State(sums.blocks, heldout=list(sums.heldout))
        return replace(mine, loss=list(mine.loss), pairs=list(mine.pairs), heldout=list(mine.heldout)), sums

    def _hint(self) -> str:
        """Where the last common checkpoint is, and how to go on; rank 0 knows, the others know the name."""
        output = self.job.keep.output
        found = Checkpoints(output, {}, lambda _: None).found() if output.resolve().parent.is_dir() else []
        if found:
            return f"; the last common checkpoint is {found[0]}: start all ranks again with --resume"
        if self.job.keep.every is not None:
            return "; no checkpoint is here, start all ranks again with --resume"
        return "; no checkpoint was asked for (--checkpoint-every), start all ranks again"

    def _report(
        self, known: State, compiled: float, seconds: float, before: int, traffic: list[dict[str, Any]], rounds: Rounds
    ) -> "Report":
        totals, vocabulary, config = self.totals, self.corpus.vocabulary, self.config
        facts = {
            "tokens": totals.tokens,
            "raw_tokens": totals.raw_tokens,
            "sentences": totals.sentences,
            "vocabulary": len(vocabulary),
            "parameters": 2 * len(vocabulary) * config.dim,
            "words": known.words,
            "pairs": sum(known.pairs),
            "losses": [loss if math.isfinite(loss) else None for loss in known.losses],
            **({"heldout_losses": known.heldout} if config.heldout else {}),
            "engine": config.engine,
            "ranks": self.place.ranks,
            "interrupted": known.interrupted,
        }
        done = known.words - before
        more = {
            "threads": config.threads,
            "round_words": rounds.round_words,
            "traffic": traffic,
            "seconds": {
                "scan": self.corpus.scan_seconds,
                "compile": compiled,
                "train": seconds,
                "total": time.perf_counter() - self.began,
            },
            "words_per_second": done / seconds if seconds > 0 else 0.0,
        }
        return Report(facts, facts | more)


@dataclass(frozen=True)
class Report:
    """What is known of a run: facts that repeat with it, and all, times among them."""

    facts: dict[str, Any]
    all: dict[str, Any]


def tables_of(engine: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """E and C where the engine trains them."""
    if engine.name == "cuda":
        engine.upload()
        E, C = engine._tables
        return E, C
    return torch.from_numpy(engine.E), torch.from_numpy(engine.C)
