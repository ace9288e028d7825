"""Threads that work while the main thread stays free, to show progress and to hear Ctrl-C."""

import threading
from collections.abc import Callable, Sequence


def in_threads(work: Callable[[threading.Event], None], threads: int, tick: Callable[[], None]) -> None:
    """Run `work(stop)` in so many threads until all have returned; call `tick` ten times a second meanwhile.

    The first exception of a thread is raised here, after the others were told to stop. On Ctrl-C they are told as well,
    and a thread that waits for a pipe is left behind.
    """
    stop, finished = threading.Event(), threading.Semaphore(0)
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work(stop)
        except BaseException as error:
            errors.append(error)
            stop.set()
        finally:
            finished.release()

    workers = [threading.Thread(target=run, daemon=True) for _ in range(threads)]
    for worker in workers:
        worker.start()
    try:
        for _ in workers:
            while not finished.acquire(timeout=0.1):
                tick()
                if errors:
                    raise errors[0]
    except BaseException:
        stop.set()
        for worker in workers:
            worker.join(timeout=0.5)
        raise
    if errors:
        raise errors[0]
    tick()


def together(functions: Sequence[Callable[[], None]], threads: int) -> None:
    """Call all functions, so many at a time."""
    waiting = list(functions)[::-1]

    def work(stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                function = waiting.pop()
            except IndexError:
                return
            function()

    in_threads(work, min(threads, len(waiting)), lambda: None)
