"""Kernels compiled ahead of a run: the right ones, by a process that may fail, with the same result as without."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from sgns.config import Config
from sgns.progress import Progress
from sgns.training import precompile
from sgns.training.plan import Resources
from sgns.training.precompile import (
    Precompilation,
    compile_for_later,
    compile_training,
    kernels_of,
    start_second_process,
)
from sgns.training.train import train

SENTENCES = [[f"w{n}" for n in row] for row in np.random.default_rng(3).integers(0, 40, (300, 8)).tolist()]
CONFIG = Config(dim=12, epochs=1, min_count=1, subsample=0, threads=1, engine="cpu")
RESOURCES = Resources("cpu", 1)

LOOKED_UP = """
import json, multiprocessing, sys
import sgns.training.engines.cpu.deterministic, sgns.training.validation
from sgns.base.jit import KernelCache
from sgns.config import Config
from sgns.training.precompile import compile_training
from sgns.training.train import train

sentences, cases = json.load(sys.stdin)
looked_up, look_up = [], KernelCache.load_overload

def watched(self, signature, context):
    looked_up.append(f"{self._impl.filename_base} {signature}")
    return look_up(self, signature, context)

KernelCache.load_overload = watched

def run(options):
    config = Config(dim=12, min_count=1, epochs=1, engine="cpu", **options)
    compile_training(config, config.threads)
    ahead = list(looked_up)
    train(sentences, config=config, quiet=True)
    return ahead, looked_up[len(ahead) :]

with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as pool:
    print(json.dumps(pool.map(run, cases, chunksize=1)))
"""
INFERRED = """
import json, sys
from sgns.base.jit import KernelCache
from sgns.config import Config
from sgns.training.precompile import compile_inference
import sgns

looked_up, look_up = [], KernelCache.load_overload

def watched(self, signature, context):
    looked_up.append(f"{self._impl.filename_base} {signature}")
    return look_up(self, signature, context)

options = {"model": "dm", "loss": sys.argv[1], "dim": 12, "min_count": 1, "epochs": 1, "engine": "cpu"}
v = sgns.train([["a", "b", "c"], ["b", "a"]] * 9, quiet=True, on_warning=lambda text: None, **options)
v.save(sys.argv[2])
KernelCache.load_overload = watched
compile_inference(Config(**options | {"dim": 100}))
ahead = list(looked_up)
sgns.infer(v, [["a", "b"]])
sgns.infer(sgns.load(sys.argv[2]), ["a b"])
print(json.dumps([ahead, [name for name in looked_up[len(ahead):] if "infer" in name]]))
"""
IN_PARTS = """
import json, sys
from sgns.base.jit import KernelCache
from sgns.config import Config
from sgns.training.precompile import compile_draws, compile_kernel, compile_training

looked_up, look_up = [], KernelCache.load_overload

def watched(self, signature, context):
    looked_up.append(f"{self._impl.filename_base} {signature}")
    return look_up(self, signature, context)

KernelCache.load_overload = watched
found = []
for options in json.load(sys.stdin):
    config = Config(dim=12, min_count=1, engine="cpu", **options)
    counts = []
    for compile in (compile_kernel, compile_draws, compile_training):
        compile(config, config.threads)
        counts.append(len(looked_up))
    found.append([name.split()[0] for name in looked_up[counts[1] :]])
    looked_up.clear()
print(json.dumps(found))
"""
CASES = (  # the first three have all parts of a run: copies of hot rows, validation, windows, chunks
    {"threads": 2, "validation": 0.2},
    {"threads": 2, "sharing": "pair"},
    {"threads": 2, "deterministic": True},
    {"threads": 1},
    {"threads": 1, "sharing": "window", "validation": 0.2},
    {"threads": 1, "deterministic": True, "sharing": "window", "validation": 0.2},
)


class TestTheKernelsOfARun:
    @pytest.mark.skipif(not hasattr(os, "fork"), reason="a new process for each case takes long")
    @pytest.mark.parametrize("cases", [CASES[:3], pytest.param(CASES, marks=pytest.mark.slow)], ids=["some", "all"])
    def test_a_run_needs_no_other_kernels_than_those_compiled_ahead(self, cases):
        """Numba looks for the machine code of each signature once in a process; each case has a process of its own."""
        done = subprocess.run(
            [sys.executable, "-c", LOOKED_UP], input=json.dumps([SENTENCES, cases]), capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-2_000:]
        for case, (ahead, more) in zip(cases, json.loads(done.stdout), strict=True):
            assert len(ahead) >= 2, case
            assert more == [], case

    def test_both_parts_are_all_that_is_drawn_and_trained(self):
        """What one process compiles of it, while another compiles the rest, is what a run looks for."""
        cases = [{"threads": 1}, {"threads": 2, "window": 0}, {"model": "cbow"}, {"loss": "hierarchical", "threads": 2}]
        done = subprocess.run([sys.executable, "-c", IN_PARTS], input=json.dumps(cases), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2_000:]
        for case, more in zip(cases, json.loads(done.stdout), strict=True):
            assert [name for name in more if "use_copies" not in name] == [], case

    @pytest.mark.parametrize("loss", ["negatives", pytest.param("hierarchical", marks=pytest.mark.slow)])
    def test_inference_of_documents_is_compiled_ahead(self, loss, tmp_path):
        """For vectors that were just trained, and for those of a file."""
        done = subprocess.run(
            [sys.executable, "-c", INFERRED, loss, str(tmp_path / "v.safetensors")], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-2_000:]
        ahead, more = json.loads(done.stdout)
        assert any("infer_rows" in name for name in ahead)
        assert more == []

    def test_it_is_a_part_of_compile_for_models_of_documents_alone(self, monkeypatch):
        monkeypatch.setattr(precompile, "compile_training", lambda config, threads: None)
        for model, there in (("dm", True), ("skipgram", False)):
            made = compile_for_later(Config(model=model), [100], lambda *_: None)
            assert ("inference of documents" in [part["kernels"] for part in made["compiled"]]) is there

    def test_kernels_of_other_options_have_another_name(self):
        options = {"dim": 100, "threads": 2}
        others = [
            {"dim": 300}, {"window": 6}, {"negatives": 6}, {"sharing": "pair"}, {"deterministic": True},
            {"validation": 0.1}, {"threads": 1},
        ]  # fmt: skip
        configs = [Config(**options | other) for other in ({}, *others)]
        assert len({kernels_of(config, config.threads) for config in configs}) == len(configs)

    def test_options_that_no_kernel_depends_on_change_no_name(self):
        assert kernels_of(Config(dim=98, lr=0.1, epochs=2, seed=7), 4) == kernels_of(Config(dim=100), 2)


@pytest.fixture(scope="module")
def expected():
    """E of an undisturbed run."""
    return train(SENTENCES, config=CONFIG, quiet=True).E


@pytest.fixture
def started(monkeypatch):
    """Nothing counts as compiled; the second processes that were started. Kernels come from the cache of the tests."""
    processes = []

    def start(*arguments):
        processes.append(start_second_process(*arguments))
        return processes[-1]

    monkeypatch.setattr(precompile, "is_compiled", lambda name: False)
    monkeypatch.setattr(precompile, "start_second_process", start)
    return processes


@pytest.fixture(autouse=True)
def may_start(monkeypatch):
    """The other tests start none."""
    monkeypatch.delenv(precompile.SECOND, raising=False)


@pytest.fixture
def sleeper(tmp_path):
    """A program that takes any arguments and does nothing."""
    path = tmp_path / "sleeper"
    path.write_text("#!/bin/sh\nexec sleep 600\n")
    path.chmod(0o700)
    return str(path)


class TestTheSecondProcess:
    def test_one_that_fails_changes_nothing(self, monkeypatch, started, expected, capfd):
        monkeypatch.setattr(sys, "executable", shutil.which("false"))
        np.testing.assert_array_equal(train(SENTENCES, config=CONFIG, quiet=True).E, expected)
        assert [process.returncode != 0 for process in started] == [True]
        assert capfd.readouterr() == ("", "")

    def test_one_that_writes_and_fails_is_not_heard(self, monkeypatch, started, expected, capfd, tmp_path):
        (tmp_path / "sgns").mkdir()
        (tmp_path / "sgns/__init__.py").write_text("import sys; print('out'); sys.exit('the wrong package')")
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        monkeypatch.setattr(precompile.sys, "path", [str(tmp_path), *sys.path])
        monkeypatch.setattr(os, "environ", environment)
        np.testing.assert_array_equal(train(SENTENCES, config=CONFIG, quiet=True).E, expected)
        assert len(started) == 1
        assert capfd.readouterr() == ("", "")

    def test_one_that_cannot_start_changes_nothing(self, monkeypatch, started, expected, capfd):
        monkeypatch.setattr(sys, "executable", "/there/is/no/python")
        np.testing.assert_array_equal(train(SENTENCES, config=CONFIG, quiet=True).E, expected)
        assert started == [None]
        assert capfd.readouterr() == ("", "")

    def test_one_that_hangs_is_waited_for_no_longer_than_that(self, monkeypatch, started, expected, sleeper, capfd):
        monkeypatch.setattr(sys, "executable", sleeper)
        monkeypatch.setattr(precompile, "PATIENCE", 0.3)
        np.testing.assert_array_equal(train(SENTENCES, config=CONFIG, quiet=True).E, expected)
        assert [process.poll() for process in started] == [-9]
        assert capfd.readouterr() == ("", "")

    def test_none_is_started_where_nothing_can_be_kept(self, monkeypatch, started, expected):
        """As with a read-only root: it would compile for nobody."""
        monkeypatch.setattr(precompile, "can_be_kept", lambda: False)
        np.testing.assert_array_equal(train(SENTENCES, config=CONFIG, quiet=True).E, expected)
        assert started == []

    def test_none_is_started_for_compiled_kernels_or_another_engine(self, monkeypatch, started):
        Precompilation(CONFIG, Resources("cuda", 1))
        monkeypatch.setattr(precompile, "is_compiled", lambda name: True)
        Precompilation(CONFIG, RESOURCES)
        assert started == []

    def test_it_starts_no_third_one(self, monkeypatch, started):
        """Where `sys.executable` is a program that trains whatever its arguments are, each would start the next."""
        monkeypatch.setenv(precompile.SECOND, "1")
        Precompilation(CONFIG, RESOURCES)
        monkeypatch.delenv(precompile.SECOND)
        monkeypatch.setattr(sys, "frozen", True, raising=False)
        Precompilation(CONFIG, RESOURCES)
        assert started == []

    @pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
    def test_an_error_while_reading_ends_it(self, monkeypatch, started, sleeper, error):
        def text():
            yield SENTENCES[0]
            assert started[0].poll() is None  # it is there, and runs
            raise error

        monkeypatch.setattr(sys, "executable", sleeper)
        with pytest.raises(error):
            train(text(), config=CONFIG, quiet=True)
        assert [process.poll() for process in started] == [-9]

    def test_it_ends_when_this_process_is_killed(self, monkeypatch, tmp_path):
        """Then its standard input ends. The cache is empty, so that it has work for long enough."""
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
        process = start_second_process(CONFIG, 1)
        process.stdin.close()
        assert process.wait(200) == 1
        assert not list(tmp_path.rglob("*.compiled"))


class TestTheKernelsThatDraw:
    """The run compiles them itself while the second process compiles the kernel that trains on what they draw."""

    @pytest.fixture
    def drawn(self, monkeypatch, started, sleeper):
        """The dims for which this process compiled them."""
        dims = []

        def compile_draws(config, threads):
            assert config.max_vocabulary is None  # what a text asks for may not fit the small corpus
            dims.append(config.dim)

        monkeypatch.setattr(precompile, "compile_draws", compile_draws)
        monkeypatch.setattr(precompile, "PATIENCE", 0.0)
        monkeypatch.setattr(precompile, "usable_cores", lambda: 2)
        monkeypatch.setattr(sys, "executable", sleeper)
        return dims

    def wait(self, **options):
        with Precompilation(Config(dim=24, **options), RESOURCES) as kernels:
            kernels.wait(lambda: None)

    def test_they_are_compiled_here(self, drawn):
        self.wait(max_vocabulary=2)
        assert drawn == [24]

    def test_not_once_the_second_process_has_come_to_them(self, monkeypatch, drawn):
        monkeypatch.setattr(precompile, "is_compiled", lambda name: name.endswith(precompile.TILE_KERNEL))
        self.wait()
        assert drawn == []

    def test_not_on_one_core(self, monkeypatch, drawn):
        monkeypatch.setattr(precompile, "usable_cores", lambda: 1)
        self.wait()
        assert drawn == []

    @pytest.mark.parametrize("options", [{"sharing": "pair"}, {"deterministic": True}, {"ngrams": "3-6"}], ids=str)
    def test_not_for_models_whose_kernels_are_compiled_together(self, drawn, options):
        self.wait(**options)
        assert drawn == []


class TestTheDisplay:
    def test_it_moves_while_kernels_are_compiled(self, monkeypatch, started, sleeper):
        monkeypatch.setattr(sys, "executable", sleeper)
        monkeypatch.setattr(precompile, "compile_draws", lambda *_: None)  # it moves for that as well, if it takes long
        updates = []
        monkeypatch.setattr(precompile, "is_compiled", lambda name: len(updates) >= 5)
        with Precompilation(CONFIG, RESOURCES) as kernels:
            kernels.wait(lambda: updates.append("moved"))  # without these calls it would wait for minutes
        assert len(updates) == 5

    @pytest.fixture
    def stages(self, monkeypatch):
        """The names of the stages that were shown."""
        names = []
        monkeypatch.setattr(Progress, "update", lambda self, stage, *figures: names.append(stage))
        return names

    def test_it_says_what_is_compiled(self, monkeypatch, started, sleeper, stages):
        monkeypatch.setattr(sys, "executable", sleeper)
        monkeypatch.setattr(precompile, "PATIENCE", 0.3)
        train(SENTENCES, config=CONFIG)
        assert "compile kernels (once)" in stages

    def test_it_says_nothing_of_compiling_once_that_is_done(self, stages):
        compile_training(CONFIG, 1)
        train(SENTENCES, config=CONFIG)
        assert "train" in stages
        assert not any("compile" in stage for stage in stages)


RUN = """
import hashlib, json, sys
import sgns
from sgns.base.jit import KernelCache
from sgns.progress import Progress

compiled, keep = [], KernelCache.save_overload

def watched(self, signature, data):
    compiled.append(f"{self._impl.filename_base} {signature}")
    keep(self, signature, data)

KernelCache.save_overload = watched
stages = []
Progress.update = lambda self, stage, *figures: stages.append(stage)
v = sgns.train(sys.argv[1], dim=int(sys.argv[2]), epochs=1, min_count=1, subsample=0, threads=1, engine="cpu")
print(json.dumps([hashlib.sha256(v.E.tobytes() + v.C.tobytes()).hexdigest(), compiled, stages]))
"""


class Machine:
    """A cache folder of its own, empty at first."""

    def __init__(self, folder):
        self.text = folder / "text.txt"
        self.text.write_text("".join(" ".join(line) + "\n" for line in SENTENCES))
        self.environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
        self.environment |= {"SGNS_CACHE": str(folder / "cache")}

    def start(self, dim):
        command = [sys.executable, "-c", RUN, str(self.text), str(dim)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, env=self.environment, **pipes)

    def finish(self, process):
        """The digest of E and C, the kernels that the process itself compiled, and the stages that it showed."""
        out, err = process.communicate(timeout=290)
        assert process.returncode == 0, err[-2_000:]
        return json.loads(out)

    def run(self, dim):
        return self.finish(self.start(dim))


def shows_compiling(stages):
    return any("compile" in stage for stage in stages)


def test_a_cold_run_compiles_what_draws_blocks_alone_and_gives_the_bits_of_a_warm_one(tmp_path):
    machine = Machine(tmp_path)
    cold, compiled, stages = machine.run(12)
    assert {name.partition("-")[0] for name in compiled} <= {"sampling.fill_cells", "block.draw_block"}
    assert shows_compiling(stages)
    warm, compiled, stages = machine.run(12)
    assert compiled == []
    assert not shows_compiling(stages)
    assert warm == cold


@pytest.mark.slow
def test_two_processes_that_start_cold_at_once_do_not_disturb_each_other(tmp_path):
    machine, dims = Machine(tmp_path), (12, 300)
    both = [machine.start(dim) for dim in dims]
    cold = [machine.finish(process)[0] for process in both]
    for dim, digest in zip(dims, cold, strict=True):
        warm, compiled, stages = machine.run(dim)
        assert warm == digest
        assert compiled == []
        assert not shows_compiling(stages)


@pytest.mark.parametrize("kept", [True, False])
def test_where_kernels_of_training_cannot_be_kept_those_of_text_are_not_begun(monkeypatch, kept):
    """The run waits until the second process ends, for it never learns that the kernels are there."""
    begun = []
    for name in ("end_with_standard_input", "compile_training"):
        monkeypatch.setattr(precompile, name, lambda *_: None)
    monkeypatch.setattr(precompile, "not_kept", lambda: [] if kept else [OSError("the disk is full")])
    monkeypatch.setattr(precompile.gc, "disable", lambda: None)
    monkeypatch.setattr(precompile.os, "nice", lambda _: None, raising=False)
    monkeypatch.setattr("sgns.text.encode.load_kernels", lambda: begun.append("text"))
    precompile.main(json.dumps({"threads": 1, "sharing": "pair"}))
    assert begun == ["text"] * kept
