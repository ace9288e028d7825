"""Laws of all worksheets: points, numbers that can be worked with, unique answers, full marks for the key.

The law of numbers: what is given has at most two decimals. An answer that is no count is finite, at most 1,000, and 0
or at least 0.001, except for a sum whose terms nearly cancel: there every answer within the rounding of the terms is
right. A formula holds only numbers with at most two decimals.
"""

import ast
import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("sympy")

from sgns.errors import ConfigError
from sgns.learn.chapters.explain import source_of
from sgns.learn.document.blocks import Code, Paragraph, Table, plain
from sgns.learn.formulas.parser import Apply, Number
from sgns.learn.worksheets.answers import Choice, Formula, Numeric, Reported, Written
from sgns.learn.worksheets.program import PASSAGES
from sgns.learn.worksheets.worksheet import LEVELS, TOPICS, make_worksheet

PART_POINTS = [30, 46, 24]
QUICK = [(seed * 37, 1 + seed % 3) for seed in range(40)]


def shown(question) -> str:
    """All that a student reads."""
    text = []
    for block in question.intro:
        if isinstance(block, Paragraph):
            text.append(plain(block.text))
        elif isinstance(block, Code):
            text.append(block.text)
        elif isinstance(block, Table):
            text += [plain(cell) for row in block.rows for cell in row]
    return "\n".join([*text, *(plain(answer.prompt) for answer in question.answers)])


def constants(tree):
    if isinstance(tree, Number):
        yield tree.value
    for operand in tree.operands if isinstance(tree, Apply) else ():
        yield from constants(operand)


def check_laws(sheets):
    texts = Counter()
    for sheet in sheets:
        points = [0, 0, 0]
        for question in sheet.questions:
            points[TOPICS[question.topic][0]] += question.points
            text = shown(question)
            texts[question.topic, sheet.level, text] += 1
            where = f"seed {sheet.seed}, level {sheet.level}, {question.topic}"
            for figure in re.findall(r"\d+\.(\d+)", text):
                assert len(figure) <= 2, f"{where}: {figure}"
            names = [answer.name for answer in question.answers]
            assert len(set(names)) == len(names)
            given = {answer.name: answer.right_answer() for answer in question.answers}
            for answer in question.answers:
                where_ = f"{where}, {answer.name}"
                if isinstance(answer, Reported):
                    answer = replace(answer, others=given)
                verdict = answer.mark(given[answer.name])
                assert verdict.right is (None if isinstance(answer, Written) else True), f"{where_}: {verdict.hint}"
                assert answer.points > 0
                if isinstance(answer, Numeric):
                    value = np.atleast_1d(answer.value)
                    assert np.isfinite(value).all(), where_
                    if not answer.whole:
                        assert np.abs(value).max() <= 1000, f"{where_}: {value}"
                        least = 0 if answer.scale else 0.001
                        assert all(x == 0 or x >= least for x in np.abs(value).round(12)), f"{where_}: {value}"
                if isinstance(answer, Formula):
                    for x in constants(answer.tree):
                        assert abs(x) <= 100, where_
                        assert round(x, 2) == x, where_
                if isinstance(answer, Numeric | Formula | Choice):
                    assert answer.checked, where_
                    hints = [answer.hint, *(hint for _, hint in getattr(answer, "mistakes", ()))]
                    key = plain(answer.key())
                    assert len(key) < 4 or not any(key in hint for hint in hints), f"{where_}: {key}"
        assert points == PART_POINTS
    assert max(texts.values()) == 1, texts.most_common(2)


@pytest.mark.slow
def test_forty_worksheets():
    check_laws(make_worksheet(seed, level=level) for seed, level in QUICK)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("level", LEVELS)
def test_five_hundred_worksheets(level):
    check_laws(make_worksheet(seed, level=level) for seed in range(500))


def test_a_worksheet_is_the_same_each_time():
    first, again = make_worksheet(42), make_worksheet(42)
    assert [shown(q) for q in first.questions] == [shown(q) for q in again.questions]
    assert [a.key() for q in first.questions for a in q.answers] == [
        a.key() for q in again.questions for a in q.answers
    ]


def test_graphs_have_two_to_four_operations_a_shared_part_and_a_function():
    for seed, level in QUICK[:15] + [(seed, 1) for seed in range(15)]:
        (question,) = make_worksheet(seed, topics=["graph"], level=level).questions
        text = shown(question)
        operations = [answer for answer in question.answers if "Forward" in answer.prompt]
        assert 2 <= len(operations) <= 4
        assert any(name in text for name in ("log", "σ", "e^", "·v", "·u", "·(u", "·a"))
        assert any("is used 2 times" in hint for a in question.answers for _, hint in getattr(a, "mistakes", ()))


def test_each_statement_that_is_asked_for_stands_once_in_its_function():
    """So the line that a question asks for is the only one."""
    for passage in PASSAGES:
        source = source_of(passage.module)
        scope = ast.parse(source)
        for name in passage.function.split("."):
            scope = next(node for node in ast.walk(scope) if getattr(node, "name", None) == name)
        statements = [ast.get_source_segment(source, node) for node in ast.walk(scope) if isinstance(node, ast.stmt)]
        own = [text for text in statements if " ".join(text.split()).startswith(passage.statement)]
        assert len(own) == 1, passage


def test_topics_and_levels():
    sheet = make_worksheet(5, topics=["graph", "sigmoid"], level=3)
    assert sheet.topics == ("sigmoid", "graph")
    assert sheet.points == 32
    with pytest.raises(ConfigError, match="topic is 'sigmoids', which is none; did you mean sigmoid"):
        make_worksheet(5, topics=["sigmoids"])
    with pytest.raises(ConfigError, match="level is 4, outside 1 to 3"):
        make_worksheet(5, level=4)
