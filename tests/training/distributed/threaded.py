"""Ranks that are threads, and the report that a process prints."""

import json
import threading

from sgns.training.distributed.comm import ThreadComm


def run_on_ranks(n, work):
    """work(comm) on n ranks that are threads; their results in the order of the ranks."""
    results, errors = [None] * n, []

    def run(comm):
        try:
            results[comm.rank] = work(comm)
        except BaseException as error:
            errors.append(error)
            comm.abort()

    threads = [threading.Thread(target=run, args=(comm,)) for comm in ThreadComm.of(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise next((e for e in errors if not isinstance(e, threading.BrokenBarrierError)), errors[0])
    return results


def report_of(stdout):
    return json.loads(stdout.strip().splitlines()[-1])
