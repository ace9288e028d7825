"""The numbers of one stage of a long job: units done, rate, remaining time; and how these are written."""

from collections import deque
from collections.abc import Mapping

REDRAW = 0.1  # seconds between two drawings of a bar
RATE_OVER = 10.0  # seconds over which the rate is measured


class Stage:
    """One named part of a job.

    Args:
        name: What is being done.
        now: Time of the start, in seconds.
        done: Units that were done before, for example by the run that is resumed.
    """

    def __init__(self, name: str, now: float, done: int) -> None:
        self.name, self.start, self.first_done = name, now, done
        self.done, self.total, self.unit = done, None, ""  # type: int, int | None, str
        self.fields: Mapping[str, str] = {}
        self.now, self.finished = now, False
        self._samples: deque[tuple[float, int]] = deque([(now, done)])

    def set(self, now: float, done: int, total: int | None, unit: str, fields: Mapping[str, str] | None) -> None:
        """Stores the newest numbers."""
        self.now, self.done, self.total, self.unit, self.finished = now, done, total, unit, False
        if fields is not None:
            self.fields = fields
        if now - self._samples[-1][0] >= REDRAW:
            self._samples.append((now, done))
            while len(self._samples) > 2 and self._samples[1][0] < now - RATE_OVER:
                self._samples.popleft()

    def resume(self, now: float) -> None:
        """Goes on after another stage: the time in between counts neither as elapsed time nor for the rate."""
        self.start += now - self.now
        self._samples = deque([(now, self.done)])

    @property
    def elapsed(self) -> float:
        """Seconds that the stage has run, without the time of other stages in between."""
        return self.now - self.start

    @property
    def rate(self) -> float:
        """Units per second: over the last 10 seconds while the stage runs, over the whole stage once it is finished."""
        then, done = (self.start, self.first_done) if self.finished else self._samples[0]
        return (self.done - done) / (self.now - then) if self.now > then else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Expected seconds to the end, or None if total or rate are unknown."""
        if self.total is None or self.rate <= 0:
            return None
        return max(0.0, self.total - self.done) / self.rate

    def figures(self, brief: bool = False) -> str:
        """The text beside the bar: `45 %, 2.1M of 4.7M words, 812k words/s, loss 2.31, 0:03 left`.

        Args:
            brief: Leave out the count while the percentage is shown.
        """
        parts = []
        whole = self.finished and self.done == self.total
        if self.total and not whole:
            parts.append(f"{self.done / self.total:.0%}".replace("%", " %"))
        if (self.done and not self.total) or (self.total and self.unit and (self.finished or not brief)):
            parts.append(_amount(self.done, self.unit) if whole else self._of())
        if self.rate > 0 and self.unit:
            parts.append(f"{_amount(self.rate, self.unit)}/s")
        parts += [f"{name} {value}" for name, value in self.fields.items()]
        if self.finished:
            parts.append(f"took {clock(self.elapsed)}")
        elif (left := self.seconds_left) is not None:
            parts.append(f"{clock(left)} left")
        return ", ".join(parts)

    def _of(self) -> str:
        if self.total is None or self.total == 0:
            return _amount(self.done, self.unit)
        return f"{short(self.done)} of {_amount(self.total, self.unit)}"


def short(number: float) -> str:
    """A number in three digits and a letter: 950, 81.2k, 4.71M, 1.20G."""
    for letter, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= 0.9995 * size:
            value = number / size
            return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}{letter}"
    return f"{number:.0f}" if number >= 99.95 or number == int(number) else f"{number:.1f}"


def clock(seconds: float) -> str:
    """A duration: 1.2 s below ten seconds, then 0:12, 3:05, 1:02:03."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _amount(number: float, unit: str) -> str:
    if unit == "bytes":
        text = short(number)
        return f"{text[:-1]} {text[-1]}B" if text[-1].isalpha() else f"{text} B"
    return f"{short(number)} {unit}".rstrip()
