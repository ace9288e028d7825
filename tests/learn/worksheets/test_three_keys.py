"""The key of three worksheets, one of each level, worked by hand.

The comments say which steps were taken, each with a pocket calculator and six digits. The lines of the code are looked
up in the source.
"""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sympy")

from sgns.learn.document.blocks import Table
from sgns.learn.worksheets.answers import Choice, Formula, Numeric
from sgns.learn.worksheets.marking import mark_answers
from sgns.learn.worksheets.worksheet import make_worksheet

SOURCE = Path(__file__).parents[3] / "src"

BY_HAND = {
    (1, 1): {
        "parameters": {
            "count": 12_772_000,  # 2 · 20,600 · 310
            "bytes": 51_088_000,  # 4 · 12,772,000
            "words": 18_600,  # 9,300,000 / 500
        },
        "sigmoid": {
            "lower": 0,
            "upper": 1,
            "positive": "sigmoid(dot(Ew, Cc))",
            "negative": "sigmoid(-dot(Ew, Cc))",
            "value": 0.996982,  # 1 / (1 + e^−5.8) = 1 / 1.003028
            "derivative": "-4*sigmoid(-4*x)*(1 - sigmoid(-4*x))",
            "slope": -0.711579,  # σ(−1.2) = 0.231475; −4 · 0.231475 · 0.768525
        },
        "loss": {  # Ew = (1.5, 1.5), Cp = (−0.5, 1), C1 = (−1, −0.5)
            "L": "-log(sigmoid(dot(Ew, Cp))) - log(sigmoid(-dot(Ew, C1)))",
            "scores": [0.75, -2.25],  # −0.75 + 1.5; −1.5 − 0.75
            "value": 0.487077,  # log(1 + e^−0.75) + log(1 + e^−2.25) = 0.386871 + 0.100206
            "start": 1.386294,  # 2 · 0.693147
        },
        "gradients": {
            "dL/dCp": "(sigmoid(dot(Ew, Cp)) - 1)*Ew",
            "dL/dC1": "sigmoid(dot(Ew, C1))*Ew",
            "dL/dEw": "(sigmoid(dot(Ew, Cp)) - 1)*Cp + sigmoid(dot(Ew, C1))*C1",
            "dCp": [-0.481231, -0.481231],  # σ(0.75) − 1 = −0.320821, times 1.5
            "dC1": [0.143024, 0.143024],  # σ(−2.25) = 0.0953495, times 1.5
            "dEw": [0.065061, -0.368496],  # (0.1604105, −0.320821) + (−0.0953495, −0.0476748)
        },
        "samples": {
            "pairs": 36,  # 8 words, L = 3: 3 + 4 + 5 + 6 + 6 + 5 + 4 + 3
            "of_word": 4,  # dough is the seventh of eight: three to the left, one to the right
            "samples": 108,  # 36 · 3
            "noise": 0.087851,  # 9^.75 = 5.19615, 21^.75 = 9.80990, 156^.75 = 44.1411
        },
        "code": {
            "sum": 4.579370,  # log(1 + e^0.7) + log(1 + e^2.2) + log(1 + e^0.8) = 1.103186 + 2.305083 + 1.171101
            "mean": 1.526457,  # a third of it
        },
        "training": {"start": 6.238325},  # 9 · 0.693147
        "graph": {  # f = y · log(x·y) at x = 3, y = 0.5: a = x·y, b = log a
            "nodes": 5,  # x, y, a, b, f
            "edges": 5,  # two into a, one into b, two into f
            "a": 1.5,
            "b": 0.405465,
            "f": 0.202733,
            "df/db": 0.5,  # y
            "df/da": 0.333333,  # 0.5 / 1.5
            "df/dx": 0.166667,  # 0.333333 · 0.5
            "df/dy": 1.405465,  # b + 0.333333 · 3
            "upstream": 0.333333,
            "local": 0.5,
            "downstream": 0.166667,
            "formula": "y/x",
        },
    },
    (7, 2): {
        "parameters": {
            "count": 1_998_000,  # 2 · 11,100 · 90
            "bytes": 7_992_000,
            "words": 18_500,  # 4,440,000 / 240
        },
        "sigmoid": {
            "lower": 0,
            "upper": 1,
            "positive": "1 / (1 + exp(-dot(Cc, Ew)))",
            "negative": "sigmoid(-dot(Ew, Cc))",
            "value": 0.924142,  # 1 / 1.082085
            "derivative": "4*sigmoid(4*x + 2)*sigmoid(-4*x - 2)",
            "slope": 0.150527,  # σ(3.2) = 0.960834; 4 · 0.960834 · 0.039166
        },
        "loss": {  # Ew = (−0.5, 1), Cp = (−0.5, 0.5), C1 = (1.5, −1), C2 = (−0.5, −0.5)
            "L": "-log(sigmoid(dot(Ew, Cp))) - total(log(sigmoid(-dot(Ew, Cn))))",
            "scores": [0.75, -1.75, -0.25],
            "value": 1.123034,  # 0.386871 + log(1 + e^−1.75) + log(1 + e^−0.25) = … + 0.160224 + 0.575939
            "start": 2.079442,  # 3 · 0.693147
        },
        "gradients": {
            "dL/dCp": "-sigmoid(-dot(Ew, Cp))*Ew",
            "dL/dC1": "Ew*sigmoid(dot(C1, Ew))",
            "dL/dEw": "(sigmoid(dot(Ew, Cp)) - 1)*Cp + total(sigmoid(dot(Ew, Cn))*Cn)",
            "dCp": [0.160411, -0.320821],  # −0.320821 · (−0.5, 1)
            "dC1": [-0.0740235, 0.148047],  # σ(−1.75) = 0.148047
            # (0.160411, −0.160411) + (0.222071, −0.148047) + 0.437823 · (−0.5, −0.5)
            "dEw": [0.163570, -0.527370],
        },
        "samples": {
            "pairs": 26,  # without "cup" 8 words, L = 2: 2 + 3 + 4 + 4 + 4 + 4 + 3 + 2
            "of_word": 3,  # cinnamon is the last but one
            "samples": 130,  # 26 · 5
            "noise": 0.065017,  # 3^.75 = 2.27951, 19^.75 = 9.10050, 68^.75 = 23.6800
        },
        "code": {
            "sum": 5.622065,  # 2.039386 + 0.263282 + 2.765042 + 0.554355
            "mean": 1.405516,
        },
        "training": {"start": 6.238325},
        "graph": {  # f = (z − x) − log(x + y) at x = 2, y = 0.5, z = −2: a = z − x, b = x + y, c = log b
            "nodes": 7,
            "edges": 7,
            "a": -4,
            "b": 2.5,
            "c": 0.916291,
            "f": -4.916291,
            "df/dc": -1,
            "df/db": -0.4,  # −1 / 2.5
            "df/dy": -0.4,
            "df/da": 1,
            "df/dx": -1.4,  # −1 − 0.4
            "df/dz": 1,
            "upstream": 1,
            "local": 1,
            "downstream": 1,
            "formula": "-(x + y + 1)/(x + y)",
        },
    },
    (2026, 3): {
        "parameters": {
            "count": 7_524_000,  # 2 · 3,762,000
            "bytes": 30_096_000,
            "words": 7_400,  # 3,256,000 / 440
        },
        "sigmoid": {
            "lower": 0,
            "upper": 1,
            "positive": "exp(dot(Ew, Cc)) / (exp(dot(Ew, Cc)) + 1)",
            "negative": "sigmoid(-dot(Ew, Cc))",
            "value": 0.0121284,  # 1 / (1 + e^4.4) = 1 / 82.4509
            "derivative": "-10*x*sigmoid(2 - 5*x**2)*(1 - sigmoid(2 - 5*x**2))",
            "slope": 0.109040,  # at x = −0.1 the factor is 1 and σ(1.95) = 0.875447; · 0.124553
        },
        "loss": {  # Ew = (−0.5, −0.4, 0.4), Cp = (1, 1, −0.2), C1 = (0.5, 0.2, 0.5), C2 = (−0.6, −1.2, 0.8), C3 = …
            "L": "total(-log(1 - sigmoid(dot(Ew, Cn)))) - log(sigmoid(dot(Ew, Cp)))",
            "scores": [-0.98, -0.13, 1.1, 0.64],
            "value": 4.379770,  # 1.298680 + 0.630258 + 1.387335 + 1.063497
            "start": 2.772589,  # 4 · 0.693147
        },
        "gradients": {
            "dL/dCp": "(sigmoid(dot(Ew, Cp)) - 1)*Ew",
            "dL/dC1": "sigmoid(dot(Ew, C1))*Ew",
            "dL/dEw": "total(sigmoid(dot(Ew, Cn))*Cn) - sigmoid(-dot(Ew, Cp))*Cp",
            "dCp": [0.363554, 0.290843, -0.290843],  # σ(−0.98) − 1 = −0.727108
            "dC1": [-0.233773, -0.187018, 0.187018],  # σ(−0.13) = 0.467546
            # −0.727108 · Cp + 0.467546 · C1 + 0.750260 · C2 + 0.654753 · C3
            "dEw": [-1.467294, -1.795812, 1.110354],
        },
        "samples": {
            "pairs": 16,  # without "dough" 9 words, L = 1: 1 + 7 · 2 + 1
            "of_word": 2,
            "samples": 80,  # 16 · 5
            "noise": 0.068131,  # 6^.75 = 3.83366, 14^.75 = 7.23762, 161^.75 = 45.1981
        },
        "code": {
            "sum": 4.600021,  # 0.598139 + 0.644397 + 0.139387 + 2.305083 + 0.913015
            "mean": 0.920004,
        },
        "training": {"start": 11.090355},  # 16 · 0.693147
        "graph": {  # a = x·y, f = a² − log(a) at x = 5, y = 1.3: b = a², c = log a
            "nodes": 6,
            "edges": 6,
            "a": 6.5,
            "b": 42.25,
            "c": 1.871802,
            "f": 40.378198,
            "df/dc": -1,
            "df/db": 1,
            "df/da": 12.846154,  # 2 · 6.5 − 1 / 6.5
            "df/dy": 64.230769,  # · 5
            "df/dx": 16.7,  # · 1.3
            "upstream": 12.846154,
            "local": 1.3,
            "downstream": 16.7,
            "formula": "2*x*y**2 - 1/x",
        },
    },
}


@pytest.mark.parametrize(("seed", "level"), BY_HAND)
def test_the_key_is_what_was_worked_by_hand(seed, level):
    sheet, by_hand = make_worksheet(seed, level=level), BY_HAND[seed, level]
    for question in sheet.questions:
        mine = by_hand[question.topic]
        for answer in question.answers:
            if isinstance(answer, Numeric) and not answer.name.startswith("line"):
                rel = 0 if answer.whole else 1e-5
                assert np.asarray(mine[answer.name]) == pytest.approx(answer.value, rel=rel, abs=2e-6 if rel else 0)
            if isinstance(answer, Formula):
                verdict = answer.mark(mine[answer.name])
                assert (verdict.right, verdict.by) == (True, "SymPy"), f"{answer.name}: {verdict.hint}"


@pytest.mark.parametrize(("seed", "level"), BY_HAND)
def test_the_lines_of_the_key_stand_in_the_source(seed, level):
    (question,) = make_worksheet(seed, topics=["code"], level=level).questions
    statements = dict(next(block for block in question.intro if isinstance(block, Table)).rows)
    asked = [answer for answer in question.answers if isinstance(answer, Choice)]
    lines = [answer for answer in question.answers if answer.name.startswith("line")]
    assert len(asked) == len(lines) == 4
    for letter, line in zip(asked, lines):
        file = SOURCE / line.prompt.split("`")[1]
        first = file.read_text(encoding="utf-8").splitlines()[int(line.value) - 1].split("  #")[0].strip()
        assert first
        assert statements[f"**{letter.value}**"].strip("`").startswith(first)


def test_what_was_worked_by_hand_earns_all_points_that_need_no_teacher():
    rest = {
        "words": 4_321,
        "parameters": 2 * 4_321 * 40,
        "losses": [3.5, 3.1, 3.0, 2.9, 2.85, 2.8],
        "neighbours": ["tea", "coffee", "milk", "water"],
        "description": "I trained on …",
        "judgement": "The loss …",
    }
    by_hand = BY_HAND[7, 2]
    (code,) = make_worksheet(7, topics=["code"]).questions
    lines = {answer.name: answer.right_answer() for answer in code.answers}
    answers = by_hand | {"training": by_hand["training"] | rest, "code": lines | by_hand["code"]}
    marked = mark_answers(answers, 7)
    assert [mark for mark in marked.marks if mark.verdict.right is False] == []
    assert (marked.points, marked.for_the_teacher, marked.sheet.points) == (91, 9, 100)
