"""Parses the decimal numbers of vector files in parallel, with the results of Python's `float`, bit for bit.

Where the digits of a number form an integer below 2^53 and its power of ten is at most 22, one multiplication or
division of two exact doubles gives the correctly rounded value (Clinger 1990, "How to read floating point numbers
accurately"). A line with any other number (more digits, nan, inf, no number at all) is left to Python.
"""

from functools import partial

import numba
import numpy as np

from sgns.base.jit import kernel

POWERS = np.array([10.0**i for i in range(23)])
BLANK, TAB, DOT, PLUS, MINUS = 32, 9, 46, 43, 45


@partial(kernel, parallel=True, error_model="python")
def parse_lines(
    data: np.ndarray,  # (n,) uint8
    starts: np.ndarray,  # (m,) int64, first byte of each line
    ends: np.ndarray,  # (m,) int64, after its last byte
    powers: np.ndarray,  # (23,) float64
    out: np.ndarray,  # (m, d) float32
    word_ends: np.ndarray,  # (m,) int64, −1 for a line that is left to Python
) -> None:
    """Writes the last d numbers of each line to `out`; what stands before them is its word."""
    d = out.shape[1]
    for line in numba.prange(len(starts)):
        start, at = starts[line], ends[line]
        fields = 0
        while fields < d and at > start:  # backwards over d fields
            at -= 1
            if data[at] == BLANK or data[at] == TAB:
                fields += 1
        word_ends[line] = -1
        if fields < d:
            continue
        word_end = at
        good = True
        for column in range(d):
            at += 1
            negative = False
            if at < ends[line] and (data[at] == MINUS or data[at] == PLUS):
                negative = data[at] == MINUS
                at += 1
            mantissa = np.uint64(0)
            digits = 0
            significant = 0
            scale = 0
            dotted = False
            while at < ends[line]:
                byte = data[at]
                if 48 <= byte <= 57:
                    mantissa = mantissa * np.uint64(10) + np.uint64(byte - 48)
                    digits += 1
                    if mantissa > 0:
                        significant += 1
                    if dotted:
                        scale -= 1
                elif byte == DOT and not dotted:
                    dotted = True
                else:
                    break
                at += 1
            if at < ends[line] and (data[at] == 101 or data[at] == 69):  # e, E
                at += 1
                down = False
                if at < ends[line] and (data[at] == MINUS or data[at] == PLUS):
                    down = data[at] == MINUS
                    at += 1
                power = np.int64(0)
                power_digits = 0
                while at < ends[line] and 48 <= data[at] <= 57 and power_digits < 4:
                    power = power * 10 + np.int64(data[at] - 48)
                    power_digits += 1
                    at += 1
                if power_digits == 0:
                    good = False
                scale += -int(power) if down else int(power)
            ended = at == ends[line] or data[at] == BLANK or data[at] == TAB
            if mantissa == 0:
                scale = 0
            if not (good and ended and digits > 0 and significant <= 19 and -22 <= scale <= 22):
                good = False
                break
            if mantissa >= np.uint64(1 << 53):
                good = False
                break
            value = np.float64(mantissa)
            value = value / powers[-scale] if scale < 0 else value * powers[scale]
            out[line, column] = np.float32(-value if negative else value)
        if good:
            word_ends[line] = word_end


def parse_rows(data: bytes, starts: np.ndarray, ends: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Parses lines of a word and d numbers.

    Args:
        data: Text.
        starts: (m,) int64, the first byte of each line.
        ends: (m,) int64, the byte after its last one.
        out: (m, d) float32, where the numbers go.

    Returns:
        (m,) int64: the end of each line's word; −1 for a line that is left to Python's `float`.
    """
    word_ends = np.empty(len(starts), np.int64)
    parse_lines(np.frombuffer(data, np.uint8), starts, ends, POWERS, out, word_ends)
    return word_ends
