"""Draws the numbers of a question from a seed, such that two seeds never give the same numbers.

The seed is permuted (a Feistel network on pairs of digits, keyed with the topic and the level), and the permuted seed
is read as a number in mixed radix: each choice among r takes one digit of base r. The digits determine the permuted
seed, and so the seed. When the choices that were taken could tell all seeds apart, further choices come from a hash of
the seed.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import TypeVar

from sgns.errors import ConfigError

SIDE = 100
SEEDS = SIDE * SIDE  # seeds are 0 … SEEDS − 1
ROUNDS = 4
Item = TypeVar("Item")


class Draw:
    """The choices of one question.

    Args:
        seed: 0 to 9999.
        label: The topic and the level; other labels give other choices.

    Attributes:
        told_apart: The product of the bases of all digits taken. From `SEEDS` on, the choices are different for any two
            seeds.

    Raises:
        ConfigError: The seed is out of range.
    """

    def __init__(self, seed: int, label: str) -> None:
        if not 0 <= seed < SEEDS:
            raise ConfigError(f"seed is {seed}, outside 0 to {SEEDS - 1}; choose one of these {SEEDS:,} worksheets")
        self._seed, self._label = seed, label
        self._left, self.told_apart, self._count = _permuted(seed, label), 1, 0

    def below(self, choices: int) -> int:
        """Draws a whole number from 0 to `choices` − 1."""
        self._count += 1
        if self.told_apart >= SEEDS:
            return _hash(f"{self._label} {self._count} {self._seed}") % choices
        digit = self._left % choices
        self._left //= choices
        self.told_apart *= choices
        return (digit + _hash(f"{self._label} {self._count}")) % choices

    def one(self, items: Sequence[Item]) -> Item:
        """Draws one of some items."""
        return items[self.below(len(items))]

    def some(self, items: Sequence[Item], count: int) -> list[Item]:
        """Draws `count` different items in random order."""
        rest = list(items)
        return [rest.pop(self.below(len(rest))) for _ in range(count)]


def _permuted(seed: int, label: str) -> int:
    """Permutes 0 … SEEDS − 1: each round adds a hash of one digit to the other, which can be undone."""
    left, right = divmod(seed, SIDE)
    for round_ in range(ROUNDS):
        left, right = right, (left + _hash(f"{label} round {round_} {right}")) % SIDE
    return left * SIDE + right


def _hash(text: str) -> int:
    """Returns a number that depends on a text, the same with each version of Python."""
    return int.from_bytes(sha256(text.encode()).digest()[:8])
