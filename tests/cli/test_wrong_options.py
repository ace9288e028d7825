"""Options of gensim, word2vec.c and fastText, misspelt ones, switches with a value, words that begin with a dash."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import sgns as package
from sgns.base.foreign_options import FOREIGN_OPTIONS, foreign_option
from sgns.config import Config
from sgns.errors import ConfigError
from sgns.vectors.vectors import Vectors

Command = Callable[..., tuple[int, str, str]]

# what users type, and the option of ours that does the same
RENAMED = {
    "--size 20": "--dim", "--vector-size 20": "--dim", "--vector_size 20": "--dim", "--vectorSize=20": "--dim",
    "-size 20": "--dim", "-dim 20": "--dim", "--iter 2": "--epochs", "-epoch 2": "--epochs",
    "--workers 1": "--threads",
    "-thread 1": "--threads", "--alpha 0.02": "--lr", "--start-alpha 0.02": "--lr", "--min-alpha 0.001": "--min-lr",
    "-sample 0.001": "--subsample", "--sample=1e-3": "--subsample", "-t 0.001": "--subsample",
    "-neg 3": "--negatives",
    "--negative 3": "--negatives", "-negative 3": "--negatives", "--ns-exponent 0.5": "--noise-power",
    "-ws 3": "--window",
    "--window-size 3": "--window", "-window 3": "--window", "--minCount 1": "--min-count",
    "-min-count 1": "--min-count",
    "--max-final-vocab 9": "--max-vocabulary", "-output w.txt": "--output",
}  # fmt: skip
# what users type for the model and the loss, and the options of ours that the answer shows
CHOSEN = {
    "--sg 0": ["--model skipgram", "--model cbow"], "-sg 1": ["--model skipgram", "--model cbow"],
    "--cbow 0": ["--model skipgram", "--model cbow"], "-cbow 1": ["--model skipgram", "--model cbow"],
    "--hs 0": ["--loss hierarchical", "--loss negatives"], "--hs 1": ["--loss hierarchical", "--loss negatives"],
    "--minn 3": ["--ngrams 3-6"], "-maxn 6": ["--ngrams 3-6"],
    "-bucket 100": ["--ngrams 3-6"],
}  # fmt: skip
# what does not exist here, and a part of the answer
ABSENT = {
    "-loss ns": "--loss", "--compute-loss 1": "metadata", "-binary 1": "-o vectors.bin",
    "--binary 1": "-o vectors.bin",
    "-wordNgrams 2": "leave it out", "--train {text}": "sgns train", "-input {text}": "sgns train",
    "--verbose 2": "--quiet", "-save-vocab x": "counts",
}  # fmt: skip


@pytest.fixture
def train(sgns: Command, small_text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Train with more options: train("--dim", "20")."""
    monkeypatch.chdir(tmp_path)
    few = {"-o": "v.txt", "--epochs": 1, "--sharing": "pair", "--engine": "cpu"}

    def train(*options: str) -> tuple[int, str, str]:
        given = (*options, "-o") if "--output" in options else options
        own = [part for name, value in few.items() if name not in given for part in (name, value)]
        return sgns("train", small_text, *own, "--json", "--quiet", *(o.format(text=small_text) for o in options))

    return train


@pytest.fixture(scope="module")
def tried() -> set[str]:
    """Remedies that were followed: several tools have one name for an option."""
    return set()


@pytest.mark.parametrize("typed", RENAMED)
def test_the_name_of_another_tool_is_answered_with_ours(train: Command, tried: set[str], typed: str) -> None:
    code, out, err = train(*typed.split())
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert re.search(rf"{RENAMED[typed]}\b", err), err
    name = re.split("[ =]", typed)[0]
    assert name in err
    remedy = typed.replace("=", " ").replace(name, RENAMED[typed])
    if remedy not in tried:
        code, _, err = train(*remedy.split())
        assert code == 0, err
        tried.add(remedy)


@pytest.mark.parametrize("typed", CHOSEN)
def test_the_number_of_a_model_is_answered_with_its_name(train: Command, tried: set[str], typed: str) -> None:
    code, out, err = train(*typed.split())
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert typed.split()[0] in err
    assert re.findall(r"--(?:model|loss|ngrams) [\w-]+", err) == CHOSEN[typed]
    for remedy in {*CHOSEN[typed]} - tried:
        few = ("--dim", "12", *(("--buckets", "100") if "--ngrams" in remedy else ()))  # kernels of other tests
        code, _, err = train(*remedy.split(), "--sharing", "tile", *few)
        assert code == 0, err
        tried.add(remedy)


@pytest.mark.parametrize("typed", ABSENT)
def test_what_does_not_exist_here_says_what_to_do(train: Command, typed: str) -> None:
    code, out, err = train(*typed.split())
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert typed.split()[0] in err
    assert ABSENT[typed] in err


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ("--sharing tile --buckets 100", "give ngrams 3-6 too"),
        ("--model cbow", "leave sharing out"),
        ("--ngrams 3-6", "leave sharing out"),
        ("--sharing tile --combine sum", "leave combine out"),
        ("--sharing tile --model dm --ngrams 3-6", "leave ngrams out"),
        ("--sharing tile --loss hierarchical --negatives 7", "leave negatives out"),
        ("--sharing tile --window sentence --no-shrink-windows", "leave it out"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(train: Command, options: str, part: str) -> None:
    code, out, err = train(*options.split())
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert part in err


def test_every_name_in_the_table_leads_to_an_option() -> None:
    options = {*Config.__dataclass_fields__, "output", "quiet"}
    for name, (ours, note) in FOREIGN_OPTIONS.items():
        assert ours in options if ours else note, name
        assert name not in Config.__dataclass_fields__  # else it would never be asked for
        assert re.fullmatch("[a-z0-9]+", name), name


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("--epcohs 3", "--epochs"), ("--windw=3", "--window"), ("-epcohs 3", "--epochs"),
        ("--lowercse", "--lowercase"),
        ("--treads 3", "--threads"), ("--min_cout 3", "--min-count"), ("--no-lowecase", "--no-lowercase"),
        ("--max-vocab-count 3", "--max-vocabulary"), ("--checkpoint 5m", "--checkpoint-every"),
        ("--vocab 3", "--max-vocabulary"),
        ("--zzzzzz", "sgns train --help"),
    ],
)  # fmt: skip
def test_a_misspelt_option_gets_the_nearest_names(train: Command, typed: str, names: str) -> None:
    code, out, err = train(*typed.split())
    assert (code, out) == (2, "")
    assert err.startswith(f"sgns: {re.split('[ =]', typed)[0]} is no option")
    assert names in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ("similar {v} king --topn 5", "-n"), ("odd {v} king queen man --topn 5", "sgns odd --help"),
        ("similar {v} king --jsn", "--json"), ("analogy {v} man king woman --metod mul", "--method"),
        ("similar {v} king --negative man", "--minus"), ("similar {v} --positive king", "word"),
        ("ask {v} king --topn 3", "-n"), ("evaluate {v} --wordsim x.txt", "--similarity"),
        ("evaluate {v} --restrict-vocab 5", "--restrict"),
        ("convert {v} x.bin --fmt bin", "--format"), ("plot {v} -o x.svg --colour red", "sgns plot --help"),
        ("step king queen --modle {v}", "--model"), ("info {v} --jason", "--json"),
        ("map {v} -o x.html --word 5", "--words"),
    ],
)  # fmt: skip
def test_other_verbs_answer_as_well(sgns: Command, royal: Path, arguments: str, names: str) -> None:
    code, out, err = sgns(*(a.format(v=royal) for a in arguments.split()))
    assert (code, out) == (2, "")
    assert re.search(rf"{names}\b", err), err
    assert "is no option" in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("verb", "ours"),
    [("skipgram", "train"), ("cbow", "train"), ("word2vec", "train"), ("most-similar", "similar"),
     ("nn", "similar"),
     ("distance", "similar"), ("doesnt-match", "odd"), ("word-analogy", "analogy"), ("analogies", "analogy"),
     ("trian", "train"), ("similr", "similar"), ("eval", "evaluate")],
)  # fmt: skip
def test_verbs_of_other_tools(sgns: Command, verb: str, ours: str) -> None:
    code, out, err = sgns(verb, "x")
    assert (code, out) == (2, "")
    assert f"sgns {ours}" in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("value", ["False", "false", "no", "0", "off", "True", "true", "1"])
def test_a_switch_takes_no_value(train: Command, value: str) -> None:
    code, out, err = train("--lowercase", value)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    right = "--lowercase" if value.lower() in ("true", "1") else "--no-lowercase"
    assert f"give {right}" in err, err
    assert train(right)[0] == 0
    assert train(f"--lowercase={value}")[0] == (2 if value in ("off",) else 0)


@pytest.mark.parametrize(
    ("typed", "right"),
    [("--no-lowercase false", "--lowercase"), ("--no-lowercase true", "--no-lowercase"),
     ("--deterministic 1", "--deterministic"),
     ("--deterministic False", "--no-deterministic"), ("--punctuation yes", "--punctuation"),
     ("--resume no", "leave --resume out"),
     ("--dry-run false", "--no-dry-run")],
)  # fmt: skip
def test_other_switches(train: Command, typed: str, right: str) -> None:
    code, out, err = train(*typed.split())
    assert (code, out) == (2, "")
    assert right in err
    assert typed in err


def test_a_file_that_is_called_false_is_a_file(train: Command, tmp_path: Path) -> None:
    (tmp_path / "false").write_text("a b c\n" * 9)
    assert json.loads(train("--lowercase", "false")[1])["vocabulary"] == 53


def test_switches_of_other_verbs(sgns: Command, royal: Path) -> None:
    code, out, err = sgns("similar", royal, "king", "--json", "true")
    assert (code, out) == (2, "")
    assert "give --json" in err
    assert sgns("info", royal, "--json", "false")[0] == 2


DASHED = ["-lrb-", "-1", "--", "-", "-5.5", "--json", "-n", "-n3", "--word", "-neg", "3", "-o", "1e5", "-output"]


@pytest.fixture
def dashed(tmp_path: Path) -> Path:
    """Words that look like options and numbers."""
    E = np.random.default_rng(0).normal(size=(len(DASHED) + 2, 4)).astype(np.float32)
    Vectors([*DASHED, "king", "queen"], E, E * 2, np.arange(len(E), 0, -1)).save(tmp_path / "d.safetensors")
    return tmp_path / "d.safetensors"


@pytest.mark.parametrize("word", ["-lrb-", "-1", "-5.5", "--word", "3", "1e5", "-"])
def test_words_that_begin_with_a_dash_or_are_numbers(sgns: Command, dashed: Path, word: str) -> None:
    def answer(*arguments: object) -> dict:
        code, out, err = sgns(*arguments, "--json")
        assert (code, err) == (0, "")
        return json.loads(out)

    v = Vectors.load(dashed)
    expected = [name for name, _ in v.most_similar([word], [], 3)]
    assert [a["word"] for a in answer("similar", dashed, word, "-n", 3)["answers"]] == expected
    assert [a["word"] for a in answer("similar", "-n", 3, dashed, word)["answers"]] == expected
    assert answer("similar", dashed, "king", word)["positive"] == ["king", word]
    assert answer("similar", dashed, "king", "--minus", word)["negative"] == [word]
    assert answer("similar", dashed, "king", f"--minus={word}")["negative"] == [word]
    assert answer("odd", dashed, word, "king", "queen")["words"] == [word, "king", "queen"]
    assert answer("odd", dashed, "king", "queen", word)["words"] == ["king", "queen", word]
    assert answer("analogy", dashed, "king", word, "queen")["b"] == word
    assert answer("analogy", dashed, word, "king", "queen")["a"] == word
    assert answer("step", word, "king", "--model", dashed)["word"] == word
    assert answer("step", "king", word, "--model", dashed)["pairs"][0]["context"] == word


@pytest.mark.parametrize("word", DASHED)
def test_after_two_dashes_everything_is_a_word(sgns: Command, dashed: Path, word: str) -> None:
    code, out, err = sgns("similar", dashed, "--json", "--", "king", word)
    assert (code, err) == (0, "")
    assert json.loads(out)["positive"] == ["king", word]
    code, out, err = sgns("odd", dashed, "--json", "--", word, "queen", "king")
    assert (code, err) == (0, "")
    assert json.loads(out)["words"][0] == word
    assert sgns("step", "--model", dashed, "--", word, "king")[0] == 0
    assert sgns("analogy", dashed, "--", word, "king", "queen")[0] == 0


def test_words_with_a_dash_in_a_picture(sgns: Command, dashed: Path, tmp_path: Path) -> None:
    code, _, err = sgns("plot", dashed, "-o", tmp_path / "p.svg", "--words", "king", "-lrb-", "queen", "3")
    assert code == 2
    assert "--words=-lrb-" in err
    done = sgns("plot", dashed, "-o", tmp_path / "p.svg", "--words", "king", "--words=-lrb-", "queen", "3", "--json")
    assert done[0] == 0, done[2]
    assert "-lrb-" in done[1]


def test_a_word_with_a_dash_that_is_not_there(sgns: Command, royal: Path) -> None:
    for arguments in (
        ["similar", royal, "-lrb-"],
        ["odd", royal, "king", "queen", "-lrb-"],
        ["step", "-lrb-", "king", "--model", royal],
    ):
        code, _, err = sgns(*arguments)
        assert code == 2
        assert "-lrb- is no option" in err
        assert "no word" in err


@pytest.mark.parametrize(
    ("options", "answer"),
    [({"size": 20}, "dim"), ({"vector_size": 20}, "dim"), ({"iter": 3}, "epochs"), ({"workers": 3}, "threads"),
     ({"alpha": 0.1}, "lr"), ({"sample": 0}, "subsample"), ({"ns_exponent": 0.5}, "noise_power"),
     ({"min_alpha": 0.1}, "min_lr"),
     ({"max_final_vocab": 9}, "max_vocabulary"), ({"sg": 1}, "model='skipgram'"), ({"sg": 0}, "model='cbow'"),
     ({"dm": 0}, "model='dbow'"), ({"hs": 0}, "loss='negatives'"), ({"hs": 1}, "loss='hierarchical'"),
     ({"minn": 3}, "ngrams='3-6'"), ({"bucket": 100}, "buckets"),
     ({"negative": 5}, "negatives"), ({"compute_loss": True}, 'metadata["losses"]'), ({"minCount": 3}, "min_count"),
     ({"callbacks": []}, "on_epoch"), ({"batch_words": 3}, "leave it out"), ({"epcohs": 3}, "epochs"),
     ({"output": "v.txt"}, "save"),
     ({"ws": 3}, "window"), ({"corpus_file": "x"}, "sgns.train"), ({"verbose": 1}, "quiet")],
)  # fmt: skip
def test_names_of_other_tools_in_python(options: dict, answer: str) -> None:
    for call in (lambda: package.train([["a", "b"]], **options), lambda: Config(**options)):
        with pytest.raises(ConfigError) as raised:
            call()
        assert re.search(rf"{re.escape(answer)}", str(raised.value)), raised.value
        assert "--" not in str(raised.value)
        assert next(iter(options)) in str(raised.value)


def test_sentences_of_gensim() -> None:
    with pytest.raises(ConfigError, match=r"sgns\.train\(sentences"):
        package.train(sentences=[["a", "b"]])
    assert foreign_option("dim") is None


@pytest.mark.parametrize(
    ("option", "value", "line"),
    [
        ("--buckets", "lots", "--buckets is lots; give a whole number or exact"),
        ("--window", "abc", "--window is abc; give a whole number or sentence"),
        ("--epochs", "1.5", "--epochs is 1.5; give a whole number"),
        ("--lr", "fast", "--lr is fast; give a number"),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_what_is_wanted(option, value, line, capsys):
    from sgns.cli import make_app, run

    assert run(make_app(), ["train", "text.txt", option, value]) == 2
    assert capsys.readouterr().err.strip() == f"sgns: {line}"
