"""Train word vectors: `python word2vec.py` on the documentation on this machine, `python word2vec.py my.txt` on a text.

All options with their defaults stand in one place, `sgns.config.Config`; `python word2vec.py --help` lists them.
"""

import sys

from cyclopts import App

from sgns.cli import EXACT, run
from sgns.cli.training import train_builtin

if __name__ == "__main__":
    app = App(name="word2vec.py", result_action="return_value", default_parameter=EXACT)
    app.default(train_builtin)
    sys.exit(run(app))
