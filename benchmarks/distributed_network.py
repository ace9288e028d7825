"""What merging costs on a network: ranks in network namespaces, their links held to a bandwidth with `tc`.

    python -m benchmarks.distributed_network        (as root, on Linux, on a machine that does nothing else; 5 minutes)

Each rank is a process in a namespace of its own, joined to the others by a bridge; a token bucket (tbf) holds what it
sends to the bandwidth, and netem adds latency where the kernel has it. First 2 and 4 ranks exchange the rows of real
rounds (`training/distributed/merge.py`) without training between them, so the time is that of communication alone. Then
2 ranks train between exchanges, with one thread each, and `Traffic` says what of the exchanges was hidden.

Results go to benchmarks/distributed.json; from them `benchmarks.distributed_model` takes its constants, sets itself
beside the measurements and fills the tables of benchmarks/README.md and docs/scale.md.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import distributed_model
from benchmarks.distributed_rank import Work
from benchmarks.parts import machine

BRIDGE, NET = "sgnsbr", "10.77.0."
FAR = 0.5  # milliseconds of latency, where netem can add it


def ip(*words: object) -> None:
    subprocess.run(["ip", *map(str, words)], check=True, capture_output=True, text=True)


@contextmanager
def namespaces(n: int, gbit: float | None, ms: float = 0.0) -> Iterator[list[str]]:
    """So many namespaces on one bridge; each sends at `gbit` at most, and what it sends is `ms` late."""
    names = [f"sgns{k}" for k in range(n)]
    try:
        ip("link", "add", BRIDGE, "type", "bridge")
        ip("link", "set", BRIDGE, "up")
        for k, name in enumerate(names):
            ip("netns", "add", name)
            ip("link", "add", f"sgnsv{k}", "type", "veth", "peer", "name", "eth0", "netns", name)
            ip("link", "set", f"sgnsv{k}", "master", BRIDGE, "up")
            ip("-n", name, "addr", "add", f"{NET}{k + 1}/24", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")
            ip("-n", name, "link", "set", "lo", "up")
            tc, parent = ["ip", "netns", "exec", name, "tc", "qdisc", "add", "dev", "eth0"], ["root"]
            if ms:
                late = ["handle", "1:", "netem", "delay", f"{ms}ms", "limit", "100000"]
                subprocess.run([*tc, *parent, *late], check=True, capture_output=True)
                parent = ["parent", "1:1"]
            if gbit is not None:
                bucket = ["tbf", "rate", f"{gbit}gbit", "burst", "4mb", "latency", "50ms"]
                subprocess.run([*tc, *parent, *bucket], check=True, capture_output=True)
        yield names
    finally:
        for k, name in enumerate(names):
            subprocess.run(["ip", "link", "del", f"sgnsv{k}"], capture_output=True)
            subprocess.run(["ip", "netns", "del", name], capture_output=True)
        subprocess.run(["ip", "link", "del", BRIDGE], capture_output=True)


def has_netem() -> bool:
    """Whether this kernel can add latency."""
    try:
        with namespaces(1, None, FAR):
            return True
    except subprocess.CalledProcessError:
        return False


def measure(n: int, gbit: float | None, work: Work, ms: float = 0.0) -> dict[str, Any]:
    """One setting."""
    with namespaces(n, gbit, ms) as names:
        processes = []
        try:
            for rank, name in enumerate(names):
                place = {"RANK": rank, "WORLD_SIZE": n, "MASTER_ADDR": f"{NET}1", "MASTER_PORT": 29541}
                place |= {"GLOO_SOCKET_IFNAME": "eth0", "LOCAL_RANK": 0, "LOCAL_WORLD_SIZE": 1}
                rank_of_it = [sys.executable, "-m", "benchmarks.distributed_rank", json.dumps(asdict(work))]
                processes.append(
                    subprocess.Popen(
                        ["ip", "netns", "exec", name, *rank_of_it],
                        env=os.environ | {"TORCH_CPP_LOG_LEVEL": "ERROR"} | {k: str(v) for k, v in place.items()},
                        stdout=subprocess.PIPE,
                        text=True,
                    )
                )
            said = [process.communicate(timeout=300)[0] for process in processes]
        finally:
            for process in processes:
                process.kill()
    if any(process.returncode for process in processes):
        raise SystemExit(f"{n} ranks on {distributed_model.named(gbit)} failed; see above")
    return {"ranks": n, "gbit": gbit, "ms": ms} | asdict(work) | json.loads(said[0].splitlines()[-1])


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that ranks end and namespaces go
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ranks", default="2,4")
    parser.add_argument("--gbit", default="0,10,1", help="0: as fast as the machine")
    parser.add_argument("--communication-dtype", default="float32,bfloat16")
    parser.add_argument("--vocabulary", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--json", type=Path, help="keep the results there, and leave the pages as they are")
    o = parser.parse_args()
    began, here = time.perf_counter(), machine()
    results: dict[str, Any] = {"machine": here, "netem": has_netem(), "exchanges": [], "training": []}
    links = [float(word) or None for word in o.gbit.split(",")]
    dtypes = o.communication_dtype.split(",")
    settings: list[tuple[int, float | None, float, Work]] = [
        (n, gbit, 0.0, Work(o.vocabulary, o.dim, communication_dtype, o.rounds))
        for n in map(int, o.ranks.split(","))
        for gbit in links
        for communication_dtype in dtypes
    ]
    if results["netem"]:
        settings += [(2, gbit, FAR, Work(o.vocabulary, o.dim, "float32", o.rounds)) for gbit in links]
    settings += [
        (2, gbit, 0.0, Work(o.vocabulary, o.dim, communication_dtype, rounds, words))
        for words, rounds in ((250_000, 8), (1_000_000, 3))
        for gbit in links
        for communication_dtype in dtypes
        if communication_dtype == "float32" or (gbit, words) == (1, 250_000)
    ]
    for n, gbit, ms, work in settings:
        found = measure(n, gbit, work, ms)
        results["training" if work.round_words else "exchanges"].append(found)
        print(json.dumps({k: round(v, 4) if isinstance(v, float) else v for k, v in found.items()}), file=sys.stderr)
    results["seconds"] = round(time.perf_counter() - began)
    path = o.json or distributed_model.RESULTS
    path.write_text(json.dumps(results, indent=1) + "\n")
    distributed_model.show(results, distributed_model.Text(), fill_pages=o.json is None)


if __name__ == "__main__":
    main()
