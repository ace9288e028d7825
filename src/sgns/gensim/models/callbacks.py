"""`CallbackAny2Vec`: what a program does before and after training and each epoch."""

from typing import Any

from sgns.gensim.missing import missing


class CallbackAny2Vec:
    """Derive a class from this one, and override what you need."""

    def on_epoch_begin(self, model: Any) -> None:
        """Called before each epoch."""

    def on_epoch_end(self, model: Any) -> None:
        """Called after each epoch; the vectors of the model are current."""

    def on_train_begin(self, model: Any) -> None:
        """Called before training."""

    def on_train_end(self, model: Any) -> None:
        """Called after training."""


def __getattr__(name: str) -> Any:
    raise missing("gensim.models.callbacks", name)
