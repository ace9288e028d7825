"""What a run decides, decided once."""

import numpy as np
import pytest

import sgns
from sgns.config import Config
from sgns.errors import ConfigError
from sgns.text.vocabulary import Vocabulary
from sgns.training import plan as room
from sgns.training.plan import Plan, Resources
from sgns.training.schedule import BlockSchedule

WORDS = Vocabulary(["the", "cat", "sat"], np.array([60, 30, 10]))


@pytest.mark.parametrize(
    ("threads", "local_world_size", "wanted"), [(0, 1, 8), (0, 2, 4), (0, 3, 2), (0, 16, 1), (5, 4, 5)]
)
def test_ranks_of_a_machine_share_its_cores(monkeypatch, threads, local_world_size, wanted):
    monkeypatch.setattr(room, "usable_cores", lambda: 8)
    assert Resources.of(Config(threads=threads, engine="cpu"), local_world_size).threads == wanted


def test_the_threshold_of_subsampling_is_that_of_the_text():
    plan = Plan.of(WORDS, Config(engine="cpu", subsample=None))
    assert plan.config.subsample == WORDS.threshold(None)
    assert np.array_equal(plan.keep_probability, WORDS.keep_probability(plan.config.subsample))
    assert np.array_equal(plan.noise_distribution, WORDS.noise_distribution(0.75))
    assert plan.counts.tolist() == [60, 30, 10]


def test_what_is_decided_already_is_not_decided_again(monkeypatch):
    def choose(config):
        raise ConfigError("asked twice")

    monkeypatch.setattr(room, "choose", choose)
    plan = Plan.of(WORDS, Config(), Resources("cpu", 3))
    assert (plan.engine, plan.threads, plan.training_threads) == ("cpu", 3, 3)
    with pytest.raises(ConfigError, match="asked twice"):
        Plan.of(WORDS, Config())


@pytest.mark.parametrize("engine", ["reference", "cuda"])
def test_an_engine_of_one_thread_trains_with_one(engine):
    assert Plan.of(WORDS, Config(), Resources(engine, 6)).training_threads == 1


def test_another_seed_changes_nothing_else():
    plan = Plan.of(WORDS, Config(seed=3), Resources("cpu", 1))
    other = plan.with_seed(9)
    assert other.config.seed == 9
    assert other.with_seed(3).config == plan.config
    assert other.counts is plan.counts


@pytest.mark.parametrize(
    ("options", "end"),
    [
        ({}, 0.003), ({"lr": 0.1}, 0.003), ({"lr": 0.01}, 0.00125), ({"lr": 1e-6}, 1.25e-7),
        ({"sharing": "pair"}, 0.003), ({"min_lr": 0.0}, 0.0), ({"lr": 0.01, "min_lr": 0.01}, 0.01),
        ({"model": "cbow"}, 1e-4), ({"model": "dbow"}, 1e-4), ({"model": "cbow", "lr": 4e-4}, 5e-5),
        ({"ngrams": "3-6"}, 1e-4), ({"loss": "hierarchical"}, 1e-4),
    ],
)  # fmt: skip
def test_the_rate_ends_where_the_model_wants_it_and_always_below_its_start(options, end):
    config = Config(**options)
    assert config.min_lr == pytest.approx(end, rel=1e-12)
    assert Config.from_dict(config.to_dict()) == config
    assert Plan.of(WORDS, config, Resources("cpu", 1)).schedule(10**6, 1_000).min_lr == config.min_lr


def test_the_schedule_has_blocks_that_the_engine_can_take():
    schedule = Plan.of(WORDS, Config(epochs=2, lr=0.03), Resources("cpu", 1)).schedule(10**8, 70_000)
    assert isinstance(schedule, BlockSchedule)
    assert schedule.length == 70_000
    assert (schedule.epochs, schedule.lr, schedule.words) == (2, 0.03, 2 * 10**8)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"ngrams": "3-4"}, "n-grams"), ({"model": "dbow"}, "documents"), ({"model": "dm"}, "documents"),
        ({"loss": "hierarchical"}, "paths of a tree"), ({"model": "cbow"}, None), ({}, None),
    ],
)  # fmt: skip
def test_what_deterministic_trains_on_one_thread_is_said(options, what):
    plan = Plan.of(WORDS, Config(**options, deterministic=True), Resources("cpu", 3))
    assert plan.training_threads == (3 if what is None else 1)
    said = [f"with --deterministic, {what} train on one thread; leave it out to use all 3"]
    assert plan.warnings == ([] if what is None else said)
    assert Plan.of(WORDS, Config(**options), Resources("cpu", 3)).warnings == []  # the remedy
    assert Plan.of(WORDS, Config(**options, deterministic=True), Resources("cpu", 1)).warnings == []


def test_a_run_says_so(capsys):
    v = sgns.train([["a", "b", "c"]] * 40, loss="hierarchical", deterministic=True, threads=2, min_count=1, dim=4)
    assert "paths of a tree train on one thread" in capsys.readouterr().err
    assert v.E.shape == (3, 4)
