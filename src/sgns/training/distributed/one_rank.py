"""One rank's part of a run: from its ids to the vectors that all have in common."""

import math
import platform
import time
from dataclasses import dataclass, replace
from typing import Any

from sgns.base.parallel import in_background
from sgns.config import Config
from sgns.errors import DivergedError
from sgns.text.corpus import Corpus
from sgns.training.checkpoint import Checkpoints, check_finite, identity
from sgns.training.distributed.comm import collect_things, together
from sgns.training.distributed.environment import Sharing
from sgns.training.distributed.hooks import RoundsAndCheckpoints
from sgns.training.distributed.merge import Merger, Merging
from sgns.training.distributed.rounds import Rounds
from sgns.training.distributed.start import begin, how_to_go_on
from sgns.training.distributed.torchrun import Ranks
from sgns.training.distributed.vocabulary import Totals
from sgns.training.engines.build import build
from sgns.training.engines.contract import Engine
from sgns.training.engines.matrices import first_vectors
from sgns.training.engines.sampling import stream_key
from sgns.training.loop import State, train
from sgns.training.plan import Plan, versions
from sgns.training.train import (
    Display,
    Keep,
    Trained,
    figures,
)
from sgns.training.update_scaling import expected_updates
from sgns.training.validation import make_validation
from sgns.vectors.vectors import Vectors

PIECES = 4  # blocks for each thread in a round, so that threads end it together
RANKS = 4  # purpose of the random streams that tell ranks apart


@dataclass(frozen=True)
class Text:
    """What a rank trains on, and what it is part of.

    Attributes:
        corpus: Its ids, in the vocabulary of all.
        totals: Figures of the whole text.
        parts: Tokens of each rank.
    """

    corpus: Corpus
    totals: Totals
    parts: list[int]


class OneRank:
    """One rank's part of a run, from its ids to the common vectors."""

    def __init__(
        self, ranks: Ranks, config: Config, text: Text, keep: Keep, sharing: Sharing, display: Display, began: float
    ) -> None:
        self.ranks, self.group, self.place = ranks, ranks.group, ranks.place
        self.corpus, self.totals, self.parts = text.corpus, text.totals, text.parts
        config = self.config = replace(config, subsample=self.corpus.vocabulary.threshold(config.subsample))
        self.keep, self.merging, self.display, self.began = (
            keep,
            Merging(communication_dtype=sharing.communication_dtype),
            display,
            began,
        )
        fields = config.to_dict() | {
            "threads": 0,
            "ranks": self.place.ranks,
            "communication_dtype": sharing.communication_dtype,
        }
        self.identity = identity(fields, self.corpus.hash, versions(config.engine))
        first = self.place.rank == 0
        self.checkpoints = Checkpoints(keep.output, self.identity, display.note) if first else None
        ranks.hint = lambda: how_to_go_on(keep)

    def go(self) -> Trained:
        """Train to the end, or until all were asked to stop."""
        display, corpus, config = self.display, self.corpus, self.config
        display.update(f"load the {config.engine.upper()} engine", 0, None)
        began = time.perf_counter()
        # Ranks draw from streams of their own, but begin with the same vectors.
        own = replace(config, seed=int(stream_key(config.seed, RANKS, self.place.rank)) >> 1)
        plan = Plan.of(corpus.vocabulary, own)
        validation = together(self.group, lambda: make_validation(corpus, plan))
        engine = together(self.group, lambda: build(plan, corpus, validation))
        first_vectors(engine.E, config.dim, config.seed)
        in_background(engine.compile, lambda: display.update("compile kernels (once)", 0, None))
        compiled = time.perf_counter() - began
        rounds = self._rounds(engine)
        E, C = engine.E[:, : config.dim], engine.C[:, : config.dim]
        vectors = Vectors(corpus.vocabulary.words, E, C, corpus.vocabulary.counts)
        state, sums = begin(self.group, self.place, self.keep, self.checkpoints, vectors, rounds, display.note)
        merger = self._merger(engine)
        signals = self.ranks.signals
        signals.training = True
        rests = RoundsAndCheckpoints(
            self.group, merger, rounds, vectors, validation, self.checkpoints, self.keep.every, config.threads,
            engine.sync, lambda: signals.asked is not None,
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
                config.threads if engine.concurrent else 1,
                watch,
                state=state,
                rests=rests,
                stop=lambda: rests.stopped,
            )
        except DivergedError as error:
            raise DivergedError(f"{error}{how_to_go_on(self.keep)}") from None
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

    def _rounds(self, engine: Engine) -> Rounds:
        """The order of work, the same blocks on all ranks, however many threads each has."""
        longest = engine.longest
        if engine.concurrent:
            threads = max(collect_things(self.group, self.config.threads))
            longest = min(longest, max(500, Rounds.fitting(self.merging.round, self.parts) // (PIECES * threads)))
        return Rounds.of(self.parts, self.place.rank, self.config, self.merging.round, longest)

    def _merger(self, engine: Engine) -> Merger:
        vocabulary, config = self.corpus.vocabulary, self.config
        keep, noise = vocabulary.keep_probability(config.subsample), vocabulary.noise_distribution(config.noise_power)
        in_a_token = expected_updates(vocabulary.counts, keep, noise, config)
        return Merger(engine.tables(), config.dim, self.group, in_a_token, self.merging)

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
            **({"validation_losses": known.validation} if config.validation else {}),
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
