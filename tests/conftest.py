"""What holds for all tests: where Triton runs, what hypothesis draws, and that a hung test says where it hangs."""

import os

from hypothesis import settings

from sgns.training.engines import cuda_cards

# Where there is no card, Triton's kernels are interpreted; Triton asks for that when it is first imported.
if not cuda_cards():
    os.environ.setdefault("TRITON_INTERPRET", "1")

# The same examples on every machine, so that what passes here passes there; `make test-random` draws new ones.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("random", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("SGNS_EXAMPLES", "same"))
