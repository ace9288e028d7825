"""A plot of the loss over a training run, and of the validation loss beside it."""

from collections.abc import Sequence
from pathlib import Path

from sgns.base.files import check_output
from sgns.errors import ConfigError
from sgns.figures.style import COLOURS, FAINT, PICTURES, SOFT, new_figure, save, set_title


def plot_loss(
    losses: Sequence[float],
    path: str | Path,
    validation: Sequence[float] | None = None,
    *,
    x: Sequence[float] | None = None,
    unit: str = "epoch",
    title: str | None = None,
    size: tuple[float, float] = (7, 4.2),
) -> Path:
    """Draws the mean loss L of a positive pair and its negatives over training.

    Args:
        losses: one for each epoch, or for each point of `x`, in nats.
        path: where to write; .png, .svg or .pdf.
        validation: as many losses on text that was not trained on.
        x: where the losses were measured; by default 1, 2, 3 …
        unit: what x counts.
        title: states what is shown; by default `loss_title`.
        size: width and height in inches.

    Returns:
        `path`.

    Raises:
        ConfigError: there is no loss, or the lengths differ.
        OutputError: `path` cannot be written.
    """
    from matplotlib.ticker import MaxNLocator

    path = check_output(path, PICTURES)
    if len(losses) == 0:
        raise ConfigError("0 losses to draw, 1 is needed; train for an epoch first")
    x = list(x) if x is not None else list(range(1, len(losses) + 1))
    curves = {"training": list(losses)} | ({"held out": list(validation)} if validation is not None else {})
    for name, curve in curves.items():
        if len(curve) != len(x):
            raise ConfigError(f"{len(curve)} losses {name} for {len(x)} points; give one for each")
    figure, axes = new_figure(*size)
    for number, curve in enumerate(curves.values()):
        colour = COLOURS[number]
        marker = ("o", "s")[number] if len(x) <= 40 else None
        axes.plot(x, curve, color=colour, marker=marker, markersize=4.5, linewidth=1.8, linestyle=("-", "--")[number])
    ends = [(curve[-1], name, COLOURS[number]) for number, (name, curve) in enumerate(curves.items())]
    apart = abs(ends[0][0] - ends[-1][0]) if len(ends) > 1 else 0.0
    low, high = axes.get_ylim()
    nudge = 6 if len(ends) > 1 and apart < 0.08 * (high - low) else 0
    for value, name, colour in ends:
        up = nudge if value == max(end[0] for end in ends) else -nudge
        axes.annotate(
            f"{name} {value:.3f}", (x[-1], value), (8, up), textcoords="offset points", color=colour, va="center"
        )
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel(unit, color=SOFT)
    axes.set_ylabel("loss L per positive pair (nats)", color=SOFT)
    if unit == "epoch":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    set_title(axes, title or loss_title(losses, validation, unit, x))
    save(figure, path)
    return path


def loss_title(
    losses: Sequence[float],
    validation: Sequence[float] | None = None,
    unit: str = "epoch",
    x: Sequence[float] | None = None,
) -> str:
    """States in one line what a loss curve shows; the arguments are those of `plot_loss`."""
    if len(losses) == 1:
        return f"The loss after one {unit} is {losses[0]:.3f}"
    low = min(range(len(losses)), key=losses.__getitem__)
    text = f"The loss {'falls' if losses[-1] < losses[0] else 'rises'} from {losses[0]:.3f} to {losses[-1]:.3f}"
    if 0 < low < len(losses) - 1:
        where = f"{low + 1 if x is None else x[low]:g}"
        text = f"The loss falls from {losses[0]:.3f} to {losses[low]:.3f} at {unit} {where}"
        text += f", then rises to {losses[-1]:.3f}"
    if validation is None:
        return text
    best = min(range(len(validation)), key=validation.__getitem__)
    if best == len(validation) - 1:
        return f"{text}; on held-out text to {validation[-1]:.3f}"
    return f"{text}; held-out text is best at {unit} {best + 1 if x is None else x[best]:g}"
