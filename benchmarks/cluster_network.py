"""What merging costs on a network: ranks in network namespaces, their links held to a bandwidth with `tc`.

    python -m benchmarks.cluster_network --ranks 2,4 --gbit 1,10        (as root, on Linux)

Each rank is a process in a namespace of its own, joined to the others by a bridge; a token bucket (tbf) holds what it
sends to the bandwidth. The ranks exchange the rows of real rounds (`training/cluster/merging.py`) without training
between them, so the time is that of communication alone. Prints one JSON line for each setting: rows, bytes a rank
sends in a round, seconds of a round (median), and what the wire alone would take.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

BRIDGE, NET = "sgnsbr", "10.77.0."


def ip(*words: object) -> None:
    subprocess.run(["ip", *map(str, words)], check=True, capture_output=True, text=True)


@contextmanager
def namespaces(n: int, gbit: float | None) -> Iterator[list[str]]:
    """So many namespaces on one bridge; each sends at `gbit` at most."""
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
            if gbit is not None:
                tc = ["tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", f"{gbit}gbit", "burst", "4mb"]
                subprocess.run(["ip", "netns", "exec", name, *tc, "latency", "50ms"], check=True, capture_output=True)
        yield names
    finally:
        for k, name in enumerate(names):
            subprocess.run(["ip", "link", "del", f"sgnsv{k}"], capture_output=True)
            subprocess.run(["ip", "netns", "del", name], capture_output=True)
        subprocess.run(["ip", "link", "del", BRIDGE], capture_output=True)


def one_rank(V: int, dim: int, head: int, wire: str, rounds: int) -> None:
    """A rank of the measurement; rank 0 prints."""
    import numpy as np
    import torch

    from sgns.training.cluster.merging import Merger
    from sgns.training.cluster.place import Place
    from sgns.training.cluster.ranks import Ranks
    from sgns.training.cluster.rows import Rows

    place = Place.found()
    assert place is not None
    with Ranks(place) as ranks:
        tables = [torch.rand(V, dim) for _ in range(2)]
        rows = Rows(V, head)
        uses = (1 / np.arange(1, V + 1)).astype(np.float32)
        merger = Merger((tables[0], tables[1]), dim, ranks.group, rows, (uses, uses), wire=wire)  # type: ignore[arg-type]
        seconds = []
        for number in range(rounds):
            ranks.group.collect(torch.zeros(1))
            began = time.perf_counter()
            merger.send(number, 1.0, 0.025, [0.0])
            merger.take_over()
            seconds.append(time.perf_counter() - began)
        moved = merger.traffic.moved / rounds
        each = merger.traffic.bytes / rounds
        began = time.perf_counter()
        merger.settle(1.0, 0.025)
        whole = time.perf_counter() - began
        merger.close()
        facts = {"rows": round(rows.in_a_round), "MB sent": each / 1e6, "s": median(seconds[2:]), "s moving": moved}
        facts |= {"MB sent, whole": merger.traffic.flush_bytes / 1e6, "s, whole": whole}
        if place.rank == 0:
            print(json.dumps(facts), flush=True)


def measure(n: int, gbit: float | None, V: int, dim: int, head: int, wire: str, rounds: int) -> dict[str, float]:
    """One setting."""
    with namespaces(n, gbit) as names:
        processes = []
        for rank, name in enumerate(names):
            place = {"RANK": rank, "WORLD_SIZE": n, "MASTER_ADDR": f"{NET}1", "MASTER_PORT": 29541}
            place |= {"GLOO_SOCKET_IFNAME": "eth0", "LOCAL_RANK": 0, "LOCAL_WORLD_SIZE": 1}
            work = ["one", V, dim, head, wire, rounds]
            command = ["ip", "netns", "exec", name, sys.executable, "-m", "benchmarks.cluster_network", *work]
            processes.append(
                subprocess.Popen(
                    list(map(str, command)),
                    env=os.environ | {key: str(value) for key, value in place.items()},
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
        said = [process.communicate(timeout=300)[0] for process in processes]
    facts = json.loads(said[0].splitlines()[-1])
    if gbit is not None:
        facts["s on the wire"] = facts["MB sent"] * 8 / 1e3 / gbit
    return {"ranks": n, "Gbit/s": gbit, "wire": wire, "V": V, "dim": dim} | facts


def main() -> None:
    if sys.argv[1:2] == ["one"]:
        V, dim, head, wire, rounds = sys.argv[2:]
        one_rank(int(V), int(dim), int(head), wire, int(rounds))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ranks", default="2,4")
    parser.add_argument("--gbit", default="1,10,0", help="0: as fast as the machine")
    parser.add_argument("--wire", default="float32,bfloat16")
    parser.add_argument("--vocabulary", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=300)
    parser.add_argument("--head", type=int, default=2_048)
    parser.add_argument("--rounds", type=int, default=12)
    o = parser.parse_args()
    for n in map(int, o.ranks.split(",")):
        for gbit in map(float, o.gbit.split(",")):
            for wire in o.wire.split(","):
                facts = measure(n, gbit or None, o.vocabulary, o.dim, o.head, wire, o.rounds)
                rounded = {k: round(v, 4) if isinstance(v, float) else v for k, v in facts.items()}
                print(json.dumps(rounded), flush=True)


if __name__ == "__main__":
    main()
