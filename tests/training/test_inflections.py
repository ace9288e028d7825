"""A generated language with inflections: n-grams place a form that the text does not have beside its lemma."""

import functools

import numpy as np
import pytest

import sgns
from sgns.errors import UnknownWord

STEMS, SUFFIXES, PREFIXES = 24, ("a", "em", "ost", "ilin", "ur"), ("", "ge")
SENTENCES = 6_000


@functools.cache
def language(seed=0):
    """(sentences, forms by stem, forms that are left out): the words around a stem are its own, whatever its form."""
    rng = np.random.default_rng(seed)
    letters = list("bcdfghjklmnpqrstvwz"), list("aeiou")
    stems = set()
    while len(stems) < STEMS:
        stems.add("".join(rng.choice(letters[k % 2]) for k in range(6)))
    stems = sorted(stems)
    forms = {stem: [prefix + stem + suffix for prefix in PREFIXES for suffix in SUFFIXES] for stem in stems}
    unseen = {stem: str(rng.choice(some)) for stem, some in forms.items()}
    around = {stem: [f"x{k}y{i}" for i in range(5)] for k, stem in enumerate(stems)}
    sentences = []
    for _ in range(SENTENCES):
        stem = str(rng.choice(stems))
        some = [form for form in forms[stem] if form != unseen[stem]]
        words = [str(rng.choice(some)), *map(str, rng.choice(around[stem], 3)), str(rng.choice(some))]
        sentences.append([words[i] for i in rng.permutation(5)])
    return sentences, forms, unseen


def topics_found(v, forms, unseen):
    """Of how many unseen forms the nearest word around a stem, none of whose n-grams they have, is one of theirs."""
    around = [word for word in v.words if word.startswith("x")]
    rows = np.array([v[word] / np.linalg.norm(v[word]) for word in around])
    nearest = [around[int(np.argmax(rows @ v[unseen[stem]]))] for stem in forms]
    return sum(word.startswith(f"x{k}y") for k, word in enumerate(nearest))


def test_without_training_spelling_knows_no_topics():
    """The measure of the test above can fail."""
    sentences, forms, unseen = language()
    v = sgns.train(
        sentences, ngrams="3-6", buckets=20_000, dim=16, epochs=1, min_count=1, threads=1, subsample=0, lr=1e-6,
        min_lr=1e-7, quiet=True,
    )  # fmt: skip
    assert topics_found(v, forms, unseen) < STEMS / 3


@pytest.mark.parametrize("model", ["skipgram", "cbow"])
@pytest.mark.parametrize("buckets", [20_000, "exact"])
def test_an_unseen_form_stands_beside_its_lemma(model, buckets):
    sentences, forms, unseen = language()
    v = sgns.train(
        sentences, model=model, ngrams="3-6", buckets=buckets, dim=16, epochs=12, min_count=1, threads=1, subsample=0,
        quiet=True,
    )  # fmt: skip
    assert not any(form in v for form in unseen.values())
    known = [word for word in v.words if not word.startswith("x")]
    rows = np.array([v[word] / np.linalg.norm(v[word]) for word in known])
    right = sum(known[int(np.argmax(rows @ v[form]))] in forms[stem] for stem, form in unseen.items())
    assert right >= STEMS - 2
    # Spelling alone, untrained, does as much; that the form also stands beside the words around its stem is learnt.
    assert topics_found(v, forms, unseen) >= STEMS - 2
    if buckets == "exact":
        with pytest.raises(UnknownWord):
            v["ß"]  # none of its n-grams has a row


def test_without_n_grams_an_unseen_form_has_no_vector():
    sentences, _, unseen = language()
    v = sgns.train(sentences[:500], dim=8, epochs=1, min_count=1, threads=1, quiet=True)
    with pytest.raises(UnknownWord):
        v[next(iter(unseen.values()))]
