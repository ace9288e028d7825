"""Look at trained vectors: `python analysis.py --save_vectors vectors.tsv --save_plot vectors.png`.

Writes a TSV for TensorBoard's projector and a PCA plot of words, and prints each word's nearest neighbours and the
tightest groups. The work is done in `sgns.figures.analyse`.
"""

import sys

from cyclopts import App

from sgns.cli import EXACT, run
from sgns.cli.figures import analyse

if __name__ == "__main__":
    app = App(name="analysis.py", version_flags=[], result_action="return_value", default_parameter=EXACT)
    app.default(analyse)
    sys.exit(run(app))
