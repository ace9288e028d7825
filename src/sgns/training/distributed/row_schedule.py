"""Which rows are merged in which round: the frequent ones in every round, rarer ones more rarely.

Words are sorted by count, and by Zipf's law the word in place i is used about 1/i times as often as the first. So the
first `head` rows are merged in every round, those up to 2·head in every second one, those up to 4·head in every
fourth: the ruler sequence of pWord2Vec's MPI version (Ji et al. 2016, arXiv 1604.04661, section 3.3), in which each
row is used about as often between two merges. There long prefixes make some rounds long. Here each band is dealt out
over its rounds in slices of head/2 rows, so all rounds are equally short.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rows:
    """The rows of each round.

    Attributes:
        V: All of them.
        head: Merged in every round.
        rarest: The longest time between two merges of a row, in rounds; a power of two.
    """

    V: int
    head: int
    rarest: int = 1 << 30

    def bands(self) -> list[tuple[int, int, int]]:
        """(first row, one past the last, rounds between two merges) of each band."""
        bands, begin, every = [(0, min(self.head, self.V), 1)], self.head, 1
        while begin < self.V:
            every = min(2 * every, self.rarest)
            end = self.V if every == self.rarest else min(2 * begin, self.V)
            bands.append((begin, end, every))
            begin = end
        return bands

    def of_round(self, number: int) -> list[tuple[int, int]]:
        """First row and one past the last of each stretch that is merged after round `number`."""
        stretches = []
        for begin, end, every in self.bands():
            k = number % every
            low, high = (begin + (end - begin) * j // every for j in (k, k + 1))
            if low < high:
                stretches.append((low, high))
        return stretches

    @property
    def in_a_round(self) -> float:
        """Rows merged in a round, on average."""
        return sum((end - begin) / every for begin, end, every in self.bands())
