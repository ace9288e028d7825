"""Ranks that are threads, and what their processes say."""

import json
import threading

from sgns.training.distributed.comm import ThreadGroup


def run_threads(n, work):
    """work(group) on n ranks that are threads; their results in the order of the ranks."""
    results, errors = [None] * n, []

    def run(group):
        try:
            results[group.rank] = work(group)
        except BaseException as error:
            errors.append(error)
            group.abort()

    threads = [threading.Thread(target=run, args=(group,)) for group in ThreadGroup.of(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise next((e for e in errors if not isinstance(e, threading.BrokenBarrierError)), errors[0])
    return results


def report_of(stdout):
    return json.loads(stdout.strip().splitlines()[-1])
