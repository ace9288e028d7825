"""Finds the words of a word2vec binary file where a word may hold a blank, although a blank ends a word there.

A row has a fixed size, so a blank inside a word shifts all that follows: numbers become implausible, and bytes of
numbers stand in the next word. Every reading of some rows has a cost, the negative logarithm of its likelihood against
bytes of which nothing is known (5 nats a byte): letters make a word likely; blanks, control bytes and bytes that are no
UTF-8 make it unlikely; numbers are likely near 1, unlikely beyond 1e-15 to 1e10. Readings that meet at the same byte
after the same number of rows are compared there (dynamic programming, Bellman 1957). Where the second best is not
clearly worse, nobody can know which one was meant, and the row is doubtful.
"""

import re
from dataclasses import dataclass, field, replace

import numpy as np

LONGEST_SUM = 64  # numbers of a row whose likelihood is summed
MARGIN = 12.0  # nats by which a reading must be more likely than the next one
WIDE_MARGIN = 40.0  # the same where the better reading has unusual rows, or a damaged word and the other none
BEYOND = 60.0  # nats: readings that are worse than the best by more are given up
MOST_READINGS = 32
MOST_ROWS = 256  # after which the search ends even if several readings are left
CLEAN_ROWS = 4  # rows with one reading and nothing unusual, after which the search ends

IN_WORD, AT_END, EMPTY, CONTROL, NO_UTF8, UNPRINTABLE, FOREIGN, LETTER = 3.0, 5.0, 6.0, 12.0, 10.0, 4.0, 1.5, -1.0
LEFT_OVER = 1000.0  # bytes after the last row, or a last row that is torn

EXPONENTS = np.full(256, 20.0)  # cost of a number, by its exponent
EXPONENTS[77:161] = 5.0  # 1e-15 to 1e10
EXPONENTS[107:138] = 0.0  # 1e-6 to 2e3
EXPONENTS[255] = 24.0  # NaN, infinity
ZERO, ROUND = -6.0, -5.0  # of 0 itself; of a number whose lower 16 bits are 0, beside the cost of its exponent

CONTROL_BYTES = re.compile(rb"[\x00-\x1f\x7f]")
LEAST_BITS, MOST_BITS = (int(np.float32(x).view(np.uint32)) for x in (1e-15, 1e10))
CHECKED = 16  # numbers of a row that `implausible` looks at


def implausible(E: np.ndarray) -> np.ndarray:
    """Whether one of the first numbers of each row (n, d) is beyond 1e-15 to 1e10 and not 0; (n,) bool."""
    bits = E[:, :CHECKED].view(np.uint32) & np.uint32(0x7FFFFFFF)
    bits -= np.uint32(LEAST_BITS)  # what is below becomes very large, and 0 becomes 2**32 - LEAST_BITS
    if bits.max(initial=0) <= MOST_BITS - LEAST_BITS:  # nearly always, and many times faster than row by row
        return np.zeros(len(E), bool)
    return ((bits > MOST_BITS - LEAST_BITS) & (bits != 2**32 - LEAST_BITS)).any(axis=1)


@dataclass(frozen=True)
class Row:
    """A row as a reading finds it: its word is data[start:blank], its numbers begin after the blank.

    Attributes:
        start: First byte of the word, after a line break.
        blank: The blank that ends it.
        clean: Nothing about it is unusual.
        usual: No number is beyond 1e-6 to 2e3, but for 0.
        number: Number of rows before it.
        before: The row before it in the same reading.
    """

    start: int
    blank: int
    clean: bool
    usual: bool
    number: int = 0
    before: "Row | None" = field(repr=False, compare=False, default=None)

    def back_to(self, count: int) -> "list[Row]":
        """The last `count` rows of the reading that ends with this one."""
        rows: list[Row] = []
        row: Row | None = self
        while row is not None and len(rows) < count:
            rows.append(row)
            row = row.before
        return rows[::-1]


@dataclass
class Reading:
    """One way to read all rows so far, and those that are not clearly worse."""

    cost: float
    last: Row | None
    damaged: bool = False  # a word has control bytes or is not UTF-8
    unusual: bool = False  # a number is beyond 1e-6 to 2e3
    rivals: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Found:
    """What `search` found.

    Attributes:
        rows: The rows of the best reading.
        doubtful: For some of these, by number: the row at the same place of a reading that is as likely.
        end: The byte after the last row.
    """

    rows: list[Row]
    doubtful: dict[int, Row]
    end: int


def search(data: bytes, start: int, d: int, most: int, least: int, longest_word: int, at_end: bool) -> Found | None:
    """The most likely rows of `data` from `start` on.

    Args:
        data: Part of a file.
        start: Where a row begins.
        d: Dimension.
        most: The number of rows that are left in the file.
        least: The number of rows that are searched at least; the search goes on until only one reading is left.
        longest_word: Bytes.
        at_end: The file ends with `data`.

    Returns:
        The rows; None when more data are needed.
    """
    readings = {start: Reading(0.0, None)}
    ended: list[tuple[int, Reading]] = []  # at the end of the file
    count = clean = 0
    while count < most and readings:
        following: dict[int, Reading] = {}
        for position, reading in readings.items():
            rows = possible_rows(data, position, d, longest_word)
            whole = [(row, cost) for row, cost in rows if row.blank + 1 + 4 * d <= len(data)]
            if len(whole) < len(rows) or not rows:
                if not at_end and len(data) - position <= longest_word + 1 + 4 * d:
                    return None
                if not whole:
                    ended.append((position, replace(reading, cost=reading.cost + LEFT_OVER)))
            for row, cost in whole:
                new = Row(row.start, row.blank, row.clean, row.usual, count, reading.last)
                damaged = reading.damaged or is_damaged(data[row.start : row.blank])
                beyond = reading.unusual or not row.usual
                after = Reading(reading.cost + cost, new, damaged, beyond, reading.rivals)
                better(following, row.blank + 1 + 4 * d, after)
        if not following:
            readings = {}
            break
        least_cost = min(reading.cost for reading in following.values())
        kept = sorted((item for item in following.items() if item[1].cost <= least_cost + BEYOND), key=by_cost)
        readings = dict(kept[:MOST_READINGS])
        count += 1
        only = next(iter(readings.values()))
        clean = clean + 1 if len(readings) == 1 and only.last is not None and only.last.clean else 0
        if count >= least and (clean >= CLEAN_ROWS or count >= least + MOST_ROWS):
            break
    for position, reading in readings.items():
        if count == most and at_end and data[position:].strip(b"\n"):
            reading.cost += LEFT_OVER
        ended.append((position, reading))
    ended.sort(key=by_cost)
    end, best = ended[0]
    near = [reading.last for _, reading in ended[1:] if is_near(reading, best)]
    return Found(*doubtful_rows(best, [rival for rival in near if rival is not None]), end)


def is_near(other: Reading, best: Reading) -> bool:
    """Whether nobody can know which of two readings was meant."""
    wide = best.unusual or (best.damaged and not other.damaged)
    return other.cost < best.cost + (WIDE_MARGIN if wide else MARGIN)


def is_damaged(word: bytes) -> bool:
    """Whether a word has control bytes or is not UTF-8."""
    try:
        word.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return CONTROL_BYTES.search(word) is not None


def by_cost(item: tuple[int, Reading]) -> float:
    """The cost of a reading."""
    return item[1].cost


def better(readings: dict[int, Reading], end: int, new: Reading) -> None:
    """Keeps the better one of the readings that end at the same byte; the other is its rival if it is near."""
    old = readings.setdefault(end, new)
    if old is new:
        return
    best, other = (new, old) if new.cost < old.cost else (old, new)
    if is_near(other, best) and other.last is not None:
        best = replace(best, rivals=(*best.rivals, other.last))
    readings[end] = best


def doubtful_rows(best: Reading, near: list[Row]) -> tuple[list[Row], dict[int, Row]]:
    """The rows of the best reading, and for those that rivals read in another way the row of a rival."""
    rows = [] if best.last is None else best.last.back_to(best.last.number + 1)
    doubtful: dict[int, Row] = {}
    for rival in (*best.rivals, *near):
        other: Row | None = rival
        while other is not None:
            i = other.number
            if i < len(rows) and (rows[i].start, rows[i].blank) != (other.start, other.blank):
                doubtful[i] = other
            elif i + 1 in doubtful:
                break  # before this row both are the same
            other = other.before
    return rows, doubtful


def possible_rows(data: bytes, position: int, d: int, longest_word: int) -> list[tuple[Row, float]]:
    """The rows that may begin at a byte, with their costs; those that are too unlikely are left out."""
    start = position
    while data[start : start + 1] == b"\n":
        start += 1
    found: list[tuple[Row, float]] = []
    blank = data.find(b" ", start, start + longest_word + 1)
    least = float("inf")
    while blank >= 0:
        word = data[start:blank]
        word_cost = cost_of_word(word)
        if found and word_cost > BEYOND:
            break
        numbers, usual = cost_of_numbers(data, blank + 1, d)
        cost = word_cost + numbers
        clean = word_cost <= 0 and numbers <= float(EXPONENTS[77])
        found.append((Row(start, blank, clean, usual), cost))
        if blank + 1 + 4 * d > len(data):  # so do those after a later blank
            break
        least = min(least, cost)
        blank = data.find(b" ", blank + 1, start + longest_word + 1)
    return [(row, cost) for row, cost in found if cost <= least + BEYOND]


def cost_of_word(word: bytes) -> float:
    """The cost of some bytes as a word, in nats."""
    if not word:
        return EMPTY
    text = word.decode("utf-8", "surrogateescape")
    if text.isalnum() and text.isascii():
        return LETTER * len(text)
    cost = (AT_END if text[0] == " " or text[-1] == " " else 0.0) + IN_WORD * text.strip(" ").count(" ")
    for character in text:
        if character == " ":
            continue
        if character.isascii():
            cost += LETTER if character.isalnum() else 0.0 if character.isprintable() else CONTROL
        elif "\udc80" <= character <= "\udcff":
            cost += NO_UTF8
        else:
            cost += FOREIGN if character.isprintable() else UNPRINTABLE
    return cost


def cost_of_numbers(data: bytes, start: int, d: int) -> tuple[float, bool]:
    """The cost of some bytes as float32, in nats, and whether all are usual; 0 for bytes that are not there."""
    count = min(d, LONGEST_SUM, max(0, len(data) - start) // 4)
    bits = np.frombuffer(data, "<u4", count, start) if count else np.empty(0, np.uint32)
    costs = EXPONENTS[(bits >> np.uint32(23)) & np.uint32(255)]
    zero = (bits & np.uint32(0x7FFFFFFF)) == 0
    usual = bool(((costs == 0) | zero).all())
    costs[(bits & np.uint32(0xFFFF)) == 0] += ROUND
    costs[zero] = ZERO
    return float(costs.sum()), usual
