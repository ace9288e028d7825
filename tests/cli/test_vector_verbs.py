"""The verbs on vectors as people type them: tables and JSON, errors of one line, the prompt at a real terminal."""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sgns.cli import make_app, run
from sgns.cli.output import json_value
from sgns.cli.prompt import Completions
from sgns.vectors.files import formats
from sgns.vectors.vectors import Vectors


@pytest.fixture
def royal(tmp_path: Path) -> Path:
    rows = {"king": [3, 1, 0, 0], "queen": [3, 0, 1, 0], "man": [0, 1, 0, 0], "woman": [0, 0, 1, 0],
            "apple": [0, 0, 0, 2], "pear": [0.1, 0, 0, 2], "new york": [0, 0.5, 0.4, 1]}  # fmt: skip
    E = np.array(list(rows.values()), np.float32)
    v = Vectors(
        list(rows), E, E * 2, np.arange(7, 0, -1) * 1000, {"config": {"dim": 4, "lr": 0.025}, "losses": [3.5, 2.25]}
    )
    v.save(tmp_path / "v.safetensors")
    return tmp_path / "v.safetensors"


def sgns(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    try:
        code = run(make_app(), [str(a) for a in arguments])
    except SystemExit as exit:
        code = int(exit.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


def test_similar_as_a_table_and_as_json(royal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = sgns(capsys, "similar", royal, "apple", "-n", 2)
    assert (code, err) == (0, "")
    assert out.splitlines()[0].split() == ["word", "cosine"]
    assert out.splitlines()[1].split() == ["pear", "0.999"]
    code, out, _ = sgns(capsys, "similar", royal, "king", "woman", "--minus", "man", "--json")
    answer = json.loads(out)
    assert answer["answers"][0]["word"] == "queen"
    assert answer["positive"] == ["king", "woman"]


def test_analogy_odd_and_spaces(royal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sgns(capsys, "analogy", royal, "man", "king", "woman")[1].splitlines()[1].startswith("queen")
    assert sgns(capsys, "analogy", royal, "man", "king", "woman", "--method", "mul")[1].split()[:2] == ["word", "score"]
    assert sgns(capsys, "odd", royal, "king", "queen", "apple")[1].splitlines()[1].startswith("apple")
    assert sgns(capsys, "similar", royal, "king", "--space", "E+C")[0] == 0
    assert sgns(capsys, "similar", royal, "king", "--all-but-the-top", 1)[0] == 0


def test_info_tells_what_is_there_and_how_it_was_made(royal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = sgns(capsys, "info", royal)
    for part in ("words        7", "E, C, counts", "dim 4, lr 0.025", "3.5, 2.25", "7,000 to 1,000"):
        assert part in out
    about = json.loads(sgns(capsys, "info", royal, "--json")[1])
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
def test_a_mistake_is_one_line_and_exit_code_2(
    royal: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    code, out, err = sgns(capsys, *(a.format(royal) for a in arguments))
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1
    assert "Traceback" not in err


# --- ask -----------------------------------------------------------------------------------------------------------


def test_one_question_in_words_or_quoted(royal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    apart = sgns(capsys, "ask", royal, "king", "-", "man", "+", "woman")
    assert apart[1].splitlines()[1].startswith("queen")
    assert sgns(capsys, "ask", royal, "king - man + woman") == apart
    assert sgns(capsys, "ask", royal, "man : king = woman : ?")[1].splitlines()[1].startswith("queen")


def test_a_pipe_answers_every_line(royal: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sgns", "ask", str(royal), "-n", "1"],
        input='king - man + woman\n\nbad (\n"new york"\n', capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stdout.split("\n\n")[0].splitlines()[2].startswith("queen")
    assert '"new york"' in done.stdout
    assert done.stderr.splitlines() == ["sgns: bad (: character 5: + or - belongs before '('"]


def test_a_pipe_as_json_is_one_object(royal: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sgns", "ask", str(royal), "--json"],
        input="king\nman\n", capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert [q["question"] for q in json.loads(done.stdout)["questions"]] == ["king", "man"]


def test_completion_offers_frequent_words_first_and_quotes_blanks(royal: Path) -> None:
    words = Completions(["queen", "man", "quiz", "quay", "new york", "+"])
    assert words.offer("man + qu") == (2, ["queen", "quiz", "quay"])
    assert words.offer("(qua") == (3, ["quay"])
    assert words.offer('man + "new') == (4, ['"new york"'])
    assert words.offer("ne") == (2, ['"new york"'])
    assert words.offer("man ") == (0, [])
    assert words.offer('"new york" ') == (0, [])


pty = pytest.importorskip("pty") if sys.platform != "win32" else None


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_the_prompt_completes_remembers_and_survives_mistakes(royal: Path, tmp_path: Path) -> None:
    assert pty is not None
    environment = os.environ | {"SGNS_CACHE": str(tmp_path), "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}

    def session(*typed: tuple[bytes, bytes]) -> bytes:
        """Type keys, each time waiting for what they must bring to the screen."""
        main, sub = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "sgns", "ask", str(royal)], stdin=sub, stdout=sub, stderr=sub, env=environment
        )
        os.close(sub)
        seen = b""

        def read_until(mark: bytes, seconds: float = 30) -> None:
            nonlocal seen
            end, start = time.monotonic() + seconds, len(seen)
            while mark not in seen[start:] and select.select([main], [], [], max(0, end - time.monotonic()))[0]:
                try:
                    seen += os.read(main, 65536)
                except OSError:  # the other end is closed
                    break
            assert mark in seen[start:], seen

        ready = b"\x1b[?2004h"  # a prompt begins: bracketed paste is switched on
        read_until(ready)
        try:
            for keys, mark in typed:
                os.write(main, keys)
                read_until(mark or ready)
            os.write(main, b":quit\r")
            read_until(b"\x1b[?2004l")  # the line was taken
            assert process.wait(60) == 0
        finally:
            process.kill()
            process.wait()
            os.close(main)
        return seen

    seen = session(
        (b"nonsense\r", b"7 words"), (b":n 1\r", b""), (b":what\r", b"no command"), (b"\x03", b""),
        (b"king - man + wom", b"wom"), (b"\t", b"an"), (b"\r", b"queen"),
    )  # fmt: skip
    assert b"queen" in seen
    assert b"not among the 7 words" in seen
    assert b":what is no command" in seen
    assert "king - man + woman" in (tmp_path / "history").read_text()  # Tab completed it
    up = b"\x1b[A"
    session((up, b":quit"), (up, b"king - man + woman"), (b"\x15", b"\x1b[K"))


# --- convert, evaluate, compare ------------------------------------------------------------------------------------


def test_convert_there_and_back(royal: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = sgns(capsys, "convert", royal, tmp_path / "v.txt.gz")
    assert code == 0
    assert out == f"{tmp_path / 'v.txt.gz'}: 7 words, d = 4\n"
    assert "'new york' is written as 'new_york'" in err
    assert "left out: C, counts, metadata" in err
    assert np.array_equal(formats.load(tmp_path / "v.txt.gz").E, formats.load(royal).E)
    options = ("--restrict", 3, "--space", "C", "--normalize", "--json")
    code, out, err = sgns(capsys, "convert", royal, tmp_path / "c.npz", *options)
    assert json.loads(out) | {"source": ""} == {
        "source": "", "target": str(tmp_path / "c.npz"), "words": 3, "dim": 4, "left_out": [],
        "warnings": []}  # fmt: skip
    assert err == ""
    np.testing.assert_allclose(np.linalg.norm(formats.load(tmp_path / "c.npz").E, axis=1), 1, rtol=1e-6)


def test_convert_stops_at_nan_and_repairs_on_request(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    E = np.ones((3, 2), np.float32)
    E[1, 1] = np.nan
    Vectors(["a", "b", "c"], E).save(tmp_path / "v.safetensors")
    code, _, err = sgns(capsys, "convert", tmp_path / "v.safetensors", tmp_path / "v.bin")
    assert code == 2
    assert "row 1 is not finite" in err
    assert "--repair" in err
    assert not (tmp_path / "v.bin").exists()
    code, _, err = sgns(capsys, "convert", tmp_path / "v.safetensors", tmp_path / "v.bin", "--repair")
    assert code == 0
    assert "1 rows left out" in err
    assert formats.load(tmp_path / "v.bin").words == ["a", "c"]


@pytest.fixture
def sets(tmp_path: Path) -> list[object]:
    (tmp_path / "s.tsv").write_text("king\tqueen\t8\nApple\tpear\t9\nking\tapple\t1\nking\tnothing\t2\nman\tpear\t0\n")
    (tmp_path / "q.txt").write_text(": royal\nman king woman queen\n: gram1\nman men woman women\n")
    (tmp_path / "c.tsv").write_text("king\ta\nqueen\ta\napple\tb\npear\tb\n")
    return ["--similarity", tmp_path / "s.tsv", "--analogy", tmp_path / "q.txt", "--categories", tmp_path / "c.tsv"]


def test_evaluate_prints_coverage_interval_and_what_was_done(
    royal: Path, sets: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = sgns(capsys, "evaluate", royal, *sets, "--verbose")
    assert (code, err) == (0, "")
    spearman = next(line for line in out.splitlines() if "Spearman" in line)
    assert spearman.split()[-4:] == ["4", "5", "80", "%"]
    assert "1 word found in another case" in out
    assert "s.tsv: unknown: nothing" in out
    assert "3CosAdd among the 30,000 most frequent words" in out
    report = json.loads(sgns(capsys, "evaluate", royal, *sets, "--json")[1])
    assert report["similarity"][0]["unknown"] == ["nothing"]
    assert report["analogy"][0]["accuracy"] == 1
    assert report["analogy"][0]["syntactic"]["accuracy"] is None  # not NaN, which is no JSON
    assert report["categories"][0]["purity"] == 1


def test_compare_with_seeds_by_pattern_and_by_comma(
    royal: Path, sets: list[object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    generator = np.random.default_rng(0)
    v = formats.load(royal)
    paths = []
    for i in range(4):
        paths.append(tmp_path / f"seed{i}.bin")
        noisy = v.E + 0.05 * generator.normal(size=v.E.shape)
        Vectors([w.replace(" ", "_") for w in v.words], noisy).save(paths[-1])
    models = (tmp_path / "seed[01].bin", f"{paths[2]},{paths[3]}")
    options = ("--words", 6, "--neighbours", 2, "--moved", 2)
    code, out, err = sgns(capsys, "compare", *models, *sets, *options)
    assert (code, err) == (0, "")
    assert "p (Holm)" in out
    assert "moved most" in out
    report = json.loads(sgns(capsys, "compare", *models, *sets, *options, "--json")[1])
    assert [len(paths) for paths in report["models"].values()] == [2, 2]
    assert len(report["sets"]) == 3
    assert len(report["sets"][0]["scores"][0]["values"]) == 2
    assert 0 <= report["spaces"][0]["within_overlap"] <= 1


# --- JSON, and how soon ---------------------------------------------------------------------------------------------


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


Cost = Callable[..., tuple[float, float]]
QUICK = (["similar", "w5"], ["analogy", "w1", "w2", "w3"], ["odd", "w1", "w2", "w3"], ["info"])


def test_the_quick_verbs_cost_less_than_a_second_of_cpu(
    many_words: Path, cost: Cost
) -> None:  # a busy machine passes it too
    for verb in QUICK:
        assert min(cost(verb[0], str(many_words), *verb[1:])[1] for _ in range(2)) < 1, verb


@pytest.mark.slow
def test_the_quick_verbs_answer_in_half_a_second(many_words: Path, cost: Cost) -> None:
    for verb in QUICK:
        best = min(cost(verb[0], str(many_words), *verb[1:])[0] for _ in range(5))
        assert best < 0.5, (verb, best)
