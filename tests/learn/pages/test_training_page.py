"""The training that a page shows: its samples, and that clusters form in it."""

import numpy as np
import pytest

from sgns.base.geometry import unit
from sgns.errors import ConfigError
from sgns.learn import small_training, steps_on, take_step, write_training
from sgns.learn.pages.training_page import CLASSES, train_rows


def test_the_samples_are_pairs_of_the_text():
    training = small_training(negatives=3, epochs=2)
    assert len(training.samples) == 2 * training.epoch == 2 * 72
    pairs = {(verb, noun) for verbs, nouns in CLASSES for verb in verbs.split() for noun in nouns.split()}
    pairs |= {(noun, verb) for verb, noun in pairs}
    for epoch in (training.samples[:72], training.samples[72:]):
        assert {(training.words[w], training.words[c]) for w, c, *_ in epoch} == pairs
    assert all(sample[1] not in sample[2:] for sample in training.samples)
    assert max(map(len, training.samples)) == 5
    assert small_training(seed=2).samples != small_training(seed=1).samples
    assert small_training(seed=2).samples == small_training(seed=2).samples


def test_a_class_sees_clusters_form():
    training = small_training()
    E, _ = train_rows(training)
    groups = np.array(training.groups)
    same = (groups[:, None] == groups) & ~np.eye(len(groups), dtype=bool)
    for rows, least, most in ((training.E, -0.2, 0.2), (E, 0.9, 1.0)):
        cosines = unit(rows, np.float64) @ unit(rows, np.float64).T
        assert least < cosines[same].mean() < most
        assert cosines[groups[:, None] != groups].mean() < 0.5


def test_sentences_of_ones_own(tmp_path):
    training = small_training([["a", "b", "c"], ["c", "d"]], dim=2, epochs=3)
    assert training.words == ["a", "b", "c", "d"]
    assert training.groups == [-1] * 4
    assert training.epoch == 8
    assert "default-src 'none'" in write_training(training, tmp_path / "t.html").read_text(encoding="utf-8")


OUT_OF_RANGE = [{"dim": 0}, {"dim": 50}, {"epochs": 5000}, {"lr": 0}, {"lr": 11}, {"negatives": 11}]


@pytest.mark.parametrize("options", OUT_OF_RANGE)
def test_options_out_of_range(options):
    with pytest.raises(ConfigError, match=next(iter(options))):
        small_training(**options)


def test_texts_that_nobody_can_watch():
    for sentences in ([["alone"]], [[f"w{i}", f"w{i + 1}"] for i in range(100)]):
        with pytest.raises(ConfigError, match="take fewer"):
            small_training(sentences)


def test_the_step_on_a_pair_of_a_model(model):
    taken = take_step(model, "red", "blue", negatives=6, lr=0.1)
    training = steps_on(model, taken, "toy")
    E, C = train_rows(training, 1)
    np.testing.assert_allclose(E[training.words.index("red")], taken.w[1], rtol=0, atol=1e-12)
    for word, moved in taken.c.items():
        np.testing.assert_allclose(C[training.words.index(word)], moved[1], rtol=0, atol=1e-12)
