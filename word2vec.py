"""Train word vectors: `python word2vec.py` on the documentation on this machine, `python word2vec.py my.txt` on a text.

The hyper-parameters stand at the bottom. An option of the command line, such as `--dim 50`, takes precedence, and
`python word2vec.py --help` lists all options. The model, its loss and its training loop, written to be read, stand in
`src/sgns/reference/word2vec.py`; `--engine reference` trains with them.
"""

import sys

from cyclopts import App
from cyclopts.config import Dict

from sgns.cli import EXACT, run
from sgns.cli.training import train_builtin


def main(hyper_parameters: dict[str, float]) -> int:
    """Trains with the options of the command line, and with `hyper_parameters` where it has none."""
    defaults = Dict(hyper_parameters)
    app = App(name="word2vec.py", result_action="return_value", default_parameter=EXACT, config=defaults)
    app.default(train_builtin)
    return run(app)


if __name__ == "__main__":
    hyper_parameters = {
        "dim": 100,  # d, the numbers in a row of E and of C
        "window": 5,  # L: a context word stands at most this far from its target word
        "negatives": 5,  # k, the negative samples of each positive one
        "epochs": 7,  # passes over the text
        "lr": 0.025,  # learning rate at the start; it falls linearly …
        "min_lr": 0.003,  # … to this at the end
        "min_count": 5,  # rarer words are left out
        "noise_power": 0.75,  # negatives are drawn in proportion to count ** noise_power
        "seed": 1,  # of every random draw
    }
    sys.exit(main(hyper_parameters))
