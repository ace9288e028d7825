"""The front door of the engines: which one trains. Nobody else asks."""

from importlib.util import find_spec

from sgns.config import Config
from sgns.errors import ConfigError, MissingExtra


def choose(config: Config) -> str:
    """The name of the engine that will train: `config.engine`, or for auto the fastest that this machine has.

    Raises:
        ConfigError: the engine does not have what the options ask for.
        MissingExtra: its library is not installed.
    """
    name = "cpu" if config.engine == "auto" else config.engine
    if name == "reference" and config.deterministic:
        raise ConfigError("the reference engine has no --deterministic; leave it out, or take --engine cpu")
    if name == "reference" and find_spec("torch") is None:
        raise MissingExtra("the reference engine needs PyTorch; install it with: pip install 'sgns[torch]'")
    return name
