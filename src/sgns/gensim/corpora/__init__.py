"""`gensim.corpora`: `Dictionary` alone; the corpora of topic models are not here."""

from typing import Any

from sgns.gensim.corpora.dictionary import Dictionary as Dictionary
from sgns.gensim.missing import missing


def __getattr__(name: str) -> Any:
    raise missing("gensim.corpora", name)
