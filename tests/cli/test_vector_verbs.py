"""The verbs on one vector file: tables and JSON, errors of one line, and how soon they answer."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sgns.cli.output import json_value
from sgns.vectors.vectors import Vectors

Cost = Callable[..., tuple[float, float]]
Command = Callable[..., tuple[int, str, str]]


def test_similar_as_a_table_and_as_json(royal: Path, sgns: Command) -> None:
    code, out, err = sgns("similar", royal, "apple", "-n", 2)
    assert (code, err) == (0, "")
    assert out.splitlines()[0].split() == ["word", "cosine"]
    assert out.splitlines()[1].split() == ["pear", "0.999"]
    code, out, _ = sgns("similar", royal, "king", "woman", "--minus", "man", "--json")
    answer = json.loads(out)
    assert answer["answers"][0]["word"] == "queen"
    assert answer["positive"] == ["king", "woman"]


def test_analogy_odd_and_spaces(royal: Path, sgns: Command) -> None:
    assert sgns("analogy", royal, "man", "king", "woman")[1].splitlines()[1].startswith("queen")
    assert sgns("analogy", royal, "man", "king", "woman", "--method", "mul")[1].split()[:2] == ["word", "score"]
    assert sgns("odd", royal, "king", "queen", "apple")[1].splitlines()[1].startswith("apple")
    assert sgns("similar", royal, "king", "--space", "E+C")[0] == 0
    assert sgns("similar", royal, "king", "--all-but-the-top", 1)[0] == 0


def test_info_tells_what_is_there_and_how_it_was_made(royal: Path, sgns: Command) -> None:
    _, out, _ = sgns("info", royal)
    for part in ("words        7", "E, C, counts", "dim 4, lr 0.025", "3.5, 2.25", "7,000 to 1,000"):
        assert part in out
    about = json.loads(sgns("info", royal, "--json")[1])
    assert (about["words"], about["dim"], about["C"]) == (7, 4, True)
    assert about["metadata"]["losses"] == [3.5, 2.25]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["similar", "{}", "quene"], "did you mean queen?"),
        (["similar", "{}", "king", "-n", "0"], "at least 1"),
        (["similar", "nowhere", "king"], "there is no such file"),
        (["odd", "{}", "king"], "at least 3"),
        (["ask", "{}", "king +"], "ends where a word belongs"),
        (["ask", "{}", "king-man"], "with blanks around the signs: king - man"),
        (["convert", "{}", "out.doc"], "names no format"),
        (["convert", "{}", "no/such/out.bin"], "mkdir -p"),
        (["evaluate", "{}"], "no test set"),
        (["evaluate", "{}", "--analogy", "nowhere"], "check the path"),
        (["compare", "{}"], "at least two"),
        (["compare", "{}", "nowhere*"], "there is no such file"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(royal: Path, sgns: Command, arguments: list[str], message: str) -> None:
    code, out, err = sgns(*(a.format(royal) for a in arguments))
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1
    assert "Traceback" not in err


def test_convert_there_and_back(royal: Path, tmp_path: Path, sgns: Command) -> None:
    code, out, err = sgns("convert", royal, tmp_path / "v.txt.gz")
    assert code == 0
    assert out == f"{tmp_path / 'v.txt.gz'}: 7 words, d = 4\n"
    assert "'new york' is written as 'new_york'" in err
    assert "left out: C, counts, metadata" in err
    assert np.array_equal(Vectors.load(tmp_path / "v.txt.gz").E, Vectors.load(royal).E)
    options = ("--restrict", 3, "--space", "C", "--normalize", "--json")
    code, out, err = sgns("convert", royal, tmp_path / "c.npz", *options)
    assert json.loads(out) | {"source": ""} == {
        "source": "", "target": str(tmp_path / "c.npz"), "words": 3, "dim": 4, "left_out": [],
        "warnings": []}  # fmt: skip
    assert err == ""
    np.testing.assert_allclose(np.linalg.norm(Vectors.load(tmp_path / "c.npz").E, axis=1), 1, rtol=1e-6)


def test_convert_stops_at_nan_and_repairs_on_request(tmp_path: Path, sgns: Command) -> None:
    E = np.ones((3, 2), np.float32)
    E[1, 1] = np.nan
    Vectors(["a", "b", "c"], E).save(tmp_path / "v.safetensors")
    code, _, err = sgns("convert", tmp_path / "v.safetensors", tmp_path / "v.bin")
    assert code == 2
    assert "row 1 is not finite" in err
    assert "--repair" in err
    assert not (tmp_path / "v.bin").exists()
    code, _, err = sgns("convert", tmp_path / "v.safetensors", tmp_path / "v.bin", "--repair")
    assert code == 0
    assert "1 rows left out" in err
    assert Vectors.load(tmp_path / "v.bin").words == ["a", "c"]


def test_json_holds_no_nan_and_no_numpy() -> None:
    assert json_value({"a": float("inf"), "b": (np.float32(1), np.int64(2))}) == {"a": None, "b": [1.0, 2]}


def test_the_quick_verbs_import_nothing_slow(royal: Path) -> None:
    slow = ("numba", "scipy", "torch", "matplotlib", "gensim", "prompt_toolkit", "rich")
    for verb in (["similar", "king"], ["analogy", "man", "king", "woman"], ["odd", "king", "man", "pear"], ["info"]):
        code = (
            "import sys; from sgns.cli import make_app, run; assert run(make_app(), sys.argv[1:]) == 0;"
            f"print([m for m in {slow} if m in sys.modules])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, verb[0], str(royal), *verb[1:]],
            capture_output=True, text=True, check=True, timeout=200,
        )  # fmt: skip
        assert done.stdout.splitlines()[-1] == "[]", verb


@pytest.fixture(scope="module")
def many_words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """100,000 words of dimension 100."""
    path = tmp_path_factory.mktemp("many") / "v.safetensors"
    E = np.random.default_rng(0).normal(size=(100_000, 100)).astype(np.float32)
    Vectors([f"w{i}" for i in range(100_000)], E).save(path)
    return path


QUICK = (["similar", "w5"], ["analogy", "w1", "w2", "w3"], ["odd", "w1", "w2", "w3"], ["info"])


@pytest.mark.slow
def test_the_quick_verbs_cost_less_than_a_second_of_cpu(many_words: Path, cost: Cost) -> None:
    for verb in QUICK:
        assert min(cost(verb[0], str(many_words), *verb[1:])[1] for _ in range(2)) < 1, verb


@pytest.mark.slow
def test_the_quick_verbs_answer_in_half_a_second(many_words: Path, cost: Cost) -> None:
    for verb in QUICK:
        best = min(cost(verb[0], str(many_words), *verb[1:])[0] for _ in range(5))
        assert best < 0.5, (verb, best)
