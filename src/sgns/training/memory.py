"""The memory that E and C need, compared with what the process may take, before a run begins."""

from dataclasses import replace

from sgns.base.memory import ADDRESS_SPACE, Available, available_memory, gibibytes, largest_that_fits
from sgns.config import Config
from sgns.errors import OutOfMemory
from sgns.training.engines.matrices import row_stride
from sgns.training.plan import Plan

SPARE = 64 * 2**20  # bytes for compiled kernels, buffers, and the part of a file that is being written
SPARE_ADDRESSES = 160 * 2**20  # the same, where addresses count that are reserved and never used …
THREAD_ADDRESSES = 32 * 2**20  # … of which each thread takes some for its stack and its allocations
MARGIN = 128 * 2**20  # bytes that stay free with the values that an error names; twice the addresses, since another
# vocabulary is encoded anew, by kernels and threads of its own


def bytes_needed(V: int, config: Config, more_rows: int = 0) -> int:
    """Bytes of E and C, with the copies that the engine keeps of their rows.

    Args:
        V: Words.
        config: The options.
        more_rows: Of E, those of n-grams and documents.
    """
    rows = V
    if config.deterministic:
        from sgns.training.engines.cpu.deterministic import rows_in_memory

        rows = rows_in_memory(V, config)
    composed = V * config.dim if config.ngrams is not None else 0  # words as they are asked for
    return ((2 * rows + more_rows) * row_stride(config.dim) + composed) * 4


def check_memory(plan: Plan, available: Available | None = None, documents: int = 0) -> None:
    """Refuses a run whose E and C cannot fit. The text is read by now, and takes no more.

    Args:
        plan: The decisions of the run.
        available: What the process may take; by default the system is asked.
        documents: Rows of documents.

    Raises:
        OutOfMemory: it names the largest dim and the largest vocabulary that fit.
    """
    if plan.engine == "cuda":  # keeps them on the card, and has a check of its own
        return
    available = available or available_memory()
    if available is None:
        return
    more_rows = documents + (0 if plan.subwords is None else plan.subwords.rows)
    V, needed = len(plan.counts), bytes_needed(len(plan.counts), plan.config, more_rows)
    addresses = available.bound == ADDRESS_SPACE
    threads = plan.threads * THREAD_ADDRESSES
    spare, margin = (SPARE_ADDRESSES + threads, 2 * MARGIN + threads) if addresses else (SPARE, MARGIN)
    if needed + spare > available.bytes:
        raise OutOfMemory(
            f"E and C of {V:,} words{also(plan, documents)}, dim {plan.config.dim:,}, take {gibibytes(needed)}, "
            f"libraries and threads {gibibytes(spare)}, and {gibibytes(available.bytes)} may be used "
            f"({available.bound}); "
            + remedy(plan, more_rows, available.bytes - spare - margin, needed + spare + margin - available.bytes)
        )


def also(plan: Plan, documents: int) -> str:
    """What E has rows of beside words."""
    ngrams = "" if plan.subwords is None else f", {plan.subwords.rows:,} n-grams"
    return ngrams + (f", {documents:,} documents" if documents else "")


def remedy(plan: Plan, more_rows: int, free: int, missing: int) -> str:
    """What to ask for instead: values with which E and C fit into `free` bytes, or `missing` bytes more."""
    V, config = len(plan.counts), plan.config
    remedies = []
    if dim := largest_that_fits(
        lambda dim: bytes_needed(V, replace(config, dim=max(1, dim)), more_rows), free, config.dim
    ):
        remedies.append(f"--dim {dim}")
    if (fewer := largest_that_fits(lambda words: bytes_needed(words, config, more_rows), free, V)) > 1:
        remedies.append(f"--max-vocabulary {fewer}")
        least = int(plan.counts[fewer]) + 1  # one more than the first word that has no place
        if int(plan.counts[1]) >= least:
            remedies.append(f"--min-count {least}")
    if plan.subwords is not None and plan.subwords.buckets != "exact":
        row = row_stride(config.dim) * 4
        buckets = (free - bytes_needed(V, config, more_rows - plan.subwords.rows)) // row
        if buckets > 1_000:
            remedies.append(f"--buckets {buckets}")
    more = f"allow {gibibytes(missing)} more"
    return f"take {', '.join(remedies)}, or {more}" if remedies else more
