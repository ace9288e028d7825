import csv
import io
import json
import re

import numpy as np
import pytest

from sgns.errors import ConfigError, OutputError
from sgns.figures.export import export_projector, export_vectors
from sgns.vectors.vectors import Vectors


def test_numbers_come_back_bit_by_bit(vectors, tmp_path):
    path, beside = export_projector(vectors, tmp_path / "vectors.tsv")
    back = np.loadtxt(path, dtype=np.float32, delimiter="\t")
    assert back.tobytes() == np.ascontiguousarray(vectors.E).tobytes()
    lines = beside.read_text(encoding="utf-8").splitlines()
    assert beside.name == "vectors_metadata.tsv"
    assert lines[0] == "word\tcount"  # several columns need a header
    assert [line.split("\t")[0] for line in lines[1:]] == vectors.words
    assert [int(line.split("\t")[1]) for line in lines[1:]] == vectors.counts.tolist()


def test_a_single_column_has_no_header(tmp_path):
    _, beside = export_projector(Vectors(["a", "b"], np.eye(2)), tmp_path / "v.tsv")
    assert beside.read_text() == "a\nb\n"


def test_progress_counts_to_the_end(vectors, tmp_path):
    seen = []
    export_projector(vectors, tmp_path / "v.tsv", lambda *numbers: seen.append(numbers))
    assert seen[-1] == ("save", len(vectors), len(vectors), "words")


def test_tensorboard_folder(vectors, tmp_path):
    made = export_vectors(vectors, tmp_path / "log dir", words=30)
    config = (tmp_path / "log dir" / "projector_config.pbtxt").read_text()
    assert 'tensor_path: "vectors.tsv"' in config
    assert 'metadata_path: "vectors_metadata.tsv"' in config
    assert len((tmp_path / "log dir" / "vectors.tsv").read_text().splitlines()) == 30
    assert made.command == f"uvx tensorboard --logdir '{tmp_path}/log dir'"


# Of EmbeddingInfo in TensorBoard's tensorboard/plugins/projector/projector_config.proto: the fields that are strings.
PROJECTOR_STRINGS = {"tensor_name", "metadata_path", "bookmarks_path", "tensor_path"}


def test_the_config_is_one_that_the_projector_knows(vectors, tmp_path):
    export_vectors(vectors, tmp_path / "log", words=30)
    config = (tmp_path / "log" / "projector_config.pbtxt").read_text(encoding="utf-8")
    block = re.fullmatch(r"embeddings \{\n((?:  \w+: \"[^\"\\\n]*\"\n)+)\}\n", config)
    assert block is not None
    fields = dict(re.findall(r'(\w+): "(.*)"', block[1]))
    assert set(fields) <= PROJECTOR_STRINGS
    rows = (tmp_path / "log" / fields["tensor_path"]).read_text(encoding="utf-8").splitlines()
    words = (tmp_path / "log" / fields["metadata_path"]).read_text(encoding="utf-8").splitlines()
    assert {len(row.split("\t")) for row in rows} == {vectors.dim}
    assert words[0] == "word\tcount"
    assert len(words) - 1 == len(rows) == 30


def check_neighbours(vectors, rows):
    assert [row["word"] for row in rows] == vectors.words
    for row in rows[:40]:
        expected = vectors.most_similar(row["word"], n=10)
        near = row["neighbors"]
        assert [vectors.words[i] for i in near["ids"]] == [word for word, _ in expected]
        np.testing.assert_allclose(1 - np.array(near["distances"]), [max(c, 0) for _, c in expected], atol=2e-6)


def test_atlas_csv(vectors, tmp_path):
    made = export_vectors(vectors, tmp_path / "words.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "words.csv").read_text(encoding="utf-8"))))
    assert list(rows[0]) == ["id", "word", "count", "x", "y", "neighbors"]
    check_neighbours(vectors, [row | {"neighbors": json.loads(row["neighbors"])} for row in rows])
    assert made.command.startswith("uvx embedding-atlas ")
    assert "--neighbors" not in made.command


def test_atlas_parquet(vectors, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    made = export_vectors(vectors, tmp_path / "words.parquet")
    table = parquet.read_table(tmp_path / "words.parquet")
    assert {field.name: str(field.type) for field in table.schema} == {
        "id": "int64",
        "word": "string",
        "count": "int64",
        "x": "double",
        "y": "double",
        "neighbors": "struct<ids: list<element: int64>, distances: list<element: double>>",
    }
    assert table["word"].to_pylist() == vectors.words
    check_neighbours(vectors, table.to_pylist())
    assert made.command.endswith("--neighbors neighbors")


def test_places_that_cannot_be_written(vectors, tmp_path):
    (tmp_path / "file").write_text("precious")
    with pytest.raises(OutputError):
        export_vectors(vectors, tmp_path / "file")
    with pytest.raises(ConfigError, match="words is 0"):
        export_vectors(vectors, tmp_path / "x", words=0)
    assert (tmp_path / "file").read_text() == "precious"
