"""The verb compile."""

from typing import Annotated, Literal

from cyclopts import Parameter

from sgns.base.text_table import text_table
from sgns.cli.options import Flag, Json, Quiet
from sgns.cli.output import print_json
from sgns.config import Combine, Config, Loss, Model, Sharing
from sgns.errors import ConfigError


def compile(
    *,
    dim: Annotated[str, Parameter(allow_leading_hyphen=True)] = str(Config.dim),
    model: Model = Config.model,
    loss: Loss = Config.loss,
    combine: Combine = Config.combine,
    ngrams: str | None = None,
    window: int | Literal["sentence"] = Config.window,
    shrink_windows: bool = Config.shrink_windows,
    negatives: int = Config.negatives,
    sharing: Sharing = Config.sharing,
    deterministic: Flag = Config.deterministic,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Compile the kernels ahead of the first run, for an image of a container.

    Runs with these options, on any number of threads, with --validation or without, then compile nothing; so do texts,
    phrases and vector files that are read. The kernels are kept in the cache folder, which SGNS_CACHE names.

    Args:
        dim: Dimensions of the vectors, with commas between them: 100,300.
        model: As that of the runs.
        loss: As that of the runs.
        combine: As that of the runs.
        ngrams: As those of the runs.
        window: As that of the runs.
        shrink_windows: For runs whose centres draw their own reach; without it, for windows as wide as may be.
        negatives: As that of the runs.
        sharing: As that of the runs.
        deterministic: For runs with --deterministic.
    """
    from sgns.progress import Progress
    from sgns.training.precompile import compile_for_later

    config = Config(
        model=model, loss=loss, combine=combine, ngrams=ngrams, window=window, shrink_windows=shrink_windows,
        negatives=negatives, sharing=sharing, deterministic=deterministic,
    )  # fmt: skip
    with Progress(quiet) as display:
        made = compile_for_later(config, dims_of(dim), display.update)
    if json:
        print_json(made)
        return
    rows = [(part["kernels"], f"{part['seconds']:.1f}") for part in made["compiled"]]
    print(text_table(["kernels", "seconds"], [*rows, ("all", f"{made['seconds']:.1f}")]))
    print(f"kept in {made['folder']}")


def dims_of(text: str) -> list[int]:
    """The dimensions in a list with commas. Raises `ConfigError`."""
    try:
        dims = [int(part) for part in text.split(",")]
    except ValueError:
        raise ConfigError(f"dim is {text}; give whole numbers with commas between them, such as 100,300") from None
    return [Config(dim=dim).dim for dim in dims]
