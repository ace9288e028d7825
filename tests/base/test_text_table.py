"""Tables of text: alignment, numbers, and characters that a terminal would take as commands."""

from sgns.base.text_table import cell_text, display_width, text_table


def test_text_stands_left_and_numbers_right():
    assert text_table(["word", "count", "cosine"], [("a", 12_000, 0.5), ("bcdef", None, 1.0)]).splitlines() == [
        "word    count  cosine",
        "a      12,000   0.500",
        "bcdef       –   1.000",
    ]


def test_wide_characters_are_aligned_and_control_characters_replaced():
    lines = text_table(["word", "n"], [("東京", 1), ("a\x1b[31m", 12_000), ("e\u0301", 2)]).splitlines()
    assert len({display_width(line) for line in lines}) == 1
    assert "\x1b" not in lines[2]


def test_what_is_missing_is_a_dash():
    assert cell_text(float("nan")) == cell_text(None) == "–"
