"""How many bytes a word costs on the card, counted; and what the card can move."""

from dataclasses import asdict, dataclass

import torch

from sgns.training.engines.cuda.engine import CudaEngine


@dataclass(frozen=True)
class BytesPerWord:
    """Bytes for each word that subsampling keeps, of rows and of what is drawn. Caches may serve a part of them."""

    reads: float  # of rows of E and C by tiles, each row once a tile
    gradients: float  # rows added to beside E and C
    step: float  # gradient read and set to zero, row read and written, once for each row that a batch touches
    draws: float  # ids, marks, their sum, packed words, noise

    @property
    def total(self) -> float:
        """All of them."""
        return self.reads + self.gradients + self.step + self.draws

    def parts(self) -> dict[str, float]:
        """By name."""
        return asdict(self)

    @classmethod
    def of(cls, engine: CudaEngine, start: int, stop: int) -> "BytesPerWord":
        """Count on a batch of ids[start:stop]; distinct rows are those that it really touches."""
        kept = engine._draw(0, start, stop)
        window, row = engine.config.window, 4 * engine.stride
        centres = min(engine.tuning.batch, kept.last - kept.first)
        tiles = -(-centres // engine._centres)
        rows_in_tiles = tiles * (engine._rows + engine._noise_count) + centres
        words = kept.words[kept.first : kept.first + centres + 2 * window]
        V = len(engine.E)
        law = torch.zeros(V, device=words.device, dtype=torch.float64)
        noise_table = engine._noise_table
        own = (noise_table >> 32 & 0xFFFFFFFF).double() / 2**32
        law += own
        law.scatter_add_(0, noise_table & 0xFFFFFFFF, 1 - own)
        drawn = torch.multinomial(law, tiles * engine._noise_count, replacement=True) if V < 2**24 else words.long()
        distinct = len(torch.unique(words)) + len(torch.unique(torch.cat([words.long(), drawn])))
        kept_share = max(1, kept.n) / max(1, stop - start)
        draws = (4 + 8 * 4 + 4 * 3) / kept_share + 3 * 4 + 12 * tiles * engine._noise_count / centres
        return cls(rows_in_tiles * row / centres, rows_in_tiles * row / centres, 4 * distinct * row / centres, draws)


def copy_bandwidth(small: bool = False) -> float:
    """Bytes a second of a large copy on the device, read and written; the median of 20."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    source = torch.rand(2**20 if small else 2**30, device=device)
    target = torch.empty_like(source)
    if device == "cpu":
        import time

        began = time.perf_counter()
        target.copy_(source)
        return 2 * source.nbytes / (time.perf_counter() - began)
    spent = []
    for turn in range(23):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        target.copy_(source)
        end.record()
        torch.cuda.synchronize()
        if turn >= 3:
            spent.append(begin.elapsed_time(end) / 1e3)
    return 2 * source.nbytes / sorted(spent)[len(spent) // 2]
