"""Threads that work while the main thread stays free to show progress and to receive Ctrl-C."""

import os
import threading
from collections.abc import Callable, Sequence


def run_threads(work: Callable[[threading.Event], None], threads: int, tick: Callable[[], None]) -> None:
    """Run `work(stop)` in `threads` threads until all have returned; call `tick` ten times a second meanwhile.

    After an exception, or Ctrl-C, `stop` is set for the other threads; one that does not return within half a second,
    because it waits for a pipe, is left behind.

    Raises:
        BaseException: the first exception of a thread.
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


def run_all(functions: Sequence[Callable[[], None]], threads: int) -> None:
    """Call all functions, at most `threads` at a time. Raises the first exception of one; the rest is not begun."""
    waiting = list(functions)[::-1]

    def work(stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                function = waiting.pop()
            except IndexError:
                return
            function()

    run_threads(work, min(threads, len(waiting)), lambda: None)


def in_background(work: Callable[[], None], watch: Callable[[], None]) -> None:
    """Run `work` in a thread; after half a second, call `watch` ten times a second until it has returned.

    Raises:
        BaseException: an exception of `work`.
    """
    from concurrent.futures import ThreadPoolExecutor
    from concurrent.futures import TimeoutError as NotFinished

    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(work)
        wait = 0.5
        while True:
            try:
                return result.result(wait)
            except NotFinished:
                if result.done():  # or `work` raised a TimeoutError of its own
                    return result.result()
                watch()
                wait = 0.1


def usable_cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
