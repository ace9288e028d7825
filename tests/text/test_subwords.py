"""Which subwords a Config asks for."""

import numpy as np
import pytest

from sgns.config import Config, parse_ngrams
from sgns.errors import ConfigError
from sgns.text.subwords import subwords_of


@pytest.mark.parametrize(("text", "lengths"), [("3-6", (3, 6)), ("4", (4, 4)), ("1-1", (1, 1)), ("2-100", (2, 100))])
def test_lengths_of_ngrams(text, lengths):
    assert parse_ngrams(text) == lengths
    assert Config(ngrams=text).ngrams == text


@pytest.mark.parametrize("text", ["6-3", "0-2", "a", "3-200", "", "3-", "-3", "3-6-9", "3 - 6", "३-६", "0", "3-6\n", 3])
def test_wrong_lengths_are_refused(text):
    with pytest.raises(ConfigError, match="3-6 is usual"):
        Config(ngrams=text)


def test_a_config_chooses_buckets_or_exact():
    words, counts = ["river", "rivers"], np.array([9, 5])
    assert subwords_of(Config(), words, counts) is None
    hashed = subwords_of(Config(ngrams="3-6", buckets=1000), words, counts)
    assert (hashed.minimum, hashed.maximum, hashed.buckets, hashed.rows) == (3, 6, 1000, 1000)
    exact = subwords_of(Config(ngrams="3-4", buckets="exact", min_count=6), words, counts)
    assert exact.ngrams == sorted({"<ri", "<riv", "riv", "rive", "ive", "iver", "ver", "ver>", "er>"})
    both = subwords_of(Config(ngrams="3", buckets="exact", min_count=5), words, counts)
    assert "rs>" in both.ngrams
    assert both.rows == 7
