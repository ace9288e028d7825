"""The engine factory: the engine of a plan, and its first compilation."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from sgns.base.parallel import in_background
from sgns.errors import MissingExtra, SgnsError
from sgns.text.corpus import Corpus
from sgns.training.plan import Plan
from sgns.training.validation import Validation

if TYPE_CHECKING:
    from sgns.training.engines.cpu.engine import CpuEngine
    from sgns.training.engines.cuda.engine import CudaEngine


def build(plan: Plan, corpus: Corpus, validation: Validation | None = None) -> "CpuEngine | CudaEngine":
    """The engine for a corpus; it trains on all of it but what is held out for validation."""
    from sgns.training.engines.cpu.engine import CpuEngine, whole

    config, counts = plan.config, plan.counts
    keep, noise = plan.keep_probability, plan.noise_distribution
    ends = corpus.sentence_ends if validation is None else validation.sentence_ends
    runs = whole if validation is None else validation.runs
    if plan.engine == "cuda":
        from sgns.training.engines.cuda.engine import CudaEngine

        held_out = None if validation is None else list(zip(validation.begins, validation.ends, strict=True))
        return CudaEngine(corpus.ids, ends, keep, noise, config, counts=counts, held_out=held_out)
    if config.deterministic:
        from sgns.training.engines.cpu.deterministic import FlightEngine

        return FlightEngine(corpus.ids, ends, keep, noise, config, counts=counts, threads=plan.threads, runs=runs)
    heads = None
    if config.sharing == "tile":
        from sgns.training.engines.cpu.hot_rows import Heads

        heads = Heads(counts, keep, noise, config, plan.threads)
    return CpuEngine(corpus.ids, ends, keep, noise, config, runs=runs, heads=heads)


def start(
    plan: Plan, corpus: Corpus, validation: Validation | None, watch: Callable[[], None]
) -> "CpuEngine | CudaEngine":
    """The engine, its kernels compiled and those of the validation loss with them; `watch` is called meanwhile.

    Raises:
        MissingExtra: the card's driver, Triton or PyTorch refuse; what they say, in one line.
    """

    def compile(engine: "CpuEngine | CudaEngine") -> None:
        engine.compile()
        if validation is not None:
            validation.loss(engine.E, engine.C)

    try:
        engine = build(plan, corpus, validation)
        in_background(lambda: compile(engine), watch)
    except SgnsError:
        raise
    except Exception as error:
        if plan.engine != "cuda":
            raise
        reason = next(iter(str(error).strip().splitlines()), "")[:200]
        raise MissingExtra(
            f"the cuda engine does not start on this card ({type(error).__name__}: {reason}); take --engine cpu"
        ) from error
    return engine
