"""Where there is no card, Triton's kernels are interpreted; Triton asks for that when it is first imported."""

import os

from sgns.training.engines import cuda_cards

if not cuda_cards():
    os.environ.setdefault("TRITON_INTERPRET", "1")
