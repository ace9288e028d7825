"""Threads beside a main thread that stays free: results, exceptions, an orderly end."""

import os
import threading
import time

import pytest

from sgns.base.parallel import in_background, run_all, run_threads, usable_cores


def test_every_thread_works_and_the_main_thread_ticks_meanwhile():
    names, ticks, enough = set(), [], threading.Event()

    def work(stop):
        names.add(threading.current_thread())
        assert enough.wait(250)

    def tick():
        ticks.append(threading.current_thread())
        if len(ticks) == 3:
            enough.set()

    run_threads(work, 3, tick)
    assert len(names) == 3
    assert len(ticks) >= 3
    assert set(ticks) == {threading.main_thread()}


def test_the_first_exception_of_a_thread_is_raised_and_the_others_are_stopped():
    stopped, lock, numbers = [], threading.Lock(), iter(range(3))

    def work(stop):
        with lock:
            number = next(numbers)
        if number == 1:
            raise ZeroDivisionError("one")
        stopped.append(stop.wait(250))

    with pytest.raises(ZeroDivisionError, match="one"):
        run_threads(work, 3, lambda: None)
    assert stopped == [True, True]


def test_what_the_tick_raises_stops_the_threads():
    stopped = []

    def tick():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_threads(lambda stop: stopped.append(stop.wait(250)), 2, tick)
    assert stopped == [True, True]


def test_a_thread_that_does_not_stop_is_left_behind():
    released, waiting, ended = threading.Event(), threading.Event(), threading.Event()

    def tick():
        raise KeyboardInterrupt

    def work(stop):
        waiting.set()
        released.wait(250)
        ended.set()

    with pytest.raises(KeyboardInterrupt):
        run_threads(work, 1, tick)
    assert waiting.wait(250)
    assert not ended.is_set()
    released.set()
    assert ended.wait(250)


@pytest.mark.parametrize("threads", [1, 2, 9])
def test_all_functions_are_called_once_at_most_so_many_at_a_time(threads):
    calls, here, most, lock = [], set(), [], threading.Lock()

    def make(number):
        def function():
            with lock:
                here.add(number)
                most.append(len(here))
            time.sleep(0.01)
            with lock:
                here.remove(number)
                calls.append(number)

        return function

    run_all([make(number) for number in range(6)], threads)
    assert sorted(calls) == list(range(6))
    assert max(most) <= threads
    if threads == 1:
        assert calls == list(range(6))


def test_no_functions_are_no_work():
    run_all([], 4)


def test_an_exception_of_a_function_is_raised_and_the_rest_is_not_begun():
    calls = []

    def fail():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        run_all([lambda: calls.append(1), fail, lambda: calls.append(2)], 1)
    assert calls == [1]


def test_long_work_is_watched_until_it_ends():
    seen, enough = [], threading.Event()

    def watch():
        seen.append(1)
        if len(seen) == 2:
            enough.set()

    in_background(lambda: enough.wait(250), watch)
    assert len(seen) >= 2


@pytest.mark.parametrize("kind", [ValueError, TimeoutError])
def test_an_exception_in_the_background_is_raised(kind):
    """A TimeoutError too, which is also what waiting for the background ends with."""

    def work():
        raise kind("of the work")

    with pytest.raises(kind, match="of the work"):
        in_background(work, lambda: None)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux alone")
def test_cores_that_this_process_may_not_use_do_not_count():
    allowed = os.sched_getaffinity(0)
    assert usable_cores() == len(allowed)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert usable_cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)
