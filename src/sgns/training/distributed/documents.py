"""The documents of a text whose shards several ranks have read: one list of tags, in the order of the text.

A rank numbers the documents of its shard from 0 and knows only their tags. Numbers are counted on over the shards, and
tags that several shards have become one row, as for one reader of the whole text.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from sgns.config import Config
from sgns.errors import InputError
from sgns.text.corpus import Corpus
from sgns.text.documents import Documents, document_warnings
from sgns.text.shards import Shard
from sgns.training.distributed.comm import Comm, all_gather_bytes, all_gather_objects, on_all_ranks

FACTS = "documents"
"""Key of the facts of a corpus about its documents, see `TagList.documents`."""


def are_numbered(config: Config) -> bool:
    """Whether all documents are named by their number, and none by a tag or the name of a file."""
    return not (config.tags or config.tag_column or config.sentences == "none")


def documents_of_shard(comm: Comm, read: Corpus, shard: Shard, config: Config) -> Documents | None:
    """The documents of this rank's shard, with the numbers that they have in the whole text.

    Args:
        comm: The ranks.
        read: The shard as it was read; its facts are changed likewise, and warnings about documents are taken out of
            it, since they are those of all ranks (`common_warnings`).
        shard: What was read.
        config: How documents are named.

    Raises:
        InputError: of any rank: a document has no tag where tags are expected, or is cut between two ranks.
    """
    documents = read.documents
    on_all_ranks(comm, lambda: check_documents(read, shard))
    if documents is None:
        return None
    facts = read.facts[FACTS]
    of_shard = document_warnings(facts)
    read.warnings = [text for text in read.warnings if text not in of_shard]
    counts = all_gather_objects(comm, facts["documents"])
    before = sum(counts[: comm.rank])
    if facts.get("example_is_number"):
        read.facts = read.facts | {FACTS: facts | {"an_example": str(int(facts["an_example"]) + before)}}
    if not are_numbered(config):
        return documents
    return replace(documents, names=[str(int(name) + before) for name in documents.names])


def check_documents(read: Corpus, shard: Shard) -> None:
    """Raises `InputError` if a document of the shard has no tag, or goes on in another shard."""
    if read.documents is None:
        return
    if shard.cut_sentences:
        raise InputError(
            "a document is longer than the shard of a rank and would be two; start fewer ranks, or give the text in "
            "more lines"
        )
    if untagged := read.facts[FACTS]["untagged"]:
        raise InputError(
            f"{untagged:,} documents of this shard have no tag, and ranks know no number to name them by; give every "
            "document a tag, or leave torchrun out"
        )


def common_documents(comm: Comm, documents: Documents) -> Documents:
    """The same documents by the rows of all tags of all ranks, in the order of their first occurrence in the text."""
    shards = [data.decode().split("\n") for data in all_gather_bytes(comm, "\n".join(documents.names).encode())]
    places = {name: row for row, name in enumerate(dict.fromkeys(name for names in shards for name in names))}
    rows = np.fromiter((places[name] for name in documents.names), np.int32, len(documents.names))
    return Documents(list(places), documents.starts, rows[documents.rows])


def common_warnings(comm: Comm, facts: dict[str, Any]) -> list[str]:
    """The warnings about the documents of all ranks; on rank 0 alone.

    Args:
        comm: The ranks.
        facts: Of this rank's documents, see `Documents.facts_without`.
    """
    shards = all_gather_objects(comm, facts)
    total = next((one for one in shards if one["without_words"]), shards[0])
    total = total | {name: sum(one[name] for one in shards) for name in ("documents", "without_words")}
    return document_warnings(total) if comm.rank == 0 else []
