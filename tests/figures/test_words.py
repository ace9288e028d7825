import numpy as np
import pytest

from sgns.errors import InputError, UnknownWord
from sgns.figures.words import choose_groups, words_to_show
from sgns.vectors.vectors import Vectors


def test_words_as_given(vectors):
    assert words_to_show(vectors, ["apple", "pear", "apple"]) == (["apple", "pear"], None)


def test_a_file_of_words(vectors, tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("apple pear\n\n  red\n", encoding="utf-8")
    assert words_to_show(vectors, [str(path)]) == (["apple", "pear", "red"], None)


def test_a_file_of_groups(vectors, tmp_path):
    path = tmp_path / "groups"
    path.write_text("\ufefffruit: apple pear\nbright colours: red green\nfruit: plum apple\n", encoding="utf-8")
    words, groups = words_to_show(vectors, [str(path)])
    assert words == ["apple", "pear", "red", "green", "plum"]
    assert groups == {"fruit": ["apple", "pear", "plum"], "bright colours": ["red", "green"]}


def test_a_word_wins_over_a_file_of_its_name(vectors, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "apple").write_text("pear plum")
    assert words_to_show(vectors, ["apple"]) == (["apple"], None)


def test_the_model_chooses(vectors, groups):
    words, chosen = words_to_show(vectors, None)
    assert words == [word for group in chosen.values() for word in group]
    assert set(groups["fruit"]) <= set(words)


@pytest.mark.parametrize(
    ("content", "message"), [("", "holds no word"), ("apple nosuch", "nosuch"), (b"\xff\xfe\xff", "not UTF-8")]
)
def test_bad_files(vectors, tmp_path, content, message):
    path = tmp_path / "words.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises((InputError, UnknownWord), match=message):
        words_to_show(vectors, [str(path)])


def test_no_such_file_and_no_such_word(vectors):
    with pytest.raises(InputError, match="No such file"):
        words_to_show(vectors, ["nosuch.txt"])
    with pytest.raises(UnknownWord, match="did you mean"):
        words_to_show(vectors, ["appel"])


def test_planted_groups_are_chosen(vectors, groups):
    chosen = choose_groups(vectors, groups=4, size=6)
    assert sorted(sorted(group) for group in chosen) == sorted(sorted(group) for group in groups.values())


def test_groups_share_no_word(vectors):
    words = [word for group in choose_groups(vectors, groups=8, size=5) for word in group]
    assert len(words) == len(set(words))


def test_a_common_direction_does_not_hide_the_groups(vectors, groups):
    lengths = np.linalg.norm(vectors.E, axis=1, keepdims=True)
    leaning = vectors.E / lengths + 3.0  # every cosine is now above 0.9
    chosen = choose_groups(Vectors(vectors.words, leaning, None, vectors.counts), groups=4, size=6)
    assert sorted(sorted(group) for group in chosen) == sorted(sorted(group) for group in groups.values())


def test_function_words_numbers_and_rare_words_stay_out():
    random = np.random.default_rng(0)
    words = [f"word{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(100)] + ["a", "42", "of", "rare"]
    words = [word.replace("word", "wo") for word in words]
    counts = np.array([100] * 103 + [3])
    chosen = choose_groups(Vectors(words, random.normal(size=(104, 8)), None, counts), groups=20)
    assert not {"a", "42", "of", "rare"} & {word for group in chosen for word in group}


def test_small_models_give_what_they_have():
    assert choose_groups(Vectors(["a"], np.ones((1, 3)))) == [["a"]]
    assert choose_groups(Vectors([], np.ones((0, 3)))) == []
    assert sorted(choose_groups(Vectors(["a", "b", "c"], np.eye(3)))[0]) == ["a", "b", "c"]
