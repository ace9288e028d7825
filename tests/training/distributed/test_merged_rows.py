"""Rows beside those of words: of n-grams and of documents, which several ranks have or one alone."""

import numpy as np
import pytest
import torch
from threaded import run_on_ranks

from sgns.config import Config
from sgns.text.corpus import Corpus
from sgns.training.distributed.combine import combine
from sgns.training.distributed.documents import common_documents
from sgns.training.distributed.merge import MergeOptions, Merger
from sgns.training.distributed.merged_rows import (
    MergedRows,
    OwnRows,
    RowsOfRun,
    composed,
    document_rows,
    ngram_rows,
    rows_of_run,
    tokens_of_tags,
)
from sgns.training.engines.cpu.subword_rows import WordParts
from sgns.training.plan import Plan, Resources

D, STRIDE = 5, 16


@pytest.mark.parametrize("merge_all_at", [(), (2,)])
def test_rows_of_any_order_lose_no_step(merge_all_at):
    """Rows of two tables are merged, others belong to single ranks, and some to nobody."""
    start = np.random.default_rng(1).normal(size=(2, 9, STRIDE)).astype(np.float32)
    shared, own = [3, 0, 7], [[1, 8], [2], []]

    def work(comm):
        tables = torch.from_numpy(start.copy())
        rows = RowsOfRun(
            [
                MergedRows(tables[0], torch.tensor([3.0, 2.0, 1.0]), rows=torch.tensor(shared), ranks=torch.ones(3)),
                MergedRows(tables[1], torch.ones(2), outputs=True),
            ],
            lambda: (tables[0, :, :D], tables[1, :, :D]),
            [OwnRows(tables[0], [torch.tensor(one, dtype=torch.int64) for one in own])],
        )
        merger = Merger(rows, D, comm, MergeOptions(hot_rows=2, combiner="sum"))
        for number in range(5):
            tables[0, [*shared, *own[comm.rank]], :D] += number + comm.rank
            tables[1, :2, :D] += 1
            merger.receive()
            if number in merge_all_at:
                merger.merge_all(1.0, 0.025)
            else:
                merger.send(number, 1.0, 0.025, [])
        merger.receive()
        merger.merge_all(0.0, 0.025)
        merger.close()
        return tables.numpy(), merger.traffic

    wanted = start.copy()
    for rank in range(3):
        for row in [*shared, *own[rank]]:
            wanted[0, row, :D] += 10 + 5 * rank
        wanted[1, :2, :D] += 5
    for tables, traffic in run_on_ranks(3, work):
        np.testing.assert_allclose(tables, wanted, atol=1e-5)
        assert traffic.flush_bytes > 0


def test_a_row_is_scaled_for_the_ranks_that_have_it():
    """Two of eight ranks have the second row: it is scaled as by two ranks, the first one as by eight."""
    updates = torch.ones(8, 2, 1)
    updates[2:, 1] = 0
    expected, lr, h = torch.tensor([100.0, 400.0]), 0.025, 0.3
    found = combine("damped", updates, expected, lr, h, torch.tensor([8.0, 2.0]))
    alone = combine("damped", updates[:2, 1:], expected[1:], lr, h)
    assert found[1] == alone[0]
    assert found[0] == combine("damped", updates[:, :1], expected[:1], lr, h)[0]


def test_ngrams_are_merged_in_the_order_of_their_updates():
    starts, rows = np.array([0, 2, 5]), np.array([4, 1, 1, 3, 1], np.int32)
    merged = ngram_rows(torch.zeros(8, 1), 2, starts, rows, np.array([10.0, 1.0]))
    assert merged.rows.tolist() == [3, 6, 5]  # n-grams 1, 4, 3 behind two words
    assert merged.updates_per_token.tolist() == [12, 10, 1]


def test_the_vectors_of_a_sample_are_composed():
    E = torch.from_numpy(np.random.default_rng(2).normal(size=(9, STRIDE)).astype(np.float32))
    starts, rows = np.array([0, 2, 2, 5]), np.array([4, 1, 1, 3, 1], np.int32)
    words = np.array([2, 0, 2, 1])
    parts = WordParts.of(starts, rows)
    wanted = [E[parts.rows[parts.starts[w] : parts.starts[w + 1]], :D].mean(0) for w in words]
    found = composed(E, 3, starts, rows, words, D)
    np.testing.assert_allclose(found(), torch.stack(wanted), atol=1e-6)
    E[7] += 1  # as they are when they are asked for
    assert not np.allclose(found(), torch.stack(wanted))


def test_documents_are_counted_on_each_rank():
    def work(comm):
        texts = [[("x", ["a", "b"]), (["x", "y"], ["a"])], [("z", ["b"]), ("x", ["a", "b", "a"])]]
        corpus = Corpus.from_sentences(texts[comm.rank], Config(model="dbow", min_count=1))
        corpus.documents = common_documents(comm, corpus.documents)
        return tokens_of_tags(comm, corpus)

    for tokens in run_on_ranks(2, work):
        assert tokens.tolist() == [[3, 1, 0], [3, 0, 1]]
    shared, own = document_rows(torch.zeros(3, 1), tokens, 2.0)
    assert shared.rows.tolist() == [0]
    assert shared.ranks.tolist() == [2]
    assert shared.updates_per_token.tolist() == pytest.approx([2.0 * 3 / (8 / 2)])
    assert [rows.tolist() for rows in own.of_ranks] == [[1], [2]]


@pytest.mark.parametrize("options", [{"model": "dbow"}, {"model": "dm"}, {"ngrams": "3-4", "buckets": 50}])
def test_every_trained_row_is_merged_or_gathered_once(options):
    """Of PV-DBOW, words are outputs alone: their rows of E stay as they are."""
    V, config = 6, Config(**options, min_count=1, dim=D, threads=1, subsample=0)

    def work(comm):
        words = [f"wort{k}" for k in range(V)]
        texts = [(t, words) if config.documents else words for t in (["a", "b", "a"] if comm.rank == 0 else ["c", "b"])]
        corpus = Corpus.from_sentences(texts, config)
        if config.documents:
            corpus.documents = common_documents(comm, corpus.documents)
        plan = Plan.of(corpus.vocabulary, config, Resources("cpu", 1))
        ngrams = 0 if plan.subwords is None else plan.subwords.rows
        E, C = torch.randn(V + ngrams + 3 * config.documents, STRIDE), torch.randn(V, STRIDE)
        run = rows_of_run(comm, plan, corpus, E, C)
        inputs, outputs = run.samples()
        assert inputs.shape == outputs.shape == (512, D)
        found = [row for one in run.merged for row in addresses(one.table[one.at(0, len(one))], one, E, C)]
        found += [row for own in run.own for rows in own.of_ranks for row in addresses(own.table[rows], own, E, C)]
        return found, ngrams, plan, corpus

    for found, ngrams, plan, corpus in run_on_ranks(2, work):
        assert len(set(found)) == len(found)
        wanted = {("C", row) for row in range(V)}
        wanted |= {("E", V + ngrams + row) for row in range(3 * config.documents)}
        wanted |= set() if config.model == "dbow" else {("E", row) for row in range(V)}
        if plan.subwords is not None:
            wanted |= {("E", V + int(row)) for row in plan.subwords.table_of(corpus.vocabulary.words)[1]}
        assert set(found) == wanted


def addresses(values, rows, E, C):
    """Of rows with random numbers, the name of the table and their place in it."""
    table = C if getattr(rows, "outputs", False) else E
    places = {tuple(row.tolist()): k for k, row in enumerate(table)}
    return [("C" if table is C else "E", places[tuple(row.tolist())]) for row in values]
