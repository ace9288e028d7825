import doctest
import inspect
import subprocess
import sys
import sysconfig
import textwrap
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from sgns import Config, Corpus
from sgns.text import builtin
from sgns.text.builtin import docstrings, english, paragraphs, write_text


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(builtin, "MOST_TEXT", 300_000)


def test_prose_stays_and_code_goes():
    text = """
    Return the sum of two numbers, which must be finite.

    Parameters
    ----------
    first : int, optional
        The first number that is to be added to the other. Same as for :class:`~package.Thing`.
    second : float
        By default it is given by ``first``, and then ``n_jobs`` or ``f(x)`` are not used by any.
    mode : str
        Rarely changed.
    >>> add(1, 2)
    3

    .. versionadded:: 3.1

    ======  =======
    a       table
    ======  =======

    The result is stored in ``thing.value`` by default, and all of it is explained in `the guide <http://x.y>`_.

    list of lists of int, default None
    See :ref:`output-type-label` for the other types of results.

        x = first + second; print(x[0], y[1], z)
    """
    assert list(paragraphs(textwrap.dedent(text))) == [
        "Return the sum of two numbers, which must be finite.",
        "The first number that is to be added to the other.",
        "The result is stored in by default, and all of it is explained in the guide.",
    ]


def test_sentences_of_english_alone():
    assert english("Each of the rows holds the vector of a word (see below).") == (
        "Each of the rows holds the vector of a word (see below)."
    )
    assert english("The default of n_jobs is one, and it is used by all of the functions.") == (
        "The default of is one, and it is used by all of the functions."
    )
    for text in (
        "array of floats",
        "The TypeError of np.sum.",
        "Raises ValueError if x_max is given.",
        "Beta distribution parameter estimate convergence tolerance.",
        "and so it goes on and on",
    ):
        assert english(text) == ""


def test_nothing_is_imported_or_run(tmp_path):
    (tmp_path / "evil.py").write_text(
        '"""A docstring that is long enough to be kept as prose."""\nraise SystemExit(3)\n'
    )
    (tmp_path / "torn.py").write_text("def f(:\n    '''Another one that is long enough, though the file is torn.'''\n")
    (tmp_path / "latin.py").write_bytes(b'"""caf\xe9 is no UTF-8, and so the whole file is left out."""')
    assert "".join(docstrings(tmp_path / "evil.py")) == "A docstring that is long enough to be kept as prose."
    assert "".join(docstrings(tmp_path / "torn.py")).startswith("Another one")
    assert list(docstrings(tmp_path / "latin.py")) == list(docstrings(tmp_path / "gone.py")) == [""]


def test_the_same_text_in_every_process(small, tmp_path):
    with (tmp_path / "here.txt").open("wb") as file:
        write_text(file, lambda *_: None)
    code = "import sys; from pathlib import Path; from sgns.text import builtin; builtin.MOST_TEXT = 300_000;"
    code += "builtin.write_text(Path(sys.argv[1]).open('wb'), lambda *_: None);"
    code += "print('numba' in sys.modules, 'torch' in sys.modules)"
    out = subprocess.check_output([sys.executable, "-c", code, str(tmp_path / "there.txt")], timeout=200)
    assert out.split() == [b"False", b"False"]
    lines = (tmp_path / "here.txt").read_text()
    assert lines == (tmp_path / "there.txt").read_text()
    assert len(lines.splitlines()) == len(set(lines.splitlines())) > 1000


def test_progress_and_the_second_run(small, own_cache):
    calls = []
    first = Corpus.builtin(progress=lambda *call: calls.append(call))
    assert calls[0][:2] == ("collect documentation (once)", 0)
    assert [done for stage, done, *_ in calls if "collect" in stage] == sorted(
        done for stage, done, *_ in calls if "collect" in stage
    )
    second = Corpus.builtin(Config(sentences="none", dim=10))
    assert second.from_cache
    assert second.hash == first.hash
    assert first.sentences > 1000
    assert first.vocabulary.words[0] == "the"
    assert len(list((own_cache / "builtin").iterdir())) == 1


def test_without_a_cache(small, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SGNS_CACHE", str(tmp_path / "file"))
    corpus = Corpus.builtin()
    assert corpus.tokens > 10_000
    assert corpus.ids.max() == len(corpus.vocabulary) - 1  # still mapped after the text is gone


def test_the_time_to_collect_counts_as_reading(tmp_path, monkeypatch):
    @contextmanager
    def slowly(progress):
        time.sleep(0.3)
        path = tmp_path / "collected.txt"
        path.write_text("some words and some more\n" * 10)
        yield path

    monkeypatch.setattr("sgns.text.builtin.builtin_text", slowly)
    assert Corpus.builtin().scan_seconds >= 0.3


def test_what_is_looked_for_first_changes_nothing():
    """The shortcuts of reading docstrings find what the patterns alone find, in the sources of the standard library."""
    files = list(builtin.python_files(Path(sysconfig.get_paths()["stdlib"]) / "email"))
    files += [Path(inspect.__file__), Path(doctest.__file__), Path(__file__)]
    sources = [file.read_text(encoding="utf-8") for file in files]
    sources += ["x = \"\"\"\n\"\"\"\n'''a'''", '""""', '\'\'\'a"""\n\'\'\'\n"""b"""', '  r"""a\\"""b"""', '"""\n' * 7]
    found = 0
    for source in sources:
        spans = [match.span() for match in builtin.STRING.finditer(source)]
        assert [match.span() for match in builtin.strings(source)] == spans
        found += len(spans)
        for line in source.split("\n"):
            line = line.strip()
            assert builtin.is_parameter(line) == (builtin.PARAMETER.match(line) is not None)
    assert found > 100
    assert builtin.is_parameter("x : int, optional")
    assert builtin.is_parameter("f(a, b) -> c")
    assert not builtin.is_parameter("as said: nothing")
