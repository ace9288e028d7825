"""What docs/vectors.md says about subwords: its code runs, on a file that fastText wrote."""

import re
from pathlib import Path

import pytest

import sgns
from sgns.vectors.files.formats import RepairWarning

ROOT = Path(__file__).parents[2]
SECTION = re.search(r"## Subwords\n(.*?)\n## ", (ROOT / "docs" / "vectors.md").read_text(encoding="utf-8"), re.DOTALL)[
    1
]
MODEL = ROOT / "tests" / "vectors" / "data" / "fasttext_skipgram.bin"


def test_the_code_runs_and_gives_what_its_comments_say(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.fasttext.bin").write_bytes(MODEL.read_bytes())
    code = re.search(r"```python\n(.*?)```", SECTION, re.DOTALL)[1]
    names = {"sgns": sgns}
    with pytest.warns(RepairWarning, match="subwords are left out"):
        exec(compile(code, "docs/vectors.md", "exec"), names)
    v = names["v"]
    assert "riverbanks" not in v
    assert v.composable(["river", "riverbanks"]) == ["riverbanks"]
    assert (tmp_path / "copy.fasttext.bin").read_bytes() == MODEL.read_bytes()
    assert sgns.load("copy.safetensors").subwords is not None
    assert sgns.load("copy.vec").subwords is None


@pytest.mark.parametrize("call", ["take", "select", "restrict", "with_rows", "add", "merge", "drop"])
def test_calls_that_keep_subwords_are_named(call):
    assert f"`{call}`" in re.search(r"`take`.*?keep subwords", SECTION, re.DOTALL)[0]
