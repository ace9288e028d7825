"""The loss of one positive and its k negatives, and its three gradients, in closed form.

    L        = −log σ(E_w·C_c+) − Σ log σ(−E_w·C_c−i)
    ∂L/∂C_c+  = (σ(E_w·C_c+) − 1) E_w
    ∂L/∂C_c−i = σ(E_w·C_c−i) E_w
    ∂L/∂E_w   = (σ(E_w·C_c+) − 1) C_c+ + Σ σ(E_w·C_c−i) C_c−i

`sgns.learn.chapters.derivations` derives them; `sgns.learn.chapters.methods` compares them with everything else that computes them.
"""

from dataclasses import dataclass

import numpy as np

from sgns.learn.formulas.operations import NUMERIC


@dataclass(frozen=True)
class Gradients:
    """Loss and gradients of one target w with its outputs: the positive first, then the k negatives.

    Attributes:
        loss: L.
        scores: (1+k,) E_w·C_c.
        probabilities: (1+k,) P(1 | w, c).
        errors: (1+k,) probability − label.
        w: (d,) ∂L/∂E_w.
        c: (1+k, d) ∂L/∂C_c of each output, as if all outputs were different rows.
    """

    loss: float
    scores: np.ndarray
    probabilities: np.ndarray
    errors: np.ndarray
    w: np.ndarray
    c: np.ndarray


def closed_form(w: np.ndarray, outputs: np.ndarray) -> Gradients:
    """The formulas above, in float64.

    Args:
        w: (d,) the row E_w.
        outputs: (1+k, d) the rows C_c+, C_c−1 … C_c−k.
    """
    w, outputs = np.asarray(w, np.float64), np.asarray(outputs, np.float64)
    labels = np.zeros(len(outputs))
    labels[0] = 1
    scores = outputs @ w
    probabilities = NUMERIC.sigmoid(scores)
    errors = probabilities - labels
    # −log σ(x) = log(1 + e^−x), which logaddexp takes without overflow
    loss = float(np.logaddexp(0, np.where(labels == 1, -scores, scores)).sum())
    return Gradients(loss, scores, probabilities, errors, errors @ outputs, np.outer(errors, w))
