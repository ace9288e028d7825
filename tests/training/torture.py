"""Kills a training process at random moments until it is done; the file must be that of an undisturbed run.

    python tests/training/torture.py --kills 200

Prints one JSON object: kills by what the process was doing, and whether every file was the same.
"""

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path


def command(text: Path, output: Path, *more: str) -> list[str]:
    options = ["--epochs", "60", "--dim", "100", "--validation", "0.02", "--min-count", "1", "--quiet", *more]
    return [sys.executable, "-m", "sgns", "train", str(text), "-o", str(output), *options]


def state(folder: Path, output: Path) -> str:
    """What the files say about the moment of the kill."""
    checkpoints = len(list(folder.glob(f"{output.name}.*.checkpoint")))
    if output.exists():
        return "after the vectors were saved"
    if (folder / f"{output.name}.checkpoint.tmp").exists():
        return "writing a checkpoint"
    return f"{checkpoints} checkpoints" if checkpoints else "before the first checkpoint"


def torture(text: Path, kills: int, seed: int, mode: list[str], latest: float) -> dict[str, object]:
    """Kill `kills` times in all, starting a new output whenever one is finished."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory(dir=text.parent) as name:
        folder = Path(name)
        environment = os.environ | {"SGNS_CACHE": str(text.parent / "cache")}
        whole = folder / "whole.safetensors"
        subprocess.run(command(text, whole, *mode), check=True, env=environment, stdout=subprocess.DEVNULL, timeout=600)
        wanted = hashlib.sha256(whole.read_bytes()).hexdigest()
        moments: Counter[str] = Counter()
        runs = wrong = 0
        # the same name in another folder: the file must not depend on where it lies
        output = folder / "run" / "vectors.safetensors"
        output.parent.mkdir()
        while sum(moments.values()) < kills:
            child = subprocess.Popen(
                command(text, output, "--checkpoint-every", "3blocks", "--resume", *mode),
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            try:
                child.wait(rng.uniform(0.0, latest))
                assert child.returncode == 0, child.returncode
            except subprocess.TimeoutExpired:
                child.send_signal(signal.SIGKILL)
                child.wait(60)
                moments[state(output.parent, output)] += 1
                if output.exists():  # whole, or not there
                    wrong += hashlib.sha256(output.read_bytes()).hexdigest() != wanted
                    output.unlink()
                continue
            runs += 1
            wrong += hashlib.sha256(output.read_bytes()).hexdigest() != wanted
            left = [path.name for path in output.parent.iterdir() if path != output]
            assert not [name for name in left if name.endswith(".checkpoint")], left
            for path in output.parent.iterdir():
                path.unlink()
        subprocess.run(
            command(text, output, "--checkpoint-every", "3blocks", "--resume", *mode),
            check=True,
            timeout=600,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        runs += 1
        wrong += hashlib.sha256(output.read_bytes()).hexdigest() != wanted
    return {"kills": sum(moments.values()), "files": runs, "files that differ": wrong, "when killed": dict(moments)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--latest", type=float, default=4.0, help="seconds after which a process is killed at the latest"
    )
    parser.add_argument("--text", type=Path)
    parser.add_argument("--deterministic", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = options.text
        if text is None:
            rng = random.Random(7)
            words = [
                [rng.randrange(30) * 10 + min(9, int(rng.expovariate(0.4))) for _ in range(10)] for _ in range(4_000)
            ]
            text = Path(folder) / "text.txt"
            text.write_text("".join(" ".join(f"w{n}" for n in line) + "\n" for line in words))
        mode = ["--deterministic"] if options.deterministic else ["--threads", "1"]
        began = time.monotonic()
        result = torture(text, options.kills, options.seed, mode, options.latest)
        print(json.dumps(result | {"mode": " ".join(mode), "minutes": round((time.monotonic() - began) / 60, 1)}))
    sys.exit(bool(result["files that differ"]))


if __name__ == "__main__":
    main()
