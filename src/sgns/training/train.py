"""`sgns.train`: from text to vectors in one call."""

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sgns.base.files import check_writable
from sgns.config import IN_MEMORY, Config
from sgns.errors import ConfigError, TrainingWarning
from sgns.progress.callback import Display, WarningCallback
from sgns.text.corpus import Corpus
from sgns.text.read import TextSource, read_text
from sgns.training.checkpoint import CheckpointPlan, written_by
from sgns.training.growing import Start, read_corpus
from sgns.training.hooks import OnEpoch
from sgns.training.options import CheckpointOptions
from sgns.training.plan import Plan, Resources
from sgns.training.precompile import Precompilation
from sgns.training.run import run
from sgns.vectors.vectors import Vectors


def train(
    source: TextSource = None,
    *,
    config: Config | None = None,
    start: str | Path | Vectors | None = None,
    quiet: bool = False,
    live: bool = False,
    checkpoint: str | Path | None = None,
    checkpoint_every: str | None = None,
    resume: bool = False,
    on_epoch: OnEpoch | None = None,
    on_warning: WarningCallback | None = None,
    **options: Any,
) -> Vectors:
    """Train word vectors.

    Example:
        vectors = sgns.train("corpus.txt", dim=100, epochs=5)

    Args:
        source: A path or several (files, folders, packed files), an iterable of token lists, a `Corpus`, or None for
            the built-in corpus: the documentation on this machine.
        config: All options at once; or give them by name:
        **options: Fields of `Config`, such as dim, window, negatives, epochs, lr, min_count, threads, seed, engine.
        start: Vectors to go on with, or a file of them: their rows are taken over. `vocabulary` (union, old or new) and
            `freeze` (E, C, or words) belong to it; see docs/growing.md.
        quiet: Show no progress.
        live: Plot the loss while it falls (terminals).
        checkpoint: A file, usually where the vectors will be saved; checkpoints are written beside it.
        checkpoint_every: How often: `60s`, `5m`, `1h`, `20blocks`.
        resume: Go on from the newest checkpoint; from the beginning if there is none.
        on_epoch: Called after each epoch, while training pauses, as on_epoch(epoch, loss, validation_loss, vectors):
            the number of finished epochs; the mean loss of the last one; its validation loss, None without
            `validation`; the vectors as they are, read-only, to be copied if they are to be kept. Training ends when it
            returns False (early stopping). A resumed run calls it after the remaining epochs.
        on_warning: Called with a sentence for each thing that makes the vectors worth less: bytes that are not UTF-8,
            files left out, too few pairs to learn from. By default the last is a `TrainingWarning`, and the others are
            shown with the progress.

    Returns:
        The vectors. After Ctrl-C or SIGTERM what has been learnt so far, with metadata["interrupted"] = True; after
        `on_epoch` returned False likewise, with metadata["stopped_early"] = True.

    Raises:
        ConfigError: an option out of range, or unknown.
        InputError: the text cannot be read, or leaves nothing to train on.
        CheckpointError: `resume`, and the checkpoint is of another run, or damaged.
        DivergedError: the vectors diverged; the message names an lr to try.
        KeyboardInterrupt: after a second Ctrl-C.
        Exception: what `on_epoch` raises.
    """
    from sgns.progress import Progress
    from sgns.progress.live import LivePlot

    if start is not None:
        options["start"] = IN_MEMORY if isinstance(start, Vectors) else start
    if config is not None and options:
        raise ConfigError(f"both config and {', '.join(options)} were given; give one or the other")
    if checkpoint is None and (checkpoint_every is not None or resume):
        raise ConfigError("checkpoint_every and resume need a file; give checkpoint='vectors.safetensors'")
    config, checkpoints = config or Config(**options), None
    if checkpoint is not None:
        wanted = CheckpointOptions(checkpoint_every=checkpoint_every, resume=resume)
        checkpoints = CheckpointPlan.of(checkpoint, wanted)
        check_writable(checkpoints.output)
    with (LivePlot if live else Progress)(quiet=quiet) as display:
        resources = Resources.of(config)
        with Precompilation(config, resources) as kernels:
            begin = Start.of(config, start if isinstance(start, Vectors) else None, display.warn)
            outputs = () if checkpoint is None else written_by(checkpoint)
            corpus = read_corpus(begin, config, lambda use: read(source, use, display, outputs), display.update)
            plan = Plan.of(corpus.vocabulary, config, resources)
            trained = run(
                corpus, plan, display, start=begin, checkpoints=checkpoints, on_epoch=on_epoch, kernels=kernels
            )
    if trained.checkpoints is not None and not trained.interrupted:
        trained.checkpoints.clear()
    for message in trained.warnings if on_warning is None else [*corpus.warnings, *trained.warnings]:
        if on_warning is not None:
            on_warning(message)
        else:
            warnings.warn(message, TrainingWarning, stacklevel=2)
    return trained.vectors


def read(source: TextSource, config: Config, display: Display, outputs: Iterable[Path] = ()) -> Corpus:
    """The corpus of a source, see `train`; none of the outputs may be part of it."""
    return read_text(source, config, display.update, outputs)
