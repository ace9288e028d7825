"""stdout and stderr of any encoding, closed, full or a pipe that nobody reads: printing never makes a verb fail."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from sgns.base.text_table import text_table
from sgns.cli.streams import as_shown
from sgns.vectors.vectors import Vectors

# Runs many commands in one process; a line with the exit code, which is ASCII in every encoding, follows each.
MANY = """
import json, os, sys
from sgns.cli import make_app, run
for arguments in json.load(open(sys.argv[1])):
    code = run(make_app(), arguments)
    sys.stdout.flush()
    os.write(1, f"=== {code}\\n".encode())
"""
WORDS = ["pâté", "中文", "😀", "naïve", "–", "…", "straße", "ﬁn", "\u200bzero", "tab", "日本", "a"]
ENCODINGS = [
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"},
    {"PYTHONIOENCODING": "ascii:strict"},
    {"PYTHONIOENCODING": "cp1252"},
    {"PYTHONIOENCODING": "cp932"},
    {"PYTHONIOENCODING": "latin-1"},
    {"PYTHONIOENCODING": "cp437"},
    {"PYTHONIOENCODING": "utf-8"},
    {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "POSIX", "PYTHONIOENCODING": ""},
]  # fmt: skip


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with vectors, sets, and a text, of words that most encodings lack."""
    folder = tmp_path_factory.mktemp("foreign")
    E = np.random.default_rng(0).normal(size=(len(WORDS), 6)).astype(np.float32)
    about = {"config": {"dim": 6, "lr": 0.025}, "losses": [3.5, 2.25]}
    Vectors(WORDS, E, E * 2, np.arange(len(WORDS), 0, -1) * 100, about).save(folder / "v.safetensors")
    Vectors(WORDS, E[::-1].copy(), E, np.arange(len(WORDS), 0, -1) * 100).save(folder / "w.safetensors")
    (folder / "sim.tsv").write_text(
        "pâté\t中文\t3\nnaïve\t😀\t5\nunbekannt–\t日本\t1\n日本\ta\t2\nstraße\ta\t4\n", "utf-8"
    )
    (folder / "analogy.txt").write_text(": städte…\npâté 中文 naïve 日本\nA 中文 ñ 日本\n", "utf-8")
    (folder / "text.txt").write_text("pâté 中文 😀 naïve straße\n" * 30, "utf-8")
    return folder


def everything(folder: Path) -> list[list[str]]:
    """A command for each verb, and its --json."""
    v, w = str(folder / "v.safetensors"), str(folder / "w.safetensors")
    sets = ["--similarity", str(folder / "sim.tsv"), "--analogy", str(folder / "analogy.txt")]
    commands = [
        ["similar", v, "pâté"],
        ["analogy", v, "pâté", "中文", "naïve"],
        ["odd", v, "pâté", "中文", "naïve"],
        ["ask", v, "pâté - 中文 + 日本"],
        ["info", v],
        ["convert", v, str(folder / "c.txt")],
        ["evaluate", v, *sets],
        ["compare", v, w, *sets[:2], "--words", "12", "--neighbours", "3"],
        ["plot", v, "-o", str(folder / "p.svg"), "--words", "pâté", "中文", "naïve", "日本"],
        ["map", v, "-o", str(folder / "m.html")],
        ["export", v, "-o", str(folder / "e.csv")],
        ["graph", "s = sigmoid(x); s * (1 - s)", "--at", "x=2"],
        ["derive", "loss"],
        ["step", "pâté", "中文", "--model", v],
        ["explain"],
        ["report", v, "-o", str(folder / "r.md")],
        ["train", str(folder / "text.txt"), "-o", str(folder / "t.txt"), "--engine", "cpu", "--sharing", "pair"],
    ]
    if find_spec("sympy") is None:  # the extra learn is not installed
        commands = [
            command for command in commands if command[0] not in ("graph", "derive", "step", "explain", "report")
        ]
    return commands + [[*command, "--json"] for command in commands]


def run_all(commands: list[list[str]], folder: Path, variables: dict[str, str]) -> tuple[list[bytes], bytes]:
    """What each command printed, ended by its exit code; and stderr of all."""
    listed = folder / "commands.json"
    listed.write_text(json.dumps(commands))
    done = subprocess.run(
        [sys.executable, "-c", MANY, str(listed)],
        capture_output=True, timeout=400, cwd=folder, env=os.environ | variables,
    )  # fmt: skip
    return done.stdout.split(b"=== "), done.stderr


LONG = ("plot", "map", "export", "report", "train", "convert")
QUICK = ENCODINGS[:1]


@pytest.mark.parametrize(
    "variables",
    [pytest.param(v, id="-".join(v.values()), marks=() if v in QUICK else pytest.mark.slow) for v in ENCODINGS],
)
def test_no_verb_fails_for_printing(foreign: Path, variables: dict[str, str]) -> None:
    commands = everything(foreign)
    all_print([command for command in commands if command[0] not in LONG], foreign, variables)


@pytest.mark.slow
@pytest.mark.parametrize("variables", ENCODINGS[:2], ids=lambda v: "-".join(v.values()))
def test_no_long_verb_fails_for_printing(foreign: Path, variables: dict[str, str]) -> None:
    all_print(everything(foreign), foreign, variables)


def all_print(commands: list[list[str]], foreign: Path, variables: dict[str, str]) -> None:
    """Each command ends well and prints what can be read."""
    printed, err = run_all(commands, foreign, variables)
    assert b"Traceback" not in err, err.decode(errors="replace")
    assert len(printed) == len(commands) + 1, err
    codes = [part.split(b"\n", 1)[0] for part in printed[1:]]
    assert codes == [b"0"] * len(commands), (codes, err)
    texts = [printed[0], *(part.split(b"\n", 1)[1] for part in printed[1:])]
    for command, text in zip(commands, texts):
        assert text.strip(), command
        if "--json" in command:
            json.loads(text.decode("utf-8"))  # whatever the encoding is
    answers = json.loads(texts[commands.index([*commands[0], "--json"])])["answers"]
    assert {answer["word"] for answer in answers} <= set(WORDS)


def test_a_table_in_ascii(foreign: Path) -> None:
    printed, _ = run_all([[*everything(foreign)[0], "-n", "11"]], foreign, {"PYTHONIOENCODING": "ascii"})
    lines = printed[0].decode("ascii").splitlines()
    assert len({line.rstrip().rfind(".") for line in lines[1:]}) == 1  # the numbers stand under each other
    shown = {line.split()[0] for line in lines[1:]}
    assert {"\\u4e2d\\u6587", "\\U0001f600", "\\u2013", "\\u2026"} <= shown  # words exactly, even if they are dashes


def test_our_own_signs_become_ascii() -> None:
    table = text_table(["a", "b"], [["x", None], ["y", 0.5]])
    assert as_shown(table + " … 2 × 3 − 1", "ascii") == table.replace("–", "-") + " ... 2 x 3 - 1"
    assert as_shown("σ(x) 中", "ascii") == "\\u03c3(x) \\u4e2d"
    assert as_shown("naïve – 中", "cp1252") == "naïve – \\u4e2d"


def shell(command: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """Runs a line of bash, in which `sgns` is the command; the exit code is that of the first command of a pipe."""
    line = command.replace("sgns", f"{sys.executable} -m sgns") + "; exit ${PIPESTATUS[0]}"
    return subprocess.run(
        ["bash", "-c", line], capture_output=True, cwd=folder, timeout=200, env=os.environ | variables
    )


needs_bash = pytest.mark.skipif(sys.platform == "win32", reason="bash")


@needs_bash
@pytest.mark.parametrize(
    "command",
    ["similar many.txt w1 -n 1999", "train --help", "similar many.txt w1 -n 1999 --json", "ask many.txt w1 -n 1900",
     *(pytest.param(command, marks=pytest.mark.slow) for command in ("--help", "explain", "derive all"))],
)  # fmt: skip
def test_a_pipe_that_nobody_reads_is_quiet(tmp_path: Path, command: str) -> None:
    (tmp_path / "many.txt").write_text("2000 2\n" + "".join(f"w{i} {i} 1\n" for i in range(2_000)))
    done = shell(f"sgns {command} | true", tmp_path)
    assert done.returncode == 141
    assert done.stderr == b""


STREAMS = [
    ("sgns odd v.safetensors pâté 中文 a >&-", 0, ""),
    ("sgns odd v.safetensors pâté 中文 a --json >&- 2>&-", 0, ""),
    ("sgns odd v.safetensors pâté 中文 a > /dev/full", 2, "No space left on device"),
    ("sgns --help > /dev/full", 2, "No space left on device"),
    ("sgns odd v.safetensors nothing 中文 a 2>&-", 2, ""),
    ("sgns odd v.safetensors nothing 中文 a 2> /dev/full", 2, ""),
    ("sgns ask v.safetensors <&-", 0, ""),
    ("sgns ask v.safetensors --json <&- 2>&-", 0, ""),
]
UNBUFFERED = [  # each stream once, in turn as it comes and unbuffered; a full stdout both ways
    pytest.param(*case, unbuffered, marks=pytest.mark.slow if quick != unbuffered and number != 2 else ())
    for number, (case, quick) in enumerate(zip(STREAMS, ["", "1"] * 4, strict=True))
    for unbuffered in ("", "1")
]


@needs_bash
@pytest.mark.parametrize(("command", "code", "err", "unbuffered"), UNBUFFERED)
def test_closed_and_full_streams(foreign: Path, command: str, code: int, err: str, unbuffered: str) -> None:
    done = shell(command, foreign, PYTHONUNBUFFERED=unbuffered)
    assert done.returncode == code
    lines = done.stderr.decode().splitlines()
    assert len(lines) == (1 if err else 0), lines
    assert err in done.stderr.decode()
    if "2>&-" in command:
        assert b"sgns:" not in done.stdout  # what belongs on stderr is not printed among the answers


@needs_bash
@pytest.mark.parametrize(
    "err", [*(pytest.param(err, marks=pytest.mark.slow) for err in ("2>&-", "2> /dev/full")), "2>&1 >/dev/null | true"]
)  # closed and full streams above
def test_training_goes_on_where_its_progress_cannot_be_shown(foreign: Path, tmp_path: Path, err: str) -> None:
    """A warning is printed at once (the file that is empty), so stderr is written to while the run goes on."""
    (tmp_path / "empty.txt").touch()
    text = f"{foreign / 'text.txt'} {tmp_path / 'empty.txt'}"
    done = shell(f"sgns train {text} -o v.txt --engine cpu --sharing pair {err}", tmp_path)
    assert done.returncode == 0
    assert len((tmp_path / "v.txt").read_text("utf-8").splitlines()) == 6


@pytest.mark.skipif(sys.platform == "win32", reason="arguments are Unicode there")
def test_words_as_arguments_where_the_locale_is_ascii(foreign: Path) -> None:
    """The shell hands over UTF-8, whatever LC_ALL says; so does a pipe."""
    plain = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}
    for command in (
        "sgns similar v.safetensors pâté --json",
        "printf '\\xef\\xbb\\xbfpâté\\n中文' | sgns ask v.safetensors --json",
    ):
        expected, found = shell(command, foreign), shell(command, foreign, **plain)
        assert expected.returncode == found.returncode == 0, found.stderr
        assert json.loads(expected.stdout) == json.loads(found.stdout)
    named = foreign / "größe.txt"
    named.write_bytes((foreign / "text.txt").read_bytes())
    assert shell("sgns train größe.txt -o maß.txt --engine cpu --sharing pair", foreign, **plain).returncode == 0
    assert (foreign / "maß.txt").is_file()
    assert shell("sgns similar maß.txt pâté", foreign, **plain).returncode == 0
