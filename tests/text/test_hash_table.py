"""The hash table against a dictionary: numbers, counts, first positions, however the strings arrive."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sgns.text.kernels.hash_table import (
    N_ITEMS,
    HashTable,
    add_all,
    contents,
    divide_by_hash,
    look_up,
    new_table,
    text_of,
)
from sgns.text.kernels.scan import MARGIN, NONE, scan

# Short and long, alike in their first bytes, in their last bytes, or in all but one.
STRINGS = st.lists(
    st.one_of(
        st.binary(min_size=1, max_size=40).map(lambda data: bytes(byte | 64 for byte in data)),
        st.integers(0, 50).map(lambda n: b"a-long-beginning-%d-and-a-long-end" % n),
        st.integers(0, 50).map(lambda n: b"x" * n + b"y"),
    ),
    min_size=1,
    max_size=120,
)


def table_of(strings: list[bytes], base: int = 0, table: HashTable | None = None) -> HashTable:
    text = b" ".join(strings)
    buffer = np.frombuffer(text + b" " * MARGIN, np.uint8).copy()
    out = np.empty(len(text) + 3, np.int32)
    table, n, _ = scan(table or new_table(), buffer, len(text), base, NONE, True, out, out.copy())
    assert n == len(strings)
    return table


def as_dictionary(table: HashTable) -> dict[bytes, tuple[int, int]]:
    """{string: (count, first position)} in the order of the numbers."""
    strings = contents(table)
    words = text_of(strings, np.arange(len(strings.keys))).split(b"\n")[:-1]
    return dict(zip(words, zip(strings.counts.tolist(), strings.first.tolist(), strict=True), strict=True))


def expected(strings: list[bytes], base: int = 0) -> dict[bytes, tuple[int, int]]:
    found: dict[bytes, tuple[int, int]] = {}
    for string in strings:
        count, first = found.get(string, (0, base))
        found[string] = count + 1, first
        base += len(string) + 1
    return found


@settings(deadline=None, max_examples=200)
@given(STRINGS)
def test_strings_are_numbered_and_counted(strings):
    table = table_of(strings)
    assert list(as_dictionary(table).items()) == list(expected(strings).items())


@settings(deadline=None, max_examples=200)
@given(STRINGS, STRINGS)
def test_tables_are_added_and_looked_up(one, two):
    position = len(b" ".join(one)) + 1
    first, second = table_of(one), table_of(two, position)
    assert as_dictionary(add_all(add_all(new_table(), contents(second)), contents(first))) == expected(one + two)
    known = as_dictionary(first)
    found = look_up(first, contents(second), np.arange(len(known), dtype=np.int32))
    order = list(known)
    assert [None if n < 0 else order[n] for n in found.tolist()] == [
        string if string in known else None for string in as_dictionary(second)
    ]


def test_a_table_grows():
    strings = [b"w%d" % n for n in range(30_000)] + [b"a-much-longer-string-%d" % n for n in range(5_000)]
    table = table_of(strings)
    assert table.used[N_ITEMS] == len(strings)
    assert len(table.slots) == 1 << 16
    again = table_of(strings[::-1], 10**6, table)
    assert list(as_dictionary(again)) == strings
    assert set(contents(again).counts.tolist()) == {2}


def test_a_string_is_in_the_same_part_whichever_table_it_comes_from():
    strings = [b"w%d" % n for n in range(1_000)] + [b"a-much-longer-string-%d" % n for n in range(1_000)]
    parts = []
    for table in (table_of(strings), table_of(strings[::-1])):
        every = contents(table)
        numbers, starts = divide_by_hash(every, 16)
        assert sorted(numbers.tolist()) == list(range(2_000))
        parts.append([set(text_of(every, numbers[a:b]).split()) for a, b in pairwise(starts.tolist())])
    assert parts[0] == parts[1]
    assert min(map(len, parts[0])) > 60
