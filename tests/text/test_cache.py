import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest

from sgns import Config, Corpus
from sgns.text import cache
from sgns.text.cache import Store

ALL = Config(min_count=1)


@pytest.fixture
def path(tmp_path):
    """A text that is older than `FRESH`."""
    path = tmp_path / "text.txt"
    path.write_text("one two two three three three\n" * 10)
    age(path)
    return path


def age(path):
    os.utime(path, (time.time() - 100,) * 2)


def same(a: Corpus, b: Corpus) -> bool:
    return (
        a.hash == b.hash
        and a.vocabulary.words == b.vocabulary.words
        and np.array_equal(a.vocabulary.counts, b.vocabulary.counts)
        and np.array_equal(a.ids, b.ids)
        and np.array_equal(a.sentence_ends, b.sentence_ends)
        and (a.raw_tokens, a.warnings) == (b.raw_tokens, b.warnings)
    )


def test_the_second_run_finds_the_text(path):
    first, second = Corpus.from_files(path, ALL), Corpus.from_files(path, ALL)
    assert (first.from_cache, second.from_cache) == (False, True)
    assert same(first, second)
    for corpus in (first, second):
        assert corpus.ids.dtype == np.int32
        assert corpus.sentence_ends.dtype == np.int64
        assert type(corpus.ids) is np.ndarray
        assert not corpus.ids.flags.writeable


def test_the_second_run_imports_no_numba(path):
    Corpus.from_files(path, ALL)
    code = f"import sys; from sgns import Corpus, Config; c = Corpus.from_files({str(path)!r}, Config(min_count=1))"
    code += "; print(c.from_cache, 'numba' in sys.modules, 'rich' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], timeout=200).split() == [b"True", b"False", b"False"]


def test_a_copy_is_found_by_its_content(path, tmp_path):
    first = Corpus.from_files(path, ALL)
    copy = tmp_path / "elsewhere" / "other.txt"
    copy.parent.mkdir()
    copy.write_bytes(path.read_bytes())
    second = Corpus.from_files(copy, ALL)
    assert second.from_cache
    assert same(first, second)


def test_packed_text_is_the_same_text(path, tmp_path):
    import gzip

    packed = tmp_path / "text.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert same(Corpus.from_files(path, ALL), Corpus.from_files(packed, ALL))


def test_a_changed_text_is_read_anew(path):
    first = Corpus.from_files(path, ALL)
    path.write_text(path.read_text().replace("one", "six"))  # same size
    second = Corpus.from_files(path, ALL)
    assert not second.from_cache
    assert "six" in second.vocabulary
    assert first.hash != second.hash
    path.write_text(path.read_text().replace("six", "ten"))  # at once: the mtime may be the same
    assert "ten" in Corpus.from_files(path, ALL).vocabulary


def test_text_options_make_another_entry_and_others_do_not(path):
    base = Corpus.from_files(path, ALL)
    for options in (
        {"lowercase": False},
        {"punctuation": True},
        {"sentences": "none"},
        {"min_count": 2},
        {"max_vocabulary": 2},
    ):
        other = Corpus.from_files(path, Config(**{"min_count": 1, **options}))
        assert not other.from_cache
        assert other.hash != base.hash
    again = Corpus.from_files(path, Config(min_count=1, dim=7, epochs=2, seed=5, window=2, threads=1))
    assert again.from_cache
    assert again.hash == base.hash


def test_warnings_are_kept(tmp_path):
    path = tmp_path / "broken.txt"
    path.write_bytes(b"caf\xe9 ole")
    age(path)
    assert Corpus.from_files(path, ALL).warnings == Corpus.from_files(path, ALL).warnings != []


def test_torn_entries_are_made_anew(path, own_cache):
    first = Corpus.from_files(path, ALL)
    (entry,) = (own_cache / "corpora").iterdir()
    for name in ("ids", "ends", "words", "counts", "meta.json"):
        whole = (entry / name).read_bytes()
        for torn in (b"", whole[: len(whole) // 2]):
            (entry / name).unlink()
            (entry / name).write_bytes(torn)
            again = Corpus.from_files(path, ALL)
            assert not again.from_cache, name
            assert same(first, again)
            assert Corpus.from_files(path, ALL).from_cache
    assert json.loads((entry / "meta.json").read_text())["tokens"] == 60


def test_without_a_cache(path, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SGNS_CACHE", str(tmp_path / "file"))
    first, second = Corpus.from_files(path, ALL), Corpus.from_files(path, ALL)
    assert not second.from_cache
    assert np.array_equal(first.ids, second.ids)
    assert first.hash == second.hash
    assert len(second.warnings) == 1
    assert "set SGNS_CACHE" in second.warnings[0]
    assert (tmp_path / "file").read_text() == "in the way"


def test_cache_false_leaves_no_trace(path, own_cache):
    corpus = Corpus.from_files(path, ALL, cache=False)
    assert list(own_cache.iterdir()) == []
    assert corpus.tokens == 60


def test_failures_leave_nothing_behind(tmp_path, own_cache):
    path = tmp_path / "few.txt"
    path.write_text("a b c")
    for _ in range(2):
        with pytest.raises(ValueError, match="min_count"):
            Corpus.from_files(path)
    assert list((own_cache / "corpora").iterdir()) == []


def test_old_entries_go_first(tmp_path, own_cache, monkeypatch):
    monkeypatch.setattr(cache, "LIMIT", 3000)
    for number in range(6):
        path = tmp_path / f"{number}.txt"
        path.write_text(f"a{number} b " * 100)
        Corpus.from_files(path, ALL)
        for order, entry in enumerate(
            sorted((own_cache / "corpora").iterdir(), key=lambda entry: entry.stat().st_mtime)
        ):
            os.utime(entry / "meta.json", (1000 + order + number,) * 2)
    left = list((own_cache / "corpora").iterdir())
    assert sum(file.stat().st_size for entry in left for file in entry.iterdir()) <= 3000
    assert Corpus.from_files(tmp_path / "5.txt", ALL).from_cache
    assert not Corpus.from_files(tmp_path / "0.txt", ALL).from_cache


def test_a_note_that_vanishes_while_old_ones_are_deleted(own_cache, monkeypatch):
    """Another process renames its temporary file between the listing of the folder and the look at the file."""
    monkeypatch.setattr(cache, "MOST_SEEN", 1)
    store = Store()
    for age, name in enumerate(("new", "old")):
        (store.seen / name).write_text("entry")
        os.utime(store.seen / name, (time.time() - age * 100,) * 2)
    (store.seen / "vanished").symlink_to("nowhere")  # is listed, and has no state
    store.prune(keep="")
    assert not (store.seen / "old").exists()
    assert (store.seen / "new").exists()


def test_two_processes_may_make_the_same_entry(path):
    code = f"from sgns import Corpus, Config; print(Corpus.from_files({str(path)!r}, Config(min_count=1)).tokens)"
    runs = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(4)]
    assert [run.communicate(timeout=200)[0] for run in runs] == [b"60\n"] * 4
    assert Corpus.from_files(path, ALL).from_cache


def test_an_entry_of_the_same_name_stays_if_it_is_whole(own_cache):
    store = Store()
    for content, whole in (("first", True), ("second", True), ("third", False)):
        folder = store.begin()
        (folder / "meta.json").write_text(content)
        store.finish(folder, "entry", lambda target, whole=whole: whole)
    assert (store.path("entry") / "meta.json").read_text() == "third"
    folder = store.begin()
    (folder / "meta.json").write_text("fourth")
    store.finish(folder, "entry", lambda target: True)
    assert (store.path("entry") / "meta.json").read_text() == "third"
    assert [entry.name for entry in (own_cache / "corpora").iterdir()] == ["entry"]
