"""The tables of a run by name, and the vectors that are made of them.

An engine trains E and C. What their rows stand for depends on the model: E holds the vectors of words, then those of
n-grams, then those of documents; the rows of C are those of words or, with hierarchical softmax, of the nodes of a
tree. Checkpoints and ranks need the tables as they are trained; whoever uses the vectors needs what they mean.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from sgns.text.corpus import Corpus
from sgns.training.engines.contract import Engine, EpochEngine
from sgns.training.plan import Plan
from sgns.vectors.files.parts import Parts
from sgns.vectors.subwords import SubwordTable
from sgns.vectors.vectors import Vectors

Tables = dict[str, np.ndarray]
"""(rows, d) float32 by name: words, ngrams, documents of E; C or nodes of C."""


def tables_of(engine: Engine | EpochEngine, plan: Plan, corpus: Corpus) -> Tables:
    """The tables that an engine trains, as views: writing to them changes what is trained."""
    dim, V = plan.config.dim, len(plan.counts)
    E, C = engine.E[:, :dim], engine.C[:, :dim]
    tables = {"words": E[:V]}
    at = V
    if plan.subwords is not None:
        tables["ngrams"] = E[at : at + plan.subwords.rows]
        at += plan.subwords.rows
    if plan.config.documents and corpus.documents is not None:
        tables["documents"] = E[at : at + len(corpus.documents.names)]
    if plan.config.loss == "hierarchical":
        tables["nodes"] = C[: V - 1]
    else:
        tables["C"] = C
    return tables


def vectors_of(tables: Tables, plan: Plan, corpus: Corpus, metadata: dict[str, Any]) -> Vectors:
    """The vectors of a run: with n-grams, E is composed now; everything else is a view."""
    words, counts = corpus.vocabulary.words, corpus.vocabulary.counts
    E, subwords = tables["words"], None
    if plan.subwords is not None:
        subwords = SubwordTable(plan.subwords, tables["words"], tables["ngrams"])
        E = subwords.composed(words)
    if plan.config.model == "dbow":
        # Words are outputs alone: the rows of C are their vectors, in the space of documents; in a tree they have none.
        E = tables.get("C", np.zeros_like(E))
    parts = Parts.of(words, E, tables.get("C"), counts, metadata, subwords)
    if "nodes" in tables:
        parts = replace(parts, nodes=tables["nodes"])
    if "documents" in tables:
        assert corpus.documents is not None
        parts = replace(parts, documents=Parts.of(corpus.documents.names, tables["documents"]))
    return Vectors.from_parts(parts)


def tables_in(vectors: Vectors) -> Tables:
    """The tables of a checkpoint, by the names of `tables_of`."""
    parts = vectors.parts
    tables = {"words": parts.E}
    if parts.subwords is not None:
        tables = {"words": parts.subwords.word_rows, "ngrams": parts.subwords.ngram_rows}
    if parts.documents is not None:
        tables["documents"] = parts.documents.E
    if parts.nodes is not None:
        tables["nodes"] = parts.nodes
    if parts.C is not None:
        tables["C"] = parts.C
    return tables
