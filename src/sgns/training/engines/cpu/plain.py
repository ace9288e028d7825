"""The update of skip-gram with negative sampling, written as its formulas: the kernel to read before the fast ones.

`window_kernel` computes the same from the same samples, many times faster, and tests compare the two; `tile_kernel`
shares the negatives among more inputs.
"""

import numpy as np

from sgns.base.jit import kernel


@kernel
def plain_update(E, C, inputs, centre, negatives, lr):
    """One step of gradient descent on one window: every input word w, the centre c+, and k negatives c−.

    The model is P(1|w, c) = σ(E_w·C_c), and the loss of one input w

        L = −log σ(E_w·C_c+) − Σᵢ log σ(−E_w·C_c−i).

    Let x = E_w·C_c be the score of a pair, and y its label: 1 for c+, 0 for each c−. Because the derivative of log σ(x)
    is 1 − σ(x), and that of log σ(−x) is −σ(x), either term of L has ∂L/∂x = σ(x) − y, and by the chain rule

        ∂L/∂E_w   = (σ(E_w·C_c+) − 1)·C_c+ + Σᵢ σ(E_w·C_c−i)·C_c−i
        ∂L/∂C_c+  = (σ(E_w·C_c+) − 1)·E_w
        ∂L/∂C_c−i =  σ(E_w·C_c−i)·E_w.

    The losses of several inputs add up, and so do the gradients of a row that is in several pairs. All are taken from
    the values before the step. A negative that is c+ is left out, as in word2vec.c; one drawn twice counts twice.

    Args:
        E: (V, d), changed in place.
        C: (V, d), changed in place.
        inputs: (m,) rows of E, the words of the window.
        centre: Row of C, c+.
        negatives: (k,) rows of C.
        lr: Learning rate; at 1 the change is minus the gradient.

    Returns:
        The loss before the step, Σ L over the inputs.
    """
    outputs = np.append(negatives[negatives != centre], centre)
    X, Y = E[inputs], C[outputs]  # (m, d) and (n, d): copies of the rows before the step
    loss = 0.0
    for i, w in enumerate(inputs):
        for o, c in enumerate(outputs):
            y = 1.0 if c == centre else 0.0
            # Forward
            x = np.sum(X[i] * Y[o])
            p = 1.0 / (1.0 + np.exp(-x))
            # Loss: −log σ(x) = log(1 + e^−x) for c+, −log σ(−x) = log(1 + e^x) for c−
            loss += np.logaddexp(0.0, -x if c == centre else x)
            # Backward
            E[w] -= lr * (p - y) * Y[o]
            C[c] -= lr * (p - y) * X[i]
    return loss
