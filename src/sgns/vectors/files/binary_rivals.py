"""Other readings of a whole word2vec binary file that nothing forbids, however unlikely they are.

What is likely is known from usual numbers: about 1, in their hundreds. In a file of few or of unusual numbers a wrong
reading may look better than the right one, so there every reading counts whose words are UTF-8 without control bytes,
whose numbers are finite, and whose rows fill the file.
"""

import numpy as np

from sgns.vectors.files.binary_rows import CONTROL_BYTES, Row

ENOUGH = 64  # usual numbers in a file, from which on unusual ones are evidence against a reading
MOST_PLACES = 64  # bytes at which a row may begin, after as many rows; with more, the row is doubtful
EXPONENT = 0x7F800000


def is_established(data: bytes, d: int, rows: list[Row]) -> bool:
    """Whether the numbers of a reading are such that unusual ones count against another reading."""
    if not all(row.usual for row in rows):
        return False
    known = 0
    for row in rows:
        bits = np.frombuffer(data, "<u4", d, row.blank + 1)
        known += int(np.count_nonzero(bits & np.uint32(0xFFFF)))  # round numbers have bytes of zero, which fit anywhere
        if known >= ENOUGH:
            return True
    return False


def rivals(data: bytes, start: int, d: int, rows: list[Row], longest_word: int, at_end: bool) -> dict[int, Row]:
    """The rows that another reading of the same data has in another place, by number.

    Args:
        data: All rows of a file.
        start: Where the first row begins.
        d: Dimension.
        rows: The best reading.
        longest_word: Bytes.
        at_end: The file ends with `data`.

    Returns:
        For some numbers of rows, the row of another reading; empty when no other reading is possible.
    """
    after = [{start}]  # places that some reading reaches after 0, 1, … rows
    steps: list[dict[int, list[int]]] = []  # for each of them, the blanks that may end its word
    for number in range(len(rows)):
        step = {place: blanks_of(data, place, d, longest_word) for place in after[-1]}
        reached = {blank + 1 + 4 * d for blanks in step.values() for blank in blanks}
        if len(reached) > MOST_PLACES:
            return {number: Row(*other_row(data, step, rows[number]), clean=False, usual=False, number=number)}
        steps.append(step)
        after.append(reached)
    complete = {place for place in after[-1] if not at_end or not data[place:].strip(b"\n")}
    found: dict[int, Row] = {}
    for number in reversed(range(len(rows))):
        before = set()
        for place, blanks in steps[number].items():
            for blank in blanks:
                if blank + 1 + 4 * d not in complete:
                    continue
                before.add(place)
                word = first_of(data, place)
                if (word, blank) != (rows[number].start, rows[number].blank):
                    found[number] = Row(word, blank, clean=False, usual=False, number=number)
        complete = before
    return found


def first_of(data: bytes, place: int) -> int:
    """The first byte of a word whose row begins at `place`: line breaks before it belong to no row."""
    while data[place : place + 1] == b"\n":
        place += 1
    return place


def other_row(data: bytes, step: dict[int, list[int]], row: Row) -> tuple[int, int]:
    """Where the word of another row than `row` begins and ends."""
    places = ((first_of(data, place), blank) for place, blanks in step.items() for blank in blanks)
    return next(where for where in places if where != (row.start, row.blank))


def blanks_of(data: bytes, place: int, d: int, longest_word: int) -> list[int]:
    """The blanks that may end a word: it is UTF-8 without control bytes, and d finite numbers follow."""
    start = first_of(data, place)
    text = data[start : start + longest_word + 1]
    if control := CONTROL_BYTES.search(text):
        text = text[: control.start()]
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        text = text[: error.start]
    blanks, at = [], text.find(b" ")
    while at >= 0:
        if start + at + 1 + 4 * d > len(data):
            break
        bits = np.frombuffer(data, "<u4", d, start + at + 1)
        if not ((bits & np.uint32(EXPONENT)) == EXPONENT).any():
            blanks.append(start + at)
        at = text.find(b" ", at + 1)
    return blanks
