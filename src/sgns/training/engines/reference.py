"""Trains the readable PyTorch model: a whole run in one call, with the state and the progress of the other engines."""

import time
from typing import TYPE_CHECKING

import numpy as np

from sgns.config import Config
from sgns.progress.callback import Display
from sgns.training.loop import State
from sgns.training.signals import Interrupts

if TYPE_CHECKING:
    from sgns.text.corpus import Corpus
    from sgns.training.validation import Validation


def run_reference(
    corpus: "Corpus", config: Config, display: Display, validation: "Validation | None" = None
) -> tuple[np.ndarray, np.ndarray, State, float, float]:
    """Trains `sgns.reference.word2vec.SGNS`.

    Args:
        corpus: The text.
        config: The options.
        display: Shows the progress.
        validation: What is held out; its loss is measured after each epoch.

    Returns:
        E and C (V, d) float32, the final state, seconds to load PyTorch, seconds to train.
    """
    display.update("load PyTorch", 0, None)
    began = time.perf_counter()
    import torch

    from sgns.reference.word2vec import SGNS, train

    model = SGNS(len(corpus.vocabulary), config.dim, seed=config.seed)
    loaded = time.perf_counter() - began
    state, total = State(), corpus.tokens * config.epochs

    def begin(epoch: int) -> None:
        while len(state.loss) <= epoch:
            state.pairs.append(0)
            state.loss.append(0.0)

    ids, ends = np.asarray(corpus.ids), np.asarray(corpus.sentence_ends)
    if validation is not None:
        ids, ends = validation.training_text(ids)
    signals = Interrupts()

    def evaluate(epochs: int) -> None:
        if validation is not None and len(state.validation) < epochs:
            E, C = (table.weight.detach().numpy() for table in (model.E, model.C))
            state.validation.append(validation.loss(E, C))

    def on_progress(epoch: int, words: int, pairs: int, loss: float, lr: float) -> None:
        if signals.asked is not None:
            raise KeyboardInterrupt
        evaluate(epoch)  # after the first batch of the next epoch, which moves it little
        state.words = epoch * corpus.tokens + words - epoch * len(ids)
        begin(epoch)
        state.pairs[epoch], state.loss[epoch] = pairs, loss * pairs
        figures = {"epoch": f"{epoch + 1}/{config.epochs}", "loss": f"{loss:.4f}"}
        display.update("train", words, total, "words", figures)

    began = time.perf_counter()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # a batch is so small that threads would mostly wait for each other
    try:
        with signals:
            train(
                model,
                ids,
                ends,
                corpus.vocabulary.counts,
                window=config.window,
                negatives=config.negatives,
                epochs=config.epochs,
                lr=config.lr,
                min_lr=config.min_lr,
                subsample=corpus.vocabulary.threshold(config.subsample),
                noise_power=config.noise_power,
                seed=config.seed,
                on_progress=on_progress,
            )
        evaluate(config.epochs)
        begin(config.epochs - 1)  # an epoch may have had no pair
        state.words = total
    except KeyboardInterrupt:
        state.interrupted, state.signal = True, signals.asked
    finally:
        torch.set_num_threads(threads)
    E, C = (table.weight.detach().numpy() for table in (model.E, model.C))
    return E, C, state, loaded, time.perf_counter() - began
