"""The order of work: every token once an epoch, all ranks in step, the rate falling with the words of all."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgns.config import Config
from sgns.errors import ConfigError
from sgns.training.distributed.environment import TorchrunEnvironment
from sgns.training.distributed.rounds import ROUND_WORDS, RoundSchedule

TORCHRUN = {"MASTER_ADDR": "here", "MASTER_PORT": "1", "TORCHELASTIC_RUN_ID": "x"}


@settings(max_examples=60, deadline=None)
@given(
    parts=st.lists(st.integers(1, 300_000), min_size=1, max_size=5),
    epochs=st.integers(1, 3),
    round_words=st.integers(500, 100_000),
    longest=st.integers(500, 40_000),
)
def test_every_rank_trains_each_of_its_tokens_once_an_epoch(parts, epochs, round_words, longest):
    ranks = [RoundSchedule.of(parts, r, Config(epochs=epochs), round_words, longest) for r in range(len(parts))]
    assert len({(one.blocks, one.blocks_per_round, one.blocks_per_epoch) for one in ranks}) == 1
    assert ranks[0].blocks_per_epoch % ranks[0].blocks_per_round == 0
    for rank, one in enumerate(ranks):
        blocks = list(one)
        assert len(blocks) == one.blocks
        for epoch in range(epochs):
            mine = [block for block in blocks if block.epoch == epoch]
            assert (mine[0].start, mine[-1].stop) == (0, parts[rank])
            assert all(a.stop == b.start for a, b in pairwise(mine))
        assert max(block.stop - block.start for block in blocks) <= one.longest + 1
        assert all(a.lr > b.lr for a, b in pairwise(blocks))
        assert [block.lr for block in blocks] == [block.lr for block in ranks[0]]


@pytest.mark.parametrize(
    ("part", "words", "rounds"),
    [
        (10_000, 2_000, 5),
        (4_096_000, 4_000, 1_024),
        (1_024_000_000, 1_000_000, 1_024),
        (4_000_000_000, 2_000_000, 2_000),
    ],
)
def test_a_small_text_has_short_rounds_and_a_large_one_no_more_than_it_needs(part, words, rounds):
    found = RoundSchedule.of([part, part // 2], 1, Config(), ROUND_WORDS)
    assert (found.round_words, found.rounds_per_epoch) == (words, rounds)


def test_the_rate_begins_and_ends_as_on_one_machine():
    rounds = RoundSchedule.of([1_000_000, 900_000], 0, Config(lr=0.025, epochs=5), 10_000)
    assert rounds.block(0).lr == 0.025
    assert rounds.block(rounds.blocks - 1).lr == pytest.approx(0.003, abs=1e-4)
    assert rounds.words == 5 * 1_900_000


def test_without_torchrun_there_are_no_ranks():
    assert TorchrunEnvironment.read({}) is None
    assert TorchrunEnvironment.read({"RANK": "0", "WORLD_SIZE": "1"}) is None
    found = TorchrunEnvironment.read({"RANK": "0", "WORLD_SIZE": "1", **TORCHRUN})
    assert found == TorchrunEnvironment(0, 1, 0, 1, host="here", port=1)


def test_the_rank_is_read_from_the_environment():
    variables = {
        "RANK": "5",
        "WORLD_SIZE": "8",
        "LOCAL_RANK": "1",
        "LOCAL_WORLD_SIZE": "4",
        "TORCHELASTIC_RESTART_COUNT": "2",
    }
    found = TorchrunEnvironment.read(variables | TORCHRUN | {"TORCHELASTIC_MAX_RESTARTS": "3"})
    assert found == TorchrunEnvironment(5, 8, 1, 4, restarts=2, may_restart=True, host="here", port=1)


@pytest.mark.parametrize(
    "change",
    [
        {"RANK": "two"},
        {"RANK": "4", "WORLD_SIZE": "4"},
        {"LOCAL_RANK": "2", "LOCAL_WORLD_SIZE": "2"},
        {"MASTER_ADDR": None},
    ],
)
def test_an_environment_that_makes_no_sense_is_refused(change):
    variables = {"RANK": "0", "WORLD_SIZE": "4", **TORCHRUN} | change
    with pytest.raises(ConfigError, match="start it with torchrun"):
        TorchrunEnvironment.read({name: value for name, value in variables.items() if value is not None})
