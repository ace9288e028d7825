"""Which rows are merged in which round: frequent words in every round, rarer ones less often.

Words are sorted by count, and by Zipf's law the i-th word is used about 1/i times as often as the first. So the first
`hot_rows` rows are merged in every round, those up to 2·hot_rows in every second one, those up to 4·hot_rows in every
fourth: the ruler sequence of pWord2Vec's MPI version (Ji et al. 2016, arXiv 1604.04661, section 3.3), in which each
row is used about as often between two merges. There, long prefixes make some rounds long. Here, each band is divided
among its rounds in slices of hot_rows/2 rows, so all rounds are equally short.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class RowSchedule:
    """The rows of each round.

    Attributes:
        V: Rows of a matrix.
        hot_rows: Rows that are merged in every round.
        longest_interval: Rounds between two merges of a row at most; a power of two.
    """

    V: int
    hot_rows: int
    longest_interval: int = 1 << 30

    def bands(self) -> list[tuple[int, int, int]]:
        """(first row, one past the last, rounds between two merges) of each band."""
        bands, begin, every = [(0, min(self.hot_rows, self.V), 1)], self.hot_rows, 1
        while begin < self.V:
            every = min(2 * every, self.longest_interval)
            end = self.V if every == self.longest_interval else min(2 * begin, self.V)
            bands.append((begin, end, every))
            begin = end
        return bands

    def of_round(self, number: int) -> list[tuple[int, int]]:
        """(first row, one past the last) of each stretch that is merged after round `number`."""
        stretches = []
        for begin, end, every in self.bands():
            k = number % every
            low, high = (begin + (end - begin) * j // every for j in (k, k + 1))
            if low < high:
                stretches.append((low, high))
        return stretches

    @property
    def rows_per_round(self) -> float:
        """Rows merged in a round, on average."""
        return sum((end - begin) / every for begin, end, every in self.bands())
