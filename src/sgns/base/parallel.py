"""Threads that work while the main thread stays free to show progress and to receive Ctrl-C."""

import os
import threading
from collections.abc import Callable, Sequence

from sgns.errors import OutOfMemory


def run_threads(work: Callable[[threading.Event], None], threads: int, tick: Callable[[], None]) -> None:
    """Run `work(stop)` in `threads` threads until all have returned; call `tick` ten times a second meanwhile.

    After an exception, or Ctrl-C, `stop` is set for the other threads; one that does not return within half a second,
    because it waits for a pipe, is left behind.

    Raises:
        BaseException: the first exception of a thread.
        OutOfMemory: the system starts no more threads.
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
    try:
        start_all(workers)
        for _ in workers:
            while not finished.acquire(timeout=0.1):
                tick()
                if errors:
                    raise errors[0]
    except BaseException:
        stop.set()
        for worker in workers:
            if worker.ident is not None:  # it was started
                worker.join(timeout=0.5)
        raise
    if errors:
        raise errors[0]
    tick()


def start_all(workers: Sequence[threading.Thread]) -> None:
    """Starts threads. Raises `OutOfMemory` if the system does not start one; those before it run on."""
    for number, worker in enumerate(workers):
        try:
            worker.start()
        except RuntimeError as error:
            raise no_thread(number, error) from None


def no_thread(number: int, error: RuntimeError) -> OutOfMemory:
    """The error for a thread that the system does not start, after `number` others."""
    return OutOfMemory(
        f"the system starts no more than {number} threads ({error}); take fewer --threads, or allow more threads and "
        "memory (ulimit -u, ulimit -v)"
    )


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
        try:
            result = pool.submit(work)
        except RuntimeError as error:
            raise no_thread(0, error) from None
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
