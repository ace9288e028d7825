"""Ranks that are threads, and the report that a process prints."""

import json
import threading
from types import SimpleNamespace

from sgns.progress import Progress
from sgns.training.checkpoint import CheckpointPlan
from sgns.training.distributed.comm import ThreadComm
from sgns.training.distributed.environment import TorchrunEnvironment
from sgns.training.distributed.launch import launch
from sgns.training.distributed.torchrun import RankInterrupts
from sgns.training.options import DistributedOptions


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


def launch_on_ranks(n, path, config, output):
    """What `sgns train` on n ranks does with a text, from reading to the vectors; they are not written."""

    def work(comm):
        here = TorchrunEnvironment(comm.rank, n, comm.rank, n)
        job = SimpleNamespace(comm=comm, environment=here, signals=RankInterrupts(lambda number: None))
        with Progress(quiet=True) as display:
            plan = CheckpointPlan(output)
            return launch(job, [str(path)], config, display, checkpoints=plan, options=DistributedOptions())

    return run_on_ranks(n, work)


def report_of(stdout):
    return json.loads(stdout.strip().splitlines()[-1])
