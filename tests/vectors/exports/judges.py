"""Opens what `sgns export` wrote with the program that it was written for; run by another interpreter where it must.

python judges.py finalfusion FILE VECTORS.npz
"""

import sys

import numpy as np


def finalfusion(path, expected):
    import finalfusion as judge

    embeddings = judge.load_finalfusion(path)
    rows = [embeddings.embedding_with_norm(word) for word in expected["words"].tolist()]
    assert embeddings.vocab.words == expected["words"].tolist()
    np.testing.assert_allclose(np.array([row * norm for row, norm in rows]), expected["E"], rtol=1e-5, atol=1e-6)


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2], np.load(sys.argv[3], allow_pickle=False))
    print("judged")
