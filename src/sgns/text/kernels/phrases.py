"""Pairs of neighbouring words, counted, and sequences of words, joined.

Pairs are sorted as by a radix sort whose digits are the words themselves: first by the second word, then by the node in
front of it, each time into a place that the counts of the words tell. So a pair costs two writes and no comparison.
"""

import numpy as np

from sgns.base.instructions import smaller
from sgns.base.jit import helper, kernel
from sgns.text.kernels.tree import NODE, NODES, NONE, POSITION, SENTENCE, WORD_BITS

SPREAD = np.uint64(0x9E3779B97F4A7C15)  # odd, 2**64 divided by the golden ratio


@helper
def slot_of(edges, key):
    """The slot of a key, or the empty one where it belongs."""
    mask = np.uint64(edges.keys.shape[0] - 1)
    mixed = np.uint64(key) * SPREAD
    slot = (mixed ^ (mixed >> np.uint64(32))) & mask
    while edges.keys[slot] != key and edges.keys[slot] != NONE:
        slot = (slot + np.uint64(1)) & mask
    return slot


@kernel
def insert(edges, keys, nodes):
    """Adds edges whose keys are not in the table; other keys than NONE are left out."""
    for i in range(keys.shape[0]):
        if keys[i] != NONE:
            slot = slot_of(edges, keys[i])
            edges.keys[slot] = keys[i]
            edges.nodes[slot] = nodes[i]


@kernel
def collect(walk, stop, most_nodes, connector, edges, place, before, pairs):
    """Writes the pairs of a part of a text, sorted by their second words.

    Args:
        walk: where the part begins; afterwards where it ended.
        stop: the position behind the part.
        most_nodes: as many nodes the table of edges has room for; the walk ends early if there would be one more.
        connector: (V,) bool, whether a word is a connector word.
        edges: nodes behind connector words; a node below V is a word.
        place: (V,) int32: where the next pair with this second word is written; moves on.
        before: out (n,) int32, the nodes in front of the second words.
        pairs: (most_nodes,) int64: how many pairs there are with this node; counted up.
    """
    ids, ends = walk.ids, walk.sentence_ends
    position, sentence, node, nodes = walk.at[POSITION], walk.at[SENTENCE], walk.at[NODE], walk.at[NODES]
    full = False
    while position < stop and not full:
        end = ends[sentence] if sentence < ends.shape[0] else stop
        if position >= end:
            sentence += 1
            node = np.int64(NONE)
            continue
        end = smaller(end, stop)
        while position < end:
            word = np.int64(ids[position])
            if not connector[word]:
                if node != NONE:
                    to = place[word]
                    place[word] = to + 1
                    before[to] = node
                    pairs[node] += 1
                node = word
            elif node != NONE:
                key = (node << WORD_BITS) | word
                slot = slot_of(edges, key)
                if edges.keys[slot] == NONE:
                    if nodes == most_nodes:
                        full = True
                        break
                    edges.keys[slot] = key
                    edges.nodes[slot] = nodes
                    nodes += 1
                node = np.int64(edges.nodes[slot])
            position += 1
    walk.at[POSITION], walk.at[SENTENCE], walk.at[NODE], walk.at[NODES] = position, sentence, node, nodes


@kernel
def sort_by_node(before, starts, stops, place, seconds):
    """Sorts pairs, which are sorted by their second words, by the nodes in front of them.

    Args:
        before: (n,) int32, the nodes.
        starts: (V,) int32, where the pairs of a second word begin in `before`.
        stops: (V,) int32, where they end.
        place: (nodes,) int32: where the next pair with this node is written; moves on.
        seconds: out (n,) int32, the second words.
    """
    for word in range(starts.shape[0]):
        for i in range(starts[word], stops[word]):
            to = place[before[i]]
            place[before[i]] = to + 1
            seconds[to] = word


@kernel
def count_equal(seconds, stops, counts, distinct):
    """Counts equal pairs.

    Args:
        seconds: (n,) int32, the second words sorted by node, and ascending for each; afterwards the distinct ones.
        stops: (nodes,) int32, where the pairs of a node end in `seconds`.
        counts: out (n,) int32, how often each distinct pair is there.
        distinct: out (nodes,) int64, the distinct pairs of each node.

    Returns:
        How many distinct pairs there are.
    """
    n, i = 0, 0
    for node in range(stops.shape[0]):
        first, last = n, NONE
        while i < stops[node]:
            if seconds[i] == last:
                counts[n - 1] += 1
            else:
                last = seconds[i]
                seconds[n] = last
                counts[n] = 1
                n += 1
            i += 1
        distinct[node] = n - first
    return n


@kernel
def join(walk, stop, begins, follows, edges, joined, out, out_ends, counts):
    """Joins sequences in a part of a text: leftmost first, of those that begin at the same word the longest.

    Args:
        walk: where the part begins; afterwards behind it, where a sequence that began in it ends.
        stop: the position behind the part.
        begins: (V,) bool, whether a word is the first of a sequence.
        follows: (V,) bool, whether a word is in a sequence, not as its first one.
        edges: nodes behind the others.
        joined: (nodes,) int32, what the sequence that ends at node V + i becomes; NONE if none ends there.
        out: out (≥ stop − position,) int32, the ids.
        out_ends: out, the sentence ends in this part, counted from its beginning.
        counts: (words,) int64, how often each id was written; counted up.

    Returns:
        How many ids and how many sentence ends were written.
    """
    ids, ends = walk.ids, walk.sentence_ends
    position, sentence = walk.at[POSITION], walk.at[SENTENCE]
    words = begins.shape[0]
    n, n_ends = 0, 0
    while True:
        while sentence < ends.shape[0] and ends[sentence] <= position:
            out_ends[n_ends] = n
            n_ends += 1
            sentence += 1
        if position >= stop:
            break
        end = ends[sentence] if sentence < ends.shape[0] else ids.shape[0]
        while position < smaller(end, stop):
            becomes, behind = ids[position], position + 1
            node = np.int64(becomes) if begins[becomes] else np.int64(NONE)
            at = behind
            while node != NONE and at < end and follows[ids[at]]:
                slot = slot_of(edges, (node << WORD_BITS) | np.int64(ids[at]))
                at += 1
                node = np.int64(edges.nodes[slot]) if edges.keys[slot] != NONE else np.int64(NONE)
                if node != NONE and joined[node - words] != NONE:
                    becomes, behind = joined[node - words], at
            out[n] = becomes
            n += 1
            counts[becomes] += 1
            position = behind
    walk.at[POSITION], walk.at[SENTENCE] = position, sentence
    return n, n_ends
