"""Messages that name a command, an option or a Python expression: each is provoked, its remedy followed, and it works.

Messages about vector files and test sets are in vectors/test_remedies.py, about files that are no text in
text/test_kinds.py, about options of other tools in cli/test_wrong_options.py, about memory in
training/test_memory_limits.py.
"""

import ast
import re
import resource
import shlex
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cyclopts import App

import sgns
from sgns.base.files import check_writable
from sgns.cli import VERBS, make_app, run
from sgns.cli.mistakes import options_of
from sgns.errors import SgnsError
from sgns.figures import plot_movement
from sgns.figures.words import read_words
from sgns.text.sources import find
from sgns.text.stream import Stream
from sgns.vectors import Vectors

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src/sgns"
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*[a-z]|(?<![\w-])--[a-z]\b")
COMMAND = re.compile(r"(?<!that )(?<![\w./'-])sgns (?!takes|does|holds)([a-z]+)([^;,()`]*)")  # not what sgns takes
OTHER_PROGRAMS = re.compile(r"uvx [^;]*|pip install [^;]*|--(text|x|y|neighbors) [\w-]+")  # their options are theirs
ELSEWHERE = {"--save-vectors", "--save-plot"}  # of analysis.py


@cache
def literals() -> list[tuple[str, str]]:
    """(place, text) of each string literal that a user may see; `{}` stands for the values in an f-string.

    Docstrings are shown where they are the help of a verb.
    """
    found = []
    for file in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(file.read_text())
        parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        if file.parent.name != "cli":
            alone = (node.value for node in ast.walk(tree) if isinstance(node, ast.Expr))
            parts |= {id(value) for value in alone if isinstance(value, ast.Constant)}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                text = "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
                text = node.value
            else:
                continue
            found.append((f"{file.relative_to(SOURCE)}:{node.lineno}", text))
    return found


@pytest.fixture(scope="module")
def app() -> App:
    return make_app()


@pytest.fixture(scope="module")
def options(app: App) -> dict[str, set[str]]:
    """The options of each verb."""
    return {verb: {*options_of(app, [verb]), "--help"} for verb in VERBS}


def test_every_option_that_a_text_names_exists(options: dict[str, set[str]]) -> None:
    known = set().union(*options.values()) | ELSEWHERE
    named = [(place, option) for place, text in literals() for option in OPTION.findall(OTHER_PROGRAMS.sub("", text))]
    assert len({option for _, option in named}) > 20
    assert [(place, option) for place, option in named if option not in known] == []


def test_every_command_that_a_text_names_exists(options: dict[str, set[str]]) -> None:
    commands = [(place, *match) for place, text in literals() for match in COMMAND.findall(text)]
    assert len({verb for _, verb, _ in commands}) > 4
    assert [(place, verb) for place, verb, _ in commands if verb not in VERBS] == []
    wrong = [(place, verb, set(OPTION.findall(rest)) - options[verb]) for place, verb, rest in commands]
    assert [found for found in wrong if found[2]] == []


def test_every_extra_that_a_text_names_exists() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    named = {extra for _, text in literals() for extra in re.findall(r"sgns\[([\w,-]+)\]", text)}
    assert named == {"gpu", "learn", "map", "tables", "torch"}
    assert named <= set(extras)
    plain = {p for _, text in literals() for p in re.findall(r"pip install (?:--upgrade )?([a-z-]+)", text)}
    assert plain == {"pandas", "pyarrow", "spacy", "triton"}
    requirements = {re.match(r"[\w-]+", line)[0] for lines in extras.values() for line in lines}
    assert plain - {"spacy"} <= requirements  # who exports a pipeline of spaCy has it already


def test_packages_of_debian_are_spelt_as_there() -> None:
    named = {word for _, text in literals() for line in re.findall(r"apt-get install ([a-z0-9 -]+)", text)
             for word in line.split()}  # fmt: skip
    assert named == {"gcc", "python3-dev", "fonts-noto-cjk", "fonts-noto"}


# --- the command line -------------------------------------------------------------------------------------------------

Command = Callable[[str], str]
TRAIN = "train c.txt -o v.safetensors --dim 8 --epochs 1 --threads 1 --min-count 1 --subsample 0 --quiet "


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a text and vectors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SGNS_CACHE", str(tmp_path / ".cache"))
    rng = np.random.default_rng(0)
    names = np.array([f"w{i}" for i in range(20)])
    Path("c.txt").write_text("\n".join(" ".join(line) for line in names[rng.integers(0, 20, (200, 8))]) + "\n")
    words = ["king", "queen", "apple", *(f"x{i}" for i in range(27))]
    E = rng.normal(size=(30, 4)).astype(np.float32)
    Vectors(words, E, E + 1, np.arange(30, 0, -1), {"losses": [2.0, 1.0]}).save("vectors.safetensors")
    Vectors(words, E).save("e.txt")
    return tmp_path


@pytest.fixture
def fails(folder: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command that must fail; returns its message."""

    def call(line: str) -> str:
        capsys.readouterr()
        assert run(make_app(), shlex.split(line)) == 2
        return capsys.readouterr().err

    return call


@pytest.fixture
def works(folder: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command that must succeed; returns what it printed."""

    def call(line: str) -> str:
        capsys.readouterr()
        out, code = "", run(make_app(), shlex.split(line))
        out, err = capsys.readouterr()
        assert code == 0, err
        return out + err

    return call


@pytest.mark.parametrize(
    ("line", "remedy", "right"),
    [
        ("grain c.txt", "take sgns train", TRAIN),
        ("frobnicate", "sgns --help lists them all", "--help"),
        ("similar vectors.safetensors king --zzz", "sgns similar --help lists them all", "similar --help"),
        (
            "similar --positive king vectors.safetensors",
            "sgns similar vectors.safetensors king",
            "similar vectors.safetensors king",
        ),
        ("train", "name a file or folder", TRAIN),
        ("evaluate vectors.safetensors", "--similarity, --analogy, --categories or --texts", "{evaluate}"),
        ("compare vectors.safetensors", "name at least two vector files", "compare vectors.safetensors e.txt"),
        ("worksheet --seed 3", "--form answers.toml", "worksheet --seed 3 --topics loss --form answers.toml"),
        (
            "worksheet --seed 3 --topics zzz -o s.md",
            "choose from parameters",
            "worksheet --seed 3 --topics loss -o s.md",
        ),
        ("derive zzz", "choose one of parameters", "derive parameters"),
        ("graph 'e*x' --at x=2", "write exp(x)", "graph 'exp(x)' --at x=2"),
        ("graph 'e*x' --at x=2", "or give e=1", "graph 'e*x' --at x=2 e=1"),
        ("graph 'a*x' --at x=2", "give it, for example a=1", "graph 'a*x' --at x=2 a=1"),
        ("graph 'v*2' --at v=[1,2]", "write sum(…)", "graph 'sum(v*2)' --at v=[1,2]"),
        ("graph '{long}' --at x=2 -o g.svg", "write .txt or .dot", "graph '{long}' --at x=2 -o g.dot"),
        ("graph '{long}' --at x=2 -o g.svg", "write .txt or .dot", "graph '{long}' --at x=2 -o g.txt"),
        ("step", "step takes two words", "step king queen"),
        ("step", "-o step.html writes a small training", "step -o step.html"),
        ("step king", "step takes two words", "step king queen"),
        ("step king queen --model e.txt", "take a .safetensors file that sgns has trained", "step king queen"),
        (
            "map vectors.safetensors -o m.html --words 8 --projection umap --quiet",
            "use --projection pca",
            "map vectors.safetensors -o m.html --words 8 --projection pca --quiet",
        ),
        (
            "map vectors.safetensors -o m.html --words 3 --colour groups.txt --quiet",
            "raise --words",
            "map vectors.safetensors -o m.html --words 30 --colour groups.txt --quiet",
        ),
        (
            "plot vectors.safetensors -o p.svg --kind heatmap --words king --quiet",
            "name others with --words",
            "plot vectors.safetensors -o p.svg --kind heatmap --words king queen --quiet",
        ),
        (
            "plot vectors.safetensors -o p.svg --kind movement --quiet",
            "movement needs 2",
            "plot vectors.safetensors e.txt -o p.svg --kind movement --quiet",
        ),
        ("plot e.txt -o p.svg --kind loss --quiet", "only files that sgns trained keep them", "{trained}"),
        (TRAIN + "--engine reference --deterministic", "leave it out", TRAIN + "--engine reference"),
        (TRAIN + "--engine reference --deterministic", "take --engine cpu", TRAIN + "--engine cpu --deterministic"),
        (TRAIN + "--engine reference --checkpoint-every 1s", "leave them out", TRAIN + "--engine reference"),
        (
            TRAIN + "--engine reference --checkpoint-every 1s",
            "take --engine cpu",
            TRAIN + "--engine cpu --checkpoint-every 1s",
        ),
        (TRAIN + "--engine reference --window sentence", "give a number", TRAIN + "--engine reference --window 2"),
        pytest.param(
            TRAIN + "--engine reference --window 0",
            "take --engine cpu",
            TRAIN + "--engine cpu --window 0",
            marks=pytest.mark.slow,  # a kernel of its own, as the next but one
        ),
        (TRAIN + "--engine cuda --sharing pair", "take --engine cpu", TRAIN + "--engine cpu --sharing pair"),
        pytest.param(
            TRAIN + "--engine cuda --window 30",
            "take --engine cpu",
            TRAIN + "--engine cpu --window 30",
            marks=pytest.mark.slow,
        ),
        (TRAIN + "--shards local", "or leave them out", TRAIN),
        (TRAIN + "--validation 0.0001", "choose a larger share", TRAIN + "--validation 0.1"),
        (TRAIN + "--lr 0.0001 --min-lr 0.001", "for example to 4e-07", TRAIN + "--lr 0.0001 --min-lr 4e-07"),
        (TRAIN + "--sentences words", "give line or paragraph or none", TRAIN + "--sentences none"),
        ("train narrow.txt -o v.bin --dim 4 --min-count 1 --quiet", "--sentences none", "{narrow} --sentences none"),
        ("train narrow.txt -o v.bin --dim 4 --min-count 1 --quiet", "or paragraph", "{narrow} --sentences paragraph"),
        ("train rare.txt -o v.bin --dim 4 --quiet", "or lower --min-count", "train rare.txt -o v.bin --min-count 1"),
    ],
)
def test_the_command_that_a_message_names_works(
    fails: Command, works: Command, folder: Path, line: str, remedy: str, right: str
) -> None:
    (folder / "pairs.tsv").write_text("king\tqueen\t3\nqueen\tapple\t1\nking\tapple\t2\n")
    (folder / "groups.txt").write_text("numbers: x20 x21\n")
    (folder / "narrow.txt").write_text("the\ncat\nsat\nthe\ndog\n" * 40)
    (folder / "rare.txt").write_text("one a b c d\n" + "one\n" * 40)
    parts = {
        "{long}": "+".join(["x*x"] * 65),
        "{evaluate}": "evaluate vectors.safetensors --similarity pairs.tsv",
        "{narrow}": "train narrow.txt -o v.bin --dim 4 --min-count 1 --quiet",
        "{trained}": "plot vectors.safetensors -o p.svg --kind loss --quiet",
    }
    for part, text in parts.items():
        line, right = line.replace(part, text), right.replace(part, text)
    assert remedy in fails(line)
    works(right)


def test_a_first_run_without_vectors(fails: Command, works: Command, folder: Path) -> None:
    (folder / "vectors.safetensors").unlink()
    assert "name another vector file" in fails("similar vectors.safetensors king")
    works("similar e.txt king")


def test_marks_of_one_student_and_of_a_class(fails: Command, works: Command, folder: Path) -> None:
    works("worksheet --seed 3 --topics loss --form answers.toml")
    (folder / "class").mkdir()
    (folder / "class/ada.toml").write_bytes((folder / "answers.toml").read_bytes())
    (folder / "seeds.csv").write_text("name,seed\nada,3\n")
    assert "give --seed with the number" in fails("check answers.toml")
    assert "give --seed for one form" in fails("check answers.toml --seeds seeds.csv")
    works("check answers.toml --seed 3 --topics loss")
    assert "give --seeds seeds.csv" in fails("check class --seed 3")
    works("check class --seeds seeds.csv --topics loss -o marks.csv")


def test_the_sheet_names_the_command_that_marks_it(works: Command, folder: Path) -> None:
    works("worksheet --seed 3 --topics loss -o sheet.md --form answers.toml")
    works("worksheet --seed 3 --topics loss --key key.md")
    texts = (folder / "sheet.md").read_text() + (folder / "key.md").read_text() + (folder / "answers.toml").read_text()
    commands = set(re.findall(r"sgns (check answers.toml --seed \d+)", texts))
    assert commands
    for command in commands:
        works(command)


def test_the_report_names_the_option_for_a_run_without_pairs(works: Command, folder: Path) -> None:
    (folder / "c.txt").write_text("the the\n" * 50)
    line = TRAIN.replace("--subsample 0", "--subsample 1e-9")
    assert "set --subsample 0" in works(line)
    assert "set --subsample 0" not in works(TRAIN)


def test_the_learning_rate_that_a_diverged_run_names(fails: Command, works: Command) -> None:
    line = TRAIN.replace("--epochs 1", "--epochs 20")
    lr = re.search(r"try (--lr [\d.]+)", fails(line + "--lr 10 --min-lr 10"))
    assert lr
    works(line + lr[1])


def test_checkpoints_of_another_run(fails: Command, works: Command, folder: Path) -> None:
    line = TRAIN + "--checkpoint-every 1blocks "
    kept: dict[Path, None] = {}
    with pytest.MonkeyPatch.context() as patch:  # an interruption, which leaves them, takes a process of its own
        patch.setattr(
            "sgns.training.checkpoint.Checkpoints.clear", lambda self: kept.update(dict.fromkeys(self.found()))
        )
        works(line)
    assert kept
    saved = {path: path.read_bytes() for path in kept}

    def again() -> None:
        for path, content in saved.items():
            path.write_bytes(content)

    assert "--seed was 1, now it is 2; make them equal, or train without --resume" in fails(line + "--seed 2 --resume")
    works(line + "--seed 1 --resume")
    again()
    works(line + "--seed 2")
    again()
    assert "--resume would go on from them" in works(TRAIN.replace("--quiet", ""))
    for path in saved:
        path.write_bytes(b"damaged")
    assert "all are damaged; delete them, or train without --resume" in fails(line + "--resume")
    works(line)
    for path in saved:
        path.write_bytes(b"damaged")
    assert "delete them" in fails(line + "--resume")
    for path in saved:
        path.unlink(missing_ok=True)
    works(line + "--resume")


@pytest.mark.parametrize("header", ["id,my text", "-x,b c", "b c,-x", "id,a'b", "id,--column", "text,label", "x,ü"])
def test_the_column_of_a_table(fails: Command, works: Command, folder: Path, header: str) -> None:
    Path("t.csv").write_text(header + "\n" + "the cat sat,on the mat\n" * 20)
    line = TRAIN.replace("c.txt", "t.csv")
    named = re.search(r"train on, (--column.*) \(in Python (column=.*)\)", fails(line))
    assert named
    works(f"{line} {named[1]}")
    assert len(sgns.train("t.csv", **QUICK, **eval(f"dict({named[2]})"))) == 3


def test_names_of_files(fails: Command, works: Command, folder: Path) -> None:
    near = re.search(r"did you mean (\S+)\?", fails(TRAIN.replace("c.txt", "c.tx")))
    assert near
    works(TRAIN.replace("c.txt", near[1]))
    (folder / "data").mkdir()
    (folder / "data/a.npy").write_bytes(b"\x93NUMPY\x01\0" + bytes(200))
    assert "name a file to see why" in fails(TRAIN.replace("c.txt", "data"))
    assert "NumPy" in fails(TRAIN.replace("c.txt", "data/a.npy"))


def test_the_prompt(works: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from sgns.cli.prompt import answer_count

    with pytest.raises(SgnsError, match=r":n 20$"):
        answer_count(" many")
    assert answer_count(" 20") == 20


def test_a_link_to_another_viewer_names_the_columns_that_are_there(works: Command, folder: Path) -> None:
    shown = works("export vectors.safetensors -o atlas.csv --quiet")
    columns = (folder / "atlas.csv").read_text().splitlines()[0].split(",")
    named = re.search(r"uvx embedding-atlas atlas.csv --text (\w+) --x (\w+) --y (\w+)", shown)
    assert named
    assert set(named.groups()) <= set(columns)


# --- too many open files ----------------------------------------------------------------------------------------------


def open_files(soft: int) -> None:
    """Does what `ulimit -n` does in a shell."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


CALLS: dict[str, Callable[[], Any]] = {
    "a text": lambda: Stream(find("c.txt")[0]).close(),
    "a folder": lambda: find("."),
    "a vector file": lambda: Vectors.load("e.txt"),
    "words to show": lambda: read_words(Path("c.txt")),
    "an output": lambda: check_writable(Path("new.txt")),
    "vectors to write": lambda: Vectors(["a"], np.ones((1, 2))).save("new.txt"),
}


@pytest.mark.parametrize("what", CALLS)
def test_too_many_open_files(folder: Path, what: str) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    CALLS[what]()  # imports what it needs
    try:
        open_files(3)
        with pytest.raises(SgnsError) as failed:
            CALLS[what]()
        open_files(before)
        remedy = re.search(r"Too many open files.*; allow more open files: ulimit -n (\d+)$", str(failed.value))
        assert remedy, failed.value
        open_files(int(remedy[1]))
        CALLS[what]()
    finally:
        open_files(before)


# --- Python -----------------------------------------------------------------------------------------------------------

QUICK: dict[str, Any] = {"min_count": 1, "dim": 4, "epochs": 1, "threads": 1, "subsample": 0, "on_warning": str}


def message(*given: Any, **options: Any) -> str:
    with pytest.raises(SgnsError) as failed:
        sgns.train(*given, **QUICK, **options)
    return str(failed.value)


TEXT = "the cat sat on the mat\n" * 9
EXPRESSIONS = {  # the name of what was given in the remedy, and its value
    "bytes": ("text", TEXT.encode()),
    "lines of bytes": ("lines", TEXT.encode().splitlines()),
    "a set": ("sentences", {("the", "cat"), ("a", "dog")}),
    "sentences that are sets": ("sentences", [{"the", "cat", "sat"}] * 9),
    "words that are bytes": ("sentences", [[b"the", b"cat"]] * 9),
    "a missing word": ("sentences", [["the", None, "cat"]] * 9),
    "not a number": ("sentences", [["the", float("nan"), "cat"]] * 9),
    "documents": ("documents", [[["the", "cat"], ["a", "dog"]]] * 9),
    "words that are numbers": ("sentences", [[1.5, 2.5]] * 9),
    "integers and strings": ("sentences", [[1, "1", "cat"]] * 9),
    "one string each": ("sentences", [["the cat sat"]] * 9),
    "strings": ("texts", iter(TEXT.splitlines())),
}


@pytest.mark.parametrize("case", EXPRESSIONS)
def test_the_expression_that_a_message_names(case: str) -> None:
    name, value = EXPRESSIONS[case]
    if case == "strings":
        given: Any = iter(TEXT.splitlines())
        value = TEXT.splitlines()
    else:
        given = value
    said = message(given)
    found = re.search(r"(?:: |example )(\[.*?\]|sorted\(\w+\))(?:,| takes|$)", said)
    assert found, said
    assert len(sgns.train(eval(found[1], {name: value}), **QUICK)) >= 2


@pytest.mark.parametrize("case", ["texts", "text"])
def test_the_call_that_a_message_names(folder: Path, case: str) -> None:
    texts, text = TEXT.splitlines(), TEXT
    call = re.search(r"sgns\.train\((.*)\)$", message(iter(texts) if case == "texts" else text))
    assert call
    arguments = eval(f"(lambda *a, **k: (a, k))({call[1]})", {"texts": texts, "text": text})
    assert len(sgns.train(*arguments[0], **arguments[1], **QUICK)) == 5


@pytest.mark.parametrize(
    "rows",
    [
        [{"text": "the cat sat", "label": 0}] * 9,
        [{"id": 3, "tokens": ["the", "cat", "sat"]}] * 9,
        [{0: 7, 1: "the cat sat"}] * 9,
        {"label": [0] * 9, "text": ["the cat sat"] * 9},
        {5: ["the cat sat"] * 9},
        {"text": "the cat sat", "label": 0},
        {"id": 0, "body": b"the cat sat"},
        "pandas",
        "pandas, columns without names",
        "polars",
        "pyarrow",
    ],
    ids=str,
)
def test_the_column_of_rows_in_memory(rows: Any) -> None:
    if isinstance(rows, str):
        library = pytest.importorskip(rows.split(",")[0])
        if rows == "pandas, columns without names":
            rows = library.DataFrame([["the cat sat", 3]] * 9)
        else:
            make = library.table if rows == "pyarrow" else library.DataFrame
            rows = make({"label": [0] * 9, "text": ["the cat sat"] * 9})
    call = re.search(r"sgns\.train\((\[row\]|rows), column=(.*)\)$", message(rows))
    assert call
    given = eval(call[1], {"rows": rows, "row": rows})
    assert len(sgns.train(given, column=eval(call[2]), **QUICK)) == 3


def test_a_mapping_with_one_text_for_a_column() -> None:
    row = {"text": "the cat sat"}
    call = re.search(r"give sgns\.train\((\[row\]), (column='text')\)$", message(row, column="text"))
    assert call
    assert len(sgns.train([row], column="text", **QUICK)) == 3


def test_no_text_at_all(folder: Path) -> None:
    assert message(5).endswith("give sgns.train('corpus.txt')")
    (folder / "corpus.txt").write_text(TEXT)
    assert len(sgns.train("corpus.txt", **QUICK)) == 5


def test_a_column_of_plain_text_is_left_out() -> None:
    sentences = [["the", "cat"]] * 9
    assert message(sentences, column="text").endswith("leave it out")
    sgns.train(sentences, **QUICK)


def test_movement_between_models_of_different_dimensions(tmp_path: Path) -> None:
    corpus = [[f"w{i}" for i in range(20)]] * 9
    a, b = (sgns.train(corpus, **QUICK | {"dim": dim, "seed": dim}) for dim in (4, 5))
    with pytest.raises(SgnsError, match=r"train both with the same --dim$"):
        plot_movement(a, b, tmp_path / "p.svg")
    plot_movement(a, sgns.train(corpus, **QUICK, seed=5), tmp_path / "p.svg")


def test_no_room_for_the_encoded_text(folder: Path) -> None:
    from sgns.text.spill import write_all

    with open("/dev/full", "wb", buffering=0) as full, pytest.raises(SgnsError, match="SGNS_CACHE and TMPDIR"):
        write_all(full, np.ones(9))


# --- many machines ----------------------------------------------------------------------------------------------------


def test_options_under_torchrun(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is refused before ranks meet; without torchrun's environment the same command works."""
    torchrun = {"RANK": "0", "WORLD_SIZE": "2", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "localhost",
                "MASTER_PORT": "1"}  # fmt: skip
    for name, value in torchrun.items():
        monkeypatch.setenv(name, value)
    app = make_app()
    assert run(app, shlex.split(TRAIN + "--dry-run")) == 2
    assert capsys.readouterr().err.endswith("leave torchrun out\n")
    monkeypatch.delenv("MASTER_PORT")
    assert run(app, shlex.split(TRAIN)) == 2
    assert capsys.readouterr().err.endswith("start it with torchrun\n")
    for name in torchrun:
        monkeypatch.delenv(name, raising=False)
    assert run(app, shlex.split(TRAIN + "--dry-run")) == 0
    assert run(app, shlex.split(TRAIN)) == 0
