"""docs/training.md: the table of options has the defaults of `Config`, and the rule of the threshold."""

import re
from pathlib import Path

import numpy as np
import pytest

from sgns import Config
from sgns.text.vocabulary import Vocabulary

PAGE = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")
WORDS = {"none": None, "all": None, "yes": True, "no": False, "by the text": None}
OTHER = {"shards", "communication_dtype"}  # of torchrun: no fields of Config


def rows() -> list[tuple[str, str]]:
    """(option, default) of each row of the table."""
    table = PAGE.split("## Options")[1].split("\n\n|")[1].split("\n\n")[0]
    found = []
    for line in table.splitlines()[2:]:
        names, default = (cell.strip() for cell in line.strip("|").split("|")[:2])
        options = [name.replace("-", "_") for name in re.findall(r"`--([a-z-]+)`", names)]
        defaults = default.split(", ") if ", " in default else [default] * len(options)
        found += list(zip(options, defaults, strict=True))
    return found


@pytest.mark.parametrize(("option", "shown"), [row for row in rows() if row[0] not in OTHER])
def test_a_default_is_that_of_the_code(option, shown):
    default = getattr(Config(), option)
    assert default == (WORDS[shown] if shown in WORDS else type(default)(shown))


def test_the_rule_of_the_threshold():
    rule = re.search(r"from ([\d.]+) for ([\d.]+) million tokens to ([\d.]+) for ([\d.]+) million and more", PAGE)
    assert rule is not None
    most, least = float(rule[1]), float(rule[3])
    few, many = (round(float(rule[place]) * 10**6) for place in (2, 4))
    for tokens, shown in ((few // 10, most), (few, most), (many, least), (many * 10, least)):
        assert of_tokens(tokens) == pytest.approx(shown)
    assert least < of_tokens((few + many) // 2) < most


def of_tokens(tokens: int) -> float:
    """The threshold where none is given."""
    return Vocabulary(["a"], np.array([tokens])).threshold(None)
