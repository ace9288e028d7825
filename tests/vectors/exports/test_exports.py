"""Exports, each judged by the foreign program where it is installed; what was not run is said by name."""

import json
import os
import struct
import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgns.errors import ConfigError, OutputError, TextWarning
from sgns.vectors import Vectors, export
from sgns.vectors.exports.hub import model_card
from sgns.vectors.exports.made import folder_to_write

WORDS = [
    "the",
    "don't",
    "u.s.a",
    "3.14",
    "well-known",
    "new_york",
    "naïve",
    "straße",
    "a",
    "i",
    "x",
    "北京",
    "résumé",
    "▁x",
]
TEXTS = [
    "The straße, in NEW_YORK (don’t!) costs 3.14.",
    "",
    "nothing known HERE xa ax a-x",
    "U.S.A. and u.s.a… well-known; well--known a/i x.x",
    "Naïve re\u0301sume\u0301\u00a0北京。the\ufeff the",
    "unknownword xx ai ▁the ▁x",
]


def judge(name):
    """Skips with the name of a program that is not installed, so that the list of skips is the list of gaps."""
    return pytest.mark.skipif(find_spec(name) is None, reason=f"{name} is not installed, its export was not judged")


@pytest.fixture
def vectors():
    rng = np.random.default_rng(3)
    E = rng.normal(size=(len(WORDS), 7)).astype(np.float32)
    counts = np.arange(1000, 1000 - 60 * len(WORDS), -60)
    return Vectors(WORDS, E, counts=counts, metadata={"config": {"lowercase": True, "punctuation": False, "dim": 7}})


@judge("spacy")
def test_spacy_finds_equal_rows(vectors, tmp_path):
    import spacy

    made = export(vectors, tmp_path / "pipeline", "spacy", language="en")
    nlp = spacy.load(tmp_path / "pipeline")
    assert nlp.vocab.vectors.shape == vectors.E.shape
    for word in WORDS:
        np.testing.assert_array_equal(nlp.vocab[word].vector, vectors[word])
    assert not nlp.vocab["unheard"].has_vector
    np.testing.assert_array_equal(nlp("the x")[1].vector, vectors["x"])
    assert "spacy.load" in made.command


@judge("sentence_transformers")
@pytest.mark.parametrize("weights", ["sif", "mean"])
@pytest.mark.parametrize("rules", [{}, {"punctuation": True}, {"lowercase": False}])
def test_sentence_transformers_encodes_the_same(vectors, tmp_path, weights, rules, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    from sentence_transformers import SentenceTransformer

    vectors.metadata["config"].update(rules)
    export(vectors, tmp_path / "model", "sentence-transformers", weights=weights)
    model = SentenceTransformer(str(tmp_path / "model"), device="cpu")
    texts = [text.lower() for text in TEXTS] if rules.get("lowercase") is False else TEXTS
    ours = vectors.encode(texts, weights=weights, on_warning=lambda _: None)
    np.testing.assert_allclose(model.encode(texts), ours, rtol=1e-4, atol=1e-5)


@judge("model2vec")
def test_model2vec_encodes_the_same(vectors, tmp_path):
    from model2vec import StaticModel

    export(vectors, tmp_path / "model", "model2vec")
    model = StaticModel.from_pretrained(tmp_path / "model")
    texts = [*TEXTS, "the " * 700 + "x"]  # no text is cut
    np.testing.assert_allclose(
        model.encode(texts), vectors.encode(texts, on_warning=lambda _: None), rtol=1e-4, atol=1e-5
    )


@judge("tokenizers")
@given(st.text(st.sampled_from(" .,'-_’/:aBé3٣\u00a0\u200dßx😀中\u0301\ufeff+$"), max_size=14))
def test_the_tokenizer_cuts_as_training_does(text):
    from tokenizers import Tokenizer

    from sgns.vectors.exports.tokenizer import BEGIN, tokenizer_as_json
    from sgns.vectors.tokens import ASCII_BLANKS, normalise

    rules = json.dumps(tokenizer_as_json(["a"], lowercase=True, punctuation=False))
    tokenizer = Tokenizer.from_str(rules)
    normal = tokenizer.normalizer.normalize_str(text)
    cut = [piece[len(BEGIN) :] for piece, _ in tokenizer.pre_tokenizer.pre_tokenize_str(normal)]
    assert cut == [word for raw in ASCII_BLANKS.split(text) for word in normalise(raw)]


@judge("torch")
def test_torch_takes_the_rows(vectors, tmp_path):
    import torch

    export(vectors, tmp_path / "rows.pt", "torch")
    saved = torch.load(tmp_path / "rows.pt", weights_only=True)
    layer = torch.nn.Embedding.from_pretrained(saved["weight"])
    assert saved["words"] == WORDS
    row = layer(torch.tensor(saved["words"].index("北京"))).numpy()
    np.testing.assert_array_equal(row, vectors["北京"])


FINALFUSION = os.environ.get("FINALFUSION_PYTHON") or (sys.executable if find_spec("finalfusion") else None)


@pytest.mark.skipif(FINALFUSION is None, reason="finalfusion is not installed, its export was not judged")
def test_finalfusion_finds_equal_rows(vectors, tmp_path):
    export(vectors, tmp_path / "v.fifu", "finalfusion")
    np.savez(tmp_path / "v.npz", words=np.array(WORDS), E=vectors.E)
    command = [FINALFUSION, Path(__file__).with_name("judges.py"), "finalfusion", tmp_path / "v.fifu"]
    done = subprocess.run([*command, tmp_path / "v.npz"], capture_output=True, text=True)
    assert done.stdout == "judged\n", done.stderr


def test_finalfusion_is_written_as_its_specification_says(vectors, tmp_path):
    export(vectors, tmp_path / "v.fifu", "finalfusion")
    data = (tmp_path / "v.fifu").read_bytes()
    assert data[:4] == b"FiFu"
    version, n, *kinds = struct.unpack_from("<5I", data, 4)
    assert (version, n, kinds) == (0, 3, [1, 2, 6])
    at, arrays = 24, []
    for kind in kinds:
        found, length = struct.unpack_from("<IQ", data, at)
        assert found == kind
        if kind != 1:
            size = len(WORDS) * (7 if kind == 2 else 1)
            first = at + 12 + length - 4 * size
            assert first % 4 == 0
            arrays.append(np.frombuffer(data, "<f4", size, first))
        at += 12 + length
    assert at == len(data)
    rows, norms = arrays[0].reshape(-1, 7), arrays[1]
    np.testing.assert_allclose(rows * norms[:, None], vectors.E, rtol=1e-5, atol=1e-6)


@judge("safetensors")
def test_a_folder_for_the_hub_opens_here_and_there(vectors, tmp_path):
    from safetensors import safe_open

    import sgns

    export(vectors, tmp_path / "hub", "huggingface", license="cc-by-4.0", language="en")
    with safe_open(tmp_path / "hub" / "model.safetensors", "numpy") as file:
        np.testing.assert_array_equal(file.get_tensor("E"), vectors.E)
    assert sgns.load(tmp_path / "hub" / "model.safetensors").words == WORDS
    assert json.loads((tmp_path / "hub" / "config.json").read_text())["options"]["dim"] == 7


@judge("huggingface_hub")
def test_the_model_card_is_read_by_the_hub(vectors):
    from huggingface_hub import ModelCard

    card = ModelCard(model_card(vectors, "mit", "en"))
    assert (card.data.license, card.data.library_name, card.data.language) == ("mit", "sgns", "en")


def test_the_model_card_has_options_and_figures(vectors):
    vectors.metadata |= {"losses": [2.5, 2.25], "pairs": 12345}
    card = model_card(vectors)
    assert 'license: "unknown"' in card
    assert "| dim | 7 |" in card
    assert "| loss of each epoch | 2.5, 2.25 |" in card
    vectors.metadata["config"]["drop_words"] = "a|b\nc"
    assert r"| drop_words | a\|b c |" in model_card(vectors)


def test_phrases_that_no_tokenizer_joins_are_said(vectors, tmp_path):
    vectors.metadata["config"]["phrases"] = 2
    with pytest.warns(TextWarning, match="phrases are left out"):
        export(vectors, tmp_path / "model", "model2vec")


def test_an_option_for_another_program_is_refused(vectors, tmp_path):
    with pytest.raises(ConfigError, match="license is for huggingface, not for torch"):
        export(vectors, tmp_path / "x.pt", "torch", license="mit")
    with pytest.raises(ConfigError, match="choose one of spacy"):
        export(vectors, tmp_path / "x", "nosuch")
    without = Vectors(WORDS, vectors.E)
    with pytest.raises(ConfigError, match="needs the counts"):
        export(without, tmp_path / "x", "model2vec", weights="sif")
    assert not (tmp_path / "x").exists()


def test_a_folder_is_written_whole_or_not_at_all(tmp_path):
    folder = tmp_path / "folder"
    with suppress(RuntimeError), folder_to_write(folder) as new:
        (new / "a").write_text("half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    folder.mkdir()
    (folder / "own").write_text("mine")
    with folder_to_write(folder) as new:
        (new / "sub").mkdir()
        (new / "sub" / "a").write_text("whole")
    assert sorted(path.name for path in folder.rglob("*")) == ["a", "own", "sub"]
    with pytest.raises(OutputError, match="is a file"), folder_to_write(folder / "own"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
