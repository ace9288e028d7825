"""Words and pairs that become the same when they are joined: "new_york", which the text has, and "new" before "york".

They are one word of the vocabulary, so their counts belong together, as in gensim. Only what holds an underscore itself
can coincide with anything. Hashes of the joined names find what may coincide; the names themselves decide.
"""

from dataclasses import dataclass

import numpy as np

from sgns.text.neighbours import Openings, PairCounts
from sgns.text.phrase_list import DELIMITER

BASE = 0x9E3779B97F4A7C15
MASK = 2**64 - 1


@dataclass
class Shared:
    """What has the same name.

    Attributes:
        words: id of a word -> count of all that have its name.
        pairs: key of a pair -> count of all that have its name.
        surplus: by how many names fewer there are than words and pairs.
    """

    words: dict[int, int]
    pairs: dict[int, int]
    surplus: int


def joined(openings: Openings, words: list[str], key: int) -> str:
    """The name of a pair."""
    return DELIMITER.join([words[number] for number in openings.pair(key)])


def shared_names(pairs: PairCounts, words: list[str], counts: np.ndarray) -> Shared:
    """Finds all words and pairs whose name another one has too.

    Args:
        pairs: of the text.
        words: V.
        counts: (V,) int64; words with the count 0 are left out, as connector words must be.
    """
    underscored = np.array([DELIMITER in word for word in words], bool)
    present = np.flatnonzero(underscored & (counts > 0))
    if not underscored.any():
        return Shared({}, {}, 0)
    names = _Names(pairs.openings, words, underscored)
    # What holds an underscore, and all else that has the hash of such a name.
    suspects = [names.hash[present]]
    for keys, _ in pairs.parts:
        suspects.append(names.of_pairs(keys[names.is_underscored(keys)]))
    known = _Known(np.concatenate(suspects))
    groups: dict[str, tuple[list[int], dict[int, int]]] = {}
    hits = []
    for keys, number in pairs.parts:
        hashes, found = names.of_pairs(keys), names.is_underscored(keys)
        others = np.flatnonzero(~found)
        found[others] = known.hold(hashes[others])
        hits.append((keys[found], number[found], hashes[found]))
    every = np.sort(np.concatenate([names.hash[present], *(hashes for _, _, hashes in hits)]))
    double = np.unique(every[1:][every[1:] == every[:-1]])
    for word in present[np.isin(names.hash[present], double)].tolist():
        groups.setdefault(words[word], ([], {}))[0].append(word)
    for keys, number, hashes in hits:
        for i in np.flatnonzero(np.isin(hashes, double)).tolist():
            key = int(keys[i])
            groups.setdefault(joined(pairs.openings, words, key), ([], {}))[1][key] = int(number[i])
    shared = Shared({}, {}, 0)
    for same_words, same_pairs in groups.values():
        total = sum(int(counts[word]) for word in same_words) + sum(same_pairs.values())
        shared.surplus += len(same_words) + len(same_pairs) - 1
        if len(same_words) + len(same_pairs) > 1:
            shared.words |= dict.fromkeys(same_words, total)
            shared.pairs |= dict.fromkeys(same_pairs, total)
    return shared


class _Known:
    """A set of hashes, to be asked for many that it does not hold.

    Args:
        hashes: (k,) uint64.
    """

    def __init__(self, hashes: np.ndarray) -> None:
        self._hashes = np.sort(hashes)
        size = 1 << (16 * len(hashes)).bit_length()
        self._mask, self._may = np.uint64(size - 1), np.zeros(size, bool)  # by the lowest bits
        self._may[hashes & self._mask] = True

    def hold(self, hashes: np.ndarray) -> np.ndarray:
        """(n,) bool, whether each of the hashes (n,) is one of the set."""
        held = self._may[hashes & self._mask]
        maybe = np.flatnonzero(held)
        at = np.minimum(np.searchsorted(self._hashes, hashes[maybe]), len(self._hashes) - 1)
        held[maybe] = self._hashes[at] == hashes[maybe]
        return held


class _Names:
    """Hashes of the names of words, openings and pairs.

    A name is a sequence of parts between underscores; its hash is a polynomial in BASE whose coefficients are those of
    the parts, so that the hash of a joined name follows from those of its parts.
    """

    def __init__(self, openings: Openings, words: list[str], underscored: np.ndarray) -> None:
        self.words = len(words)
        hashes = [hash(word) & MASK for word in words]
        powers = [BASE] * self.words
        for word in np.flatnonzero(underscored).tolist():
            hashes[word], powers[word] = combined(
                [(hash(piece) & MASK, BASE) for piece in words[word].split(DELIMITER)]
            )
        self.hash, self.power = np.array(hashes, np.uint64), np.array(powers, np.uint64)
        self.underscored = underscored
        # An opening's name is that of its first word and those of the connector words behind it. Each takes what
        # its parent has behind an ancestor, so the ancestors are twice as far in each round, until they are words.
        connectors, ancestor = openings.connectors, openings.parents.copy()
        behind, power, found = self.hash[connectors], self.power[connectors], underscored[connectors]
        while len(far := np.flatnonzero(ancestor >= self.words)):
            parent = ancestor[far] - self.words
            behind[far] += behind[parent] * power[far]
            power[far] *= power[parent]
            found[far] |= found[parent]
            ancestor[far] = ancestor[parent]
        self.hash = np.append(self.hash, self.hash[ancestor] * power + behind)
        self.power = np.append(self.power, self.power[ancestor] * power)
        self.underscored = np.append(underscored, underscored[ancestor] | found)

    def of_pairs(self, keys: np.ndarray) -> np.ndarray:
        """(k,) uint64, the hashes of pairs."""
        head, second = keys // self.words, keys % self.words
        return self.hash[head] * self.power[second] + self.hash[second]

    def is_underscored(self, keys: np.ndarray) -> np.ndarray:
        """(k,) bool, whether a part of the pair holds an underscore."""
        return self.underscored[keys // self.words] | self.underscored[keys % self.words]


def combined(parts: list[tuple[int, int]]) -> tuple[int, int]:
    """Hash and power of the name that is joined of several, each (hash, power)."""
    total, power = 0, 1
    for hashed, factor in parts:
        total, power = (total * factor + hashed) & MASK, power * factor & MASK
    return total, power
