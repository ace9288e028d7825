"""The cells of a column as text: JSON lines, CSV, TSV, Parquet and Arrow files, and tables in memory."""

import bz2
import csv
import gzip
import io
import json
import re
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

import sgns
from sgns import Config, Corpus
from sgns.errors import InputError
from sgns.progress.callback import ProgressCallback
from sgns.text import read
from sgns.text.sources import Column, find
from sgns.text.tables import cells

TEXTS = [
    "The cat sat, on the mat.\nThe dog ran!",
    'She said "hello", twice.\n\nA new paragraph; with a semicolon\tand a tab',
    "",
    "Straße, Ünder и слово",
    "one\r\ntwo\rthree",
    "\ufeffa mark",
] * 4
LABELS = list(range(len(TEXTS)))
OPTIONS = {"dim": 4, "epochs": 1, "min_count": 1, "threads": 1, "quiet": True, "engine": "cpu"}


def ignore(*_: object) -> None:
    """Progress that nobody looks at."""


progress: ProgressCallback = ignore


def json_lines(texts=TEXTS, name="text") -> bytes:
    rows = ({"id": i, name: text, "meta": {"a": [1, {}]}} for i, text in enumerate(texts))
    return "".join(json.dumps(row, ensure_ascii=i % 2 == 0) + "\n" for i, row in enumerate(rows)).encode()


def csv_table(texts=TEXTS, delimiter=",", name="text", mark="") -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter)
    writer.writerow(["id", name, "label"])
    writer.writerows([i, text, "x"] for i, text in enumerate(texts))
    return (mark + buffer.getvalue()).encode()


def arrow_table(texts=TEXTS, name="text"):
    return pa.table({"id": list(range(len(texts))), name: texts})


def written(write) -> bytes:
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


def parquet(table, **options) -> bytes:
    return written(lambda buffer: pa.parquet.write_table(table, buffer, **options))


def stream_of(table, buffer) -> None:
    with pa.ipc.new_stream(buffer, table.schema) as writer:
        writer.write_table(table, max_chunksize=5)


FILES = {
    "data.jsonl": json_lines,
    "data.ndjson": json_lines,
    "wiki_00": json_lines,  # WikiExtractor --json
    "data.json": lambda texts=TEXTS: json.dumps([{"id": 1, "text": text} for text in texts], indent=1).encode(),
    "array": lambda texts=TEXTS: json.dumps([{"text": text, "id": 1} for text in texts]).encode(),
    "data.csv": csv_table,
    "marked.csv": lambda texts=TEXTS: csv_table(texts, mark="\ufeff"),
    "european.csv": lambda texts=TEXTS: csv_table(texts, ";"),
    "data.tsv": lambda texts=TEXTS: csv_table(texts, "\t"),
    "data.tab": lambda texts=TEXTS: csv_table(texts, "\t"),
    "table": lambda texts=TEXTS: csv_table(texts, "|"),
    "data.parquet": lambda texts=TEXTS: parquet(arrow_table(texts), row_group_size=7),
    "snappy": lambda texts=TEXTS: parquet(arrow_table(texts)),
    "data.feather": lambda texts=TEXTS: written(lambda f: pa.feather.write_feather(arrow_table(texts), f)),
    "old.feather": lambda texts=TEXTS: written(lambda f: pa.feather.write_feather(arrow_table(texts), f, version=1)),
    "data.arrow": lambda texts=TEXTS: written(lambda f: stream_of(arrow_table(texts), f)),
}  # fmt: skip
PACKINGS = {"": bytes, ".gz": gzip.compress, ".zst": zstandard.compress, ".bz2": bz2.compress}


def of(corpus: Corpus):
    """All that a corpus consists of."""
    words = corpus.vocabulary.words
    return words, corpus.vocabulary.counts.tolist(), corpus.ids.tolist(), corpus.sentence_ends.tolist()


def expected(folder: Path, texts, sentences: str):
    """The corpus of the same texts, each in a file of its own: a cell is a document."""
    folder.mkdir()
    for i, text in enumerate(texts):
        (folder / f"{i:04}.txt").write_bytes(text.encode())
    return of(Corpus.from_files(folder, Config(min_count=1, sentences=sentences)))


@pytest.mark.parametrize("sentences", ["line", "paragraph", "none"])
@pytest.mark.parametrize("packing", PACKINGS)
def test_every_kind_of_table_is_the_text_of_its_cells(tmp_path, sentences, packing):
    wanted = expected(tmp_path / "texts", TEXTS, sentences)
    config = Config(min_count=1, sentences=sentences, column="text")
    hashes = set()
    for name, make in FILES.items():
        path = tmp_path / f"{name}{packing}"
        path.write_bytes(PACKINGS[packing](make()))
        corpus = Corpus.from_files(path, config)
        assert of(corpus) == wanted, path
        assert corpus.warnings == []
        assert of(Corpus.from_files(path, config)) == wanted
        hashes.add(corpus.hash)
    assert len(hashes) == 1


@pytest.mark.parametrize("sentences", ["line", "none"])
def test_kernels_read_tables_as_plain_python_does(tmp_path, sentences):
    path = tmp_path / "data.jsonl"
    path.write_bytes(json_lines(TEXTS * 20))
    config = Config(min_count=1, sentences=sentences, column="text")
    sources = find(path, Column.of(config))
    plain, fast = (Corpus.from_sources(sources, config, cache=False, plain_chunks=n) for n in (100, -1))
    assert of(plain) == of(fast)
    assert plain.hash == fast.hash


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=8), st.sampled_from(sorted(FILES))
)
def test_any_texts_survive_every_kind_of_table(tmp_path_factory, texts, name):
    if name in ("data.csv", "marked.csv", "european.csv", "data.tsv", "data.tab", "table"):
        texts = [text.replace("\0", "") for text in texts]  # old versions of csv refuse it
    path = tmp_path_factory.mktemp("tables") / name
    data = FILES[name](texts)
    path.write_bytes(data)
    with path.open("rb") as file:
        assert [cell for _, cell in cells(file, name, "text", data[:4096])] == texts


@pytest.mark.parametrize("name", FILES)
def test_the_command_reads_a_column_from_files_and_pipes(sgns_command, tmp_path, name):
    path, output = tmp_path / name, tmp_path / "v.safetensors"
    path.write_bytes(FILES[name](["the cat sat on the mat", "a dog ran"] * 100))
    options = ("--min-count", 1, "--dim", 4, "--epochs", 1, "--threads", 1, "--quiet", "-o", output)
    code, _, err = sgns_command("train", path, "--column", "text", *options)
    assert (code, err) == (0, "")
    assert set(sgns.load(output).words) == {"the", "cat", "sat", "on", "mat", "a", "dog", "ran"}
    assert sgns.load(output).metadata["config"]["column"] == "text"


@pytest.mark.parametrize("name", ["data.jsonl", "data.csv", "data.parquet"])
def test_a_table_comes_through_a_pipe(tmp_path, name):
    code = (
        "from sgns import Corpus, Config; print(Corpus.from_files('-', Config(min_count=1, column='text')).raw_tokens)"
    )
    data = gzip.compress(FILES[name](["the cat sat"] * 50))
    done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=True)
    assert done.stdout.split() == [b"150"]


@pytest.mark.parametrize("name", FILES)
def test_a_table_without_a_column_names_its_columns(sgns_command, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(FILES[name](["the cat sat"] * 50))
    code, _, err = sgns_command("train", path, "-o", tmp_path / "v.bin")
    if name == "table":  # no ending: it might be any text
        return
    assert code == 2
    assert "is a table with the columns" in err or name == "old.feather"
    assert "--column text" in err
    assert (
        sgns_command("train", path, *err.split("train on, ")[1].split(" (")[0].split(), "-o", tmp_path / "v.bin")[0]
        == 0
    )


def test_several_files_and_folders_of_tables(tmp_path):
    (tmp_path / "F" / "AA").mkdir(parents=True)
    for i, name in enumerate(["wiki_00", "data.csv", "data.parquet", "data.tsv"]):
        (tmp_path / "F" / "AA" / name).write_bytes(FILES[name]([f"word{i} text"]))
    (tmp_path / "F" / "README.md").write_text("# These are tables, not one of them\n")
    (tmp_path / "F" / "labels.csv").write_text("id,label\n1,2\n")
    config = Config(min_count=1, column="text")
    corpus = Corpus.from_files([tmp_path / "F", tmp_path / "F" / "AA" / "wiki_00"], config)
    assert corpus.vocabulary.counts.tolist() == [5, 2, 1, 1, 1]
    assert corpus.warnings == [f"2 files without the column 'text' were left out, the first {tmp_path}/F/README.md"]
    with pytest.raises(InputError, match="columns id, label"):
        Corpus.from_files(tmp_path / "F" / "labels.csv", config)
    # Without a column the tables of a folder are left out, as other files that are no text.
    plain = Corpus.from_files(tmp_path / "F", Config(min_count=1))
    assert "tables" in plain.vocabulary
    assert "word0" not in plain.vocabulary


FAULTS = {
    "no column": ("a.jsonl", b'{"text": "a b"}\n{"body": "c"}\n', "a.jsonl, line 2: there is no column 'text'.* body"),
    "empty object": ("a.jsonl", b'{"text": "a b"}\n{}\n', "line 2: there is no column 'text'; it is empty"),
    "null": ("a.jsonl", b'{"text": "a b"}\n\n{"text": null}\n', "a.jsonl, row 3: the column 'text' has no value"),
    "NaN": ("a.jsonl", b'{"text": "a b"}\n{"text": NaN}\n', "row 2: the column 'text' has no value"),
    "number": ("a.jsonl", b'{"text": "a b"}\n{"text": 5}\n', "row 2: the column 'text' holds 5, no text"),
    "object": ("a.jsonl", b'{"text": {"a": "b"}}\n', "row 1: the column 'text' holds"),
    "list after text": ("a.jsonl", b'{"text": "a b"}\n{"text": ["a"]}\n', "row 2: .* holds a list of words"),
    "cut line": ("a.jsonl", b'{"text": "a b"}\n{"text": "c\n', "a.jsonl, line 2: no JSON object"),
    "two objects": ("a.jsonl", b'{"text": "a b"} {"text": "c"}\n', "line 1: no JSON object .Extra data"),
    "a list": ("a.jsonl", b'{"text": "a b"}\n[1, 2]\n', "line 2: .* is no object with columns"),
    "pretty": ("a.jsonl", b'{\n "text": "a b"\n}\n', "line 1: no JSON object .*one object a line"),
    "deep": ("a.jsonl", b'{"text": ' + b"[" * 100_000 + b"\n", "line 1: no JSON object"),
    "damaged array": ("a.json", b'[{"text": "a b"},\n {"text": }]', "a.json, line 2: damaged JSON"),
    "array of texts": ("a.json", b'[{"text": "a b"}, "c"]', "object 2: 'c' is no object"),
    "no header": ("a.csv", b"1,a b\n2,c d\n", "a.csv: there is no column 'text'; it has the columns 1, a b"),
    "other columns": ("a.tsv", b"id\tbody\n1\ta b\n", "columns id, body"),
    "twice": ("a.csv", b"text,text\na,b\n", "2 columns are named 'text'"),
    "too many cells": ("a.csv", b"id,text\n1,a b\n2,c, d\n", "a.csv, line 3: 3 cells in a table of 2 columns"),
    "too few cells": ("a.csv", b'id,text\n1,"a\nb"\n2\n', "a.csv, line 4: 1 cells in a table of 2 columns"),
    "open quote": ("a.csv", b'id,text\n1,a b\n2,"c d\n3,e\n', "a.csv, line 3: a damaged cell"),
    "text after a quote": ("a.csv", b'id,text\n1,"a" b\n', "line 2: a damaged cell"),
    "utf-16": ("a.csv", csv_table().decode().encode("utf-16"), "UTF-16 text: convert it first, with iconv"),
    "plain text": ("a.txt", b"the cat sat\non the mat\n", "there is no column 'text'"),
    "damaged parquet": ("a.parquet", FILES["data.parquet"]()[:-200], "damaged table"),
    "other parquet": ("a.parquet", parquet(pa.table({"id": [1]})), "column id"),
    "parquet of numbers": ("a.parquet", parquet(pa.table({"text": [1]})), "holds 1, no text"),
    "parquet with a hole": ("a.parquet", parquet(pa.table({"text": ["a", None]})), "row 2: .* no value"),
    "zip": ("a.csv", b"PK\x03\x04" + bytes(100), "zip archive"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_said_in_one_line_with_its_place(tmp_path, name):
    file, data, message = FAULTS[name]
    path = tmp_path / file
    path.write_bytes(data)
    with pytest.raises(InputError, match=message) as caught:
        Corpus.from_files(path, Config(min_count=1, column="text"))
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 500


def test_bytes_that_are_not_utf_8_are_replaced_with_a_warning(tmp_path):
    for name, data in {
        "a.csv": b"id,text\n1,caf\xe9 ole\n",
        "a.jsonl": b'{"text": "caf\xe9 ole"}\n{"text": "\\ud800 x"}',
    }.items():
        (tmp_path / name).write_bytes(data)
        corpus = Corpus.from_files(tmp_path / name, Config(min_count=1, column="text"))
        assert "caf\ufffd" in corpus.vocabulary
        assert "not UTF-8" in corpus.warnings[0]


def test_lists_of_words_are_taken_as_they_are(tmp_path):
    tokens = [["New York", "is", "BIG."], [], ["It", "is"]] * 3
    wanted = of(Corpus.from_sentences(tokens, Config(min_count=1)))
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"tokens": row}) + "\n" for row in tokens))
    pa.parquet.write_table(pa.table({"tokens": tokens}), tmp_path / "a.parquet")
    config = Config(min_count=1, column="tokens")
    for name in ("a.jsonl", "a.parquet"):
        assert of(Corpus.from_files(tmp_path / name, config)) == wanted
    both = Corpus.from_files([tmp_path / "a.jsonl", tmp_path / "a.parquet"], config)
    assert both.tokens == 2 * sum(wanted[1])
    rows = [{"tokens": row} for row in tokens]
    assert of(read.read_text(rows, config, progress)) == wanted


def test_the_cache_knows_the_column(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("one,two\na b,c d\n")
    one = Corpus.from_files(path, Config(min_count=1, column="one"))
    two = Corpus.from_files(path, Config(min_count=1, column="two"))
    assert (one.vocabulary.words, two.vocabulary.words) == (["a", "b"], ["c", "d"])
    assert one.hash != two.hash


@pytest.mark.slow  # a table of many megabytes
def test_a_large_table_is_read_in_little_memory(tmp_path):
    path = tmp_path / "a.csv"
    with path.open("w") as file:
        file.write("id,text\n")
        for i in range(20):
            file.write((f'{i},"the cat, sat on\nthe mat {i}"\n') * 5_000)
    with path.open("rb") as file:
        tracemalloc.start()
        count = sum(1 for _ in cells(file, "a.csv", "text", b"id,text\n"))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert count == 100_000  # 3 MB
    assert peak < 2**20


def test_a_column_is_the_name_of_one():
    for column in ("", 5, ["text"]):
        with pytest.raises(sgns.errors.ConfigError, match="name of a column"):
            Config(column=column)


# --- tables in memory -------------------------------------------------------------------------------------------------


class Frame:
    """As a DataFrame of pandas or polars: iterating gives the names of the columns."""

    def __init__(self, columns):
        self.data = columns
        self.columns = list(columns)

    def __iter__(self):
        return iter(self.columns)

    def __getitem__(self, name):
        return self.data[name]


class Dataset:
    """As datasets.Dataset: rows are dicts."""

    def __init__(self, columns):
        self.data = columns
        self.column_names, self.features = list(columns), dict.fromkeys(columns)

    def __iter__(self):
        return (dict(zip(self.data, row)) for row in zip(*self.data.values()))


def frames():
    """Tables in memory by the library that they are of."""
    data = {"id": LABELS, "text": TEXTS}
    yield "mapping", lambda: data
    yield "frame", lambda: Frame(data)
    yield "dataset", lambda: Dataset(data)
    yield "rows", lambda: [dict(zip(data, row)) for row in zip(*data.values())]
    yield "stream of rows", lambda: (dict(zip(data, row)) for row in zip(*data.values()))
    yield "csv.DictReader", lambda: csv.DictReader(io.StringIO(csv_table().decode(), newline=""))
    yield "pyarrow", lambda: pa.table(data)
    for library in ("pandas", "polars"):

        def frame(library=library):
            return pytest.importorskip(library).DataFrame(data)

        yield library, frame
    yield "polars, lazy", lambda: pytest.importorskip("polars").LazyFrame(data)
    yield "datasets", lambda: pytest.importorskip("datasets").Dataset.from_dict(data)
    yield "datasets, stream", lambda: pytest.importorskip("datasets").Dataset.from_dict(data).to_iterable_dataset()


@pytest.mark.parametrize(("name", "make"), frames(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_table_in_memory(tmp_path, name, make):
    wanted = expected(tmp_path / "texts", TEXTS, "line")
    assert of(read.read_text(make(), Config(min_count=1, column="text"), progress)) == wanted
    with pytest.raises(InputError, match=r"columns id, text.*column='text'") as caught:
        sgns.train(make(), **OPTIONS)
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="no column 'body'; it has the columns id, text"):
        sgns.train(make(), column="body", **OPTIONS)
    vectors = sgns.train(make(), column="text", **OPTIONS)
    assert set(vectors.words) == set(wanted[0])
    assert vectors.metadata["config"]["column"] == "text"


def columns():
    """Columns in memory: of texts."""
    yield "pyarrow", lambda: pa.array(TEXTS)
    yield "pyarrow, chunks", lambda: pa.chunked_array([TEXTS[:3], TEXTS[3:]])
    yield "numpy", lambda: np.array(TEXTS)
    yield "numpy, objects", lambda: np.array(TEXTS, dtype=object)
    yield "pandas", lambda: pytest.importorskip("pandas").Series(TEXTS)
    yield "pandas, a column", lambda: pytest.importorskip("pandas").DataFrame({"a": TEXTS})["a"]
    yield "polars", lambda: pytest.importorskip("polars").Series(TEXTS)


@pytest.mark.parametrize("sentences", ["line", "paragraph", "none"])
@pytest.mark.parametrize(("name", "make"), columns(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_column_in_memory(tmp_path, name, make, sentences):
    wanted = expected(tmp_path / "texts", TEXTS, sentences)
    assert of(read.read_text(make(), Config(min_count=1, sentences=sentences), progress)) == wanted


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_missing_values_and_lists_in_columns(library):
    Series = pytest.importorskip(library).Series
    with pytest.raises(InputError, match="the table, row 2: the column 'text' has no value"):
        sgns.train(Series(["the cat", None, "the dog"]), **OPTIONS)
    tokens = [["the", "cat"], ["a", "dog"]] * 30
    assert sgns.train(Series(tokens), **OPTIONS).words == ["the", "cat", "a", "dog"]


def test_rows_that_change():
    rows = [{"text": "the cat"}, {"body": "a dog"}]
    with pytest.raises(InputError, match="row 2: there is no column 'text'; it has the column body"):
        sgns.train(rows, column="text", **OPTIONS)
    with pytest.raises(InputError, match="row 2 is 'a dog', not a row with columns"):
        sgns.train([rows[0], "a dog"], column="text", **OPTIONS)
    with pytest.raises(InputError, match="row 2: the column 'text' has no value"):
        sgns.train([rows[0], {"text": None}], column="text", **OPTIONS)


def test_a_column_of_what_has_none():
    with pytest.raises(InputError, match="column is 'text', but the text is a list of list, without columns"):
        sgns.train([["the", "cat"]], column="text", **OPTIONS)


def test_the_remedy_for_unsplit_texts_works():
    texts = ["The cat sat.", "A dog ran!"] * 40
    with pytest.raises(InputError, match=re.escape("sgns.train({'text': texts}, column='text')")):
        sgns.train(iter(texts), **OPTIONS)
    assert "cat" in sgns.train({"text": texts}, column="text", **OPTIONS).words
