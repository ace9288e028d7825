"""The report and its chapters on a trained model."""

import numpy as np
import pytest

pytest.importorskip("sympy")

from sgns.learn.chapters.model import evaluation_chapter, loss_figure, run_chapter, sentences
from sgns.learn.document.blocks import Figure, Heading, Table, plain


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
