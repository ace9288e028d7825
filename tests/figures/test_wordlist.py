import pytest

from sgns.errors import InputError, UnknownWord
from sgns.figures.wordlist import words_to_show


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
