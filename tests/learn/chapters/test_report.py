"""The report and its chapters on a trained model."""

import re

import numpy as np
import pytest

pytest.importorskip("sympy")

from sgns.config import Config
from sgns.learn.chapters.derivations import SGNS_TOPICS
from sgns.learn.chapters.model import evaluation_chapter, loss_figure, mean_loss, rising_loss, run_chapter, sentences
from sgns.learn.chapters.questions import QUESTIONS, questions_chapter
from sgns.learn.chapters.report import compose, topics_of
from sgns.learn.chapters.sgd_step import likely_pair
from sgns.learn.document.blocks import Figure, Heading, Paragraph, Table, plain, sections
from sgns.vectors import Vectors


def test_chapters_and_what_they_say(model, run_report, blocks):
    titles = [block.text for block in blocks if isinstance(block, Heading) and block.level == 1]
    assert titles[:2] == ["The run", "What was learnt"]
    assert {"The parameters", "The loss", "The code beside the mathematics", "A computation graph", "Traps"} <= set(
        titles
    )
    assert sum(isinstance(block, Figure) for block in blocks) == 3
    facts = dict(
        row
        for block in run_chapter(model, "toy", run_report)
        if isinstance(block, Table)
        for row in block.rows
        if len(row) == 2
    )
    assert facts["tokens"] == "12,345"
    assert facts["total run time"] == "1.50 s"
    assert facts["… of which"] == "scan 0.10 s, train 1.25 s"
    assert plain(facts["trained on"]) == "Abacus $3, 2 cores"
    assert facts["speed"] == "9,876 words/s"
    assert facts["parameters"].startswith("432 ")


def test_the_caption_of_the_loss_is_made_from_the_figures():
    falls, turns = loss_figure([3.5, 2.9, 2.75], 5).caption, loss_figure([3.5, 2.5, 2.75], 5).caption
    assert "begins at 3.500 and ends at 2.750. " in falls
    assert "ends at 2.750; it is lowest, 2.500, in epoch 2." in turns
    assert "here 4.159" in turns


def test_the_loss_of_other_models_is_described_as_theirs():
    windows = mean_loss({"model": "cbow", "loss": "negatives"})
    assert "window with its word and 7 negatives" in loss_figure([3.5, 2.9], 7, windows).caption
    tree = mean_loss({"model": "skipgram", "loss": "hierarchical"})
    caption = loss_figure([9.5, 8.0], 5, tree).caption
    assert "$-log(P(cp, h))$" in caption
    assert "one row as input" in caption
    assert "negatives" not in caption
    assert "(1 + k)" not in caption  # paths have different lengths
    assert "rows of its window" in mean_loss({"model": "cbow", "loss": "hierarchical"})
    assert mean_loss({"model": "skipgram", "loss": "negatives"}) == mean_loss({}) == ""


@pytest.mark.slow  # it derives that model
def test_the_report_on_another_model_derives_it_and_takes_no_step(model, run_report, monkeypatch):
    monkeypatch.setattr("sgns.learn.chapters.report.derive", lambda topics, **_: [Paragraph(f"derive {topics}")])
    for options, topics in [
        ({}, []),
        ({"model": "cbow"}, ["cbow"]),
        ({"ngrams": "3-6"}, ["subwords"]),
        ({"model": "cbow", "loss": "hierarchical"}, ["cbow", "hierarchical"]),
    ]:
        config = Config(dim=12, epochs=3, **options).to_dict()
        assert topics_of(config) == topics
        other = Vectors(model.words, model.E, model.C, model.counts, model.metadata | {"config": config})
        made = compose(other, "toy", run_report, [], [], lambda *progress: None)
        assert Paragraph(f"derive {[*SGNS_TOPICS, *topics]}") in made
        step = any(isinstance(block, Heading) and block.text.startswith("One step") for block in made)
        assert step == (not topics)


def test_the_table_of_options_has_those_of_every_model(model, run_report):
    config = Config(model="cbow", combine="sum", loss="hierarchical", ngrams="3-6", buckets="exact", window=7,
                    shrink_windows=False).to_dict()  # fmt: skip
    other = Vectors(model.words, model.E, model.C, model.counts, model.metadata | {"config": config})
    table = next(b for b in run_chapter(other, "toy", run_report) if isinstance(b, Table) and len(b.heads) == 4)
    cells = [plain(cell) for row in table.rows for cell in row]
    shown = dict(zip(cells[::2], cells[1::2]))
    expected = {"model": "cbow", "combine": "sum", "loss": "hierarchical", "ngrams": "3-6", "buckets": "exact",
                "window": "7", "shrink_windows": "no"}  # fmt: skip
    assert {name: shown[name] for name in expected} == expected


def test_a_loss_that_rises_in_the_last_epoch_is_explained(model, run_report):
    assert rising_loss([3.5, 2.9, 2.75], []) == rising_loss([3.5], []) == []
    (alone,) = rising_loss([3.5, 2.5, 2.75], [])
    assert "rises in the last epoch" in alone.text
    assert "--validation" in alone.text
    (fell,) = rising_loss([3.5, 2.5, 2.75], [3.0, 2.8, 2.7])
    assert "fell: 2.800 before the last epoch, 2.700 after it" in fell.text
    (rose,) = rising_loss([3.5, 2.5, 2.75], [3.0, 2.8, 2.9])
    assert "rose as well" in rose.text
    other = Vectors(model.words, model.E, model.C, model.counts, model.metadata | {"losses": [3.5, 2.5, 2.75]})
    assert alone in run_chapter(other, "toy", run_report)


def test_the_pair_of_the_step_is_in_the_plot_and_likely(model, blocks):
    words = ["red", "two", "blue", "jump"]
    w, c = likely_pair(model, words)
    assert w != c
    scores = model.E @ model.C.T
    best = max(scores[model.id(a), model.id(b)] for a in words for b in words if a != b)
    assert scores[model.id(w), model.id(c)] == pytest.approx(best)
    title = next(block.text for block in blocks if isinstance(block, Heading) and block.text.startswith("One step"))
    shown = next(block for block in blocks if isinstance(block, Table) and "among all words" in block.caption)
    plotted = {plain(cell) for row in shown.rows for cell in (row[0], row[2])}
    assert all(word in plotted for word in re.findall(r"= (\w+)", plain(title)))


def test_each_question_is_answered_in_a_section_that_exists(blocks):
    titles = [heading.text for _, heading in sections(blocks)]
    for asked in QUESTIONS:
        for start in asked.answered:
            assert any(title == start or title.startswith(f"{start}: ") for title in titles), start
    table = blocks[-1]
    assert len(table.rows) == len(QUESTIONS)
    numbers = {f"{number} {heading.text}" for number, heading in sections(blocks)}
    assert all(place in numbers for row in table.rows for place in row[2].split("; "))
    without = questions_chapter([block for block in blocks if not getattr(block, "text", "").startswith("One step")])
    assert len(without[-1].rows) == len(QUESTIONS) - 1
    assert "1 more" in without[1].text


def test_sentences_are_made_from_the_figures():
    from types import SimpleNamespace as Some

    shown = Some(
        words=["a", "b", "c"], coordinates=np.array([[1.0, 0], [-1, 0], [0, 2]]), explained=np.array([0.6, 0.3])
    )
    found = Some(
        neighbours={"a": [("x", 0.5)], "b": [("y", 0.9)]},
        groups=[Some(words=["a", "b"], tightness=0.8), Some(words=["c", "d"], tightness=0.1)],
    )
    text = sentences(shown, found)
    assert "b has the closest neighbour: y, at cosine 0.90" in text
    assert "tightest group is a, b (mean cosine 0.80), the loosest c, d (0.10)" in text
    assert "carries 60 % of these words' variance and sets b, c, a apart from a, c, b" in text


def test_report_evaluates(model, tmp_path):
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("red\tblue\t9\none\ttwo\t8\nred\ttwo\t1\nrun\tblue\t2\nred\tunknown\t5\n")
    heading, table = evaluation_chapter(model, [pairs], [])
    assert heading == Heading(1, "Evaluation")
    assert [row[-1] for row in table.rows] == ["4 of 5"]
    questions = tmp_path / "questions.txt"
    questions.write_text(": colours\nred blue one two\nred blue one unknown\n")
    _, table = evaluation_chapter(model, [pairs], [questions])
    assert [(plain(row[0]), row[-1]) for row in table.rows] == [("pairs.tsv", "4 of 5"), ("questions.txt", "1 of 2")]
    assert evaluation_chapter(model, [], []) == []
