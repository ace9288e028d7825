"""The command under torchrun: ranks that are processes, on loopback."""

import pytest
from threaded import launch_on_ranks, report_of

import sgns

OPTIONS = ["--threads", "1", "--epochs", "2", "--min-count", "2", "--dim", "20", "--json"]


def test_two_ranks_end_to_end_and_a_run_repeats(torchrun, environment, text, tmp_path, monkeypatch):
    """One file, one report, one bar; the same bits as of ranks that are threads.

    The threads read the text and compile, the processes find the text and the kernels in the cache.
    """
    pytest.importorskip("torch")
    monkeypatch.setenv("SGNS_CACHE", environment["SGNS_CACHE"])
    options = {"threads": 1, "epochs": 2, "min_count": 2, "dim": 20, "validation": 0.05}
    threads = launch_on_ranks(2, text, sgns.Config(**options), tmp_path / "none.safetensors")
    file = tmp_path / "v.safetensors"
    code, out, err = torchrun(2, "train", text, "-o", file, *OPTIONS, "--validation", "0.05")
    assert code == 0, err
    report = report_of(out)
    assert len(out.strip().splitlines()) == 1
    whole = sgns.Corpus.from_files(text, sgns.Config(min_count=2), cache=False)
    assert report["words"] == 2 * whole.tokens
    assert (report["ranks"], report["vocabulary"]) == (2, len(whole.vocabulary))
    assert report["losses"][1] < report["losses"][0]
    assert len(report["validation_losses"]) == 2
    assert [traffic["flushes"] for traffic in report["traffic"]] == [2, 2]
    assert err.count("took") <= 3
    processes = sgns.load(file)
    for rank in threads:
        assert rank.vectors.words == processes.words
        assert rank.vectors.E.tobytes() == processes.E.tobytes()
        assert rank.vectors.C.tobytes() == processes.C.tobytes()
        assert rank.report["losses"] == report["losses"]
    near = [word for word, _ in processes.most_similar("w100", n=5)]
    assert sum(word in {f"w{n}" for n in range(101, 110)} for word in near) >= 4


def tagged(text, folder):
    """The lines of a text as documents with two tags: one of their own, and one that documents on all ranks have."""
    lines = text.read_text().splitlines()
    path = folder / "tagged.txt"
    path.write_text("".join(f"d{k},first{line.split()[0]}\t{line}\n" for k, line in enumerate(lines)))
    return path, {f"d{k}" for k in range(len(lines))} | {f"first{line.split()[0]}" for line in lines}


def near(vectors, word, letters):
    """How many of the five nearest of `word`, of those that begin with `letters`, have a number of its topic."""
    found = [other for other, _ in vectors.most_similar(word, n=40) if other.startswith(letters)][:5]
    return sum(other in {f"{letters}{n}" for n in range(101, 110)} for other in found)


def test_documents_on_two_ranks(text, tmp_path, monkeypatch):
    """The documents of all ranks; shared tags have the meaning that both ranks gave."""
    pytest.importorskip("torch")
    monkeypatch.setenv("SGNS_CACHE", str(tmp_path / "cache"))
    path, tags = tagged(text, tmp_path)
    options = {"model": "dbow", "tags": True, "threads": 1, "epochs": 10, "min_count": 2, "dim": 20}
    for trained in launch_on_ranks(2, path, sgns.Config(**options), tmp_path / "v.safetensors"):
        assert trained.report["ranks"] == 2
        documents = trained.vectors.documents
        assert documents.words[0] == "d0"
        assert set(documents.words) == tags
        assert near(documents, "firstw100", "firstw") >= 4


@pytest.mark.slow  # ranks that are threads: above, and in test_run.py
@pytest.mark.parametrize("options", [["--ngrams", "3-4", "--buckets", "1000"], ["--model", "dbow", "--tags"]])
def test_ngrams_and_documents_of_two_processes(torchrun, text, tmp_path, options):
    """One file with n-grams or with the documents of all ranks."""
    path, output = text, tmp_path / "v.safetensors"
    if "--tags" in options:
        path, tags = tagged(text, tmp_path)
    more = ["--threads", "1", "--epochs", "10", "--min-count", "2", "--dim", "20", "--json"]
    code, out, err = torchrun(2, "train", path, "-o", output, *more, *options)
    assert code == 0, err
    assert report_of(out)["ranks"] == 2
    v = sgns.load(output)
    if "--tags" in options:
        assert set(v.documents.words) == tags
        assert near(v.documents, "firstw100", "firstw") >= 4
    else:
        assert v.subwords.options.buckets == 1_000
        assert near(v, "w100", "w") >= 4


@pytest.mark.slow  # ranks that are threads share files in test_common_vocabulary.py
def test_four_ranks_share_files_and_differ_in_threads(ranks, text, tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    lines = text.read_text().splitlines(keepends=True)
    for k in range(3):
        (folder / f"{k}.txt").write_text("".join(lines[k::3]))
    output = tmp_path / "v.npz"
    own = {1: ["--threads", "2"], 2: ["--threads", "1"]}
    codes, outputs = ranks(
        4, "train", folder, "-o", output, "--epochs", 1, "--min-count", 2, "--dim", 20, "--json",
        "--communication-dtype", "bfloat16", own=own,
    ).wait()  # fmt: skip
    assert codes == [0] * 4, outputs
    assert [out for out, _ in outputs[1:]] == [""] * 3
    assert report_of(outputs[0][0])["ranks"] == 4


@pytest.mark.slow
def test_each_machine_may_have_files_of_its_own(ranks, text, tmp_path):
    lines = text.read_text().splitlines(keepends=True)
    own = {}
    for rank in range(2):
        folder = tmp_path / f"disk{rank}"
        folder.mkdir()
        (folder / "text.txt").write_text("".join(lines[rank * 2_000 : (rank + 1) * 2_000]))
        own[rank] = [str(folder)]
    output = tmp_path / "v.safetensors"
    codes, outputs = ranks(
        2, "train", "-o", output, *OPTIONS, "--shards", "local", own=own, LOCAL_WORLD_SIZE=1, LOCAL_RANK=0
    ).wait()
    assert codes == [0, 0], outputs
    both = tmp_path / "both.txt"
    both.write_text("".join(lines[:4_000]))
    corpus = sgns.Corpus.from_files(both, sgns.Config(min_count=2), cache=False)
    assert sgns.load(output).words == corpus.vocabulary.words


@pytest.mark.slow  # ranks that are threads: test_checks.py
@pytest.mark.parametrize("differs", ["option", "text"])
def test_a_rank_that_differs_is_refused_by_name(ranks, text, tmp_path, differs):
    other = tmp_path / "text.txt"
    other.write_text("another text\n" * 100)
    own = {
        "option": {0: [text, "--dim", "20"], 1: [text, "--dim", "30"]},
        "text": {0: [text, "--dim", "20"], 1: [other, "--dim", "20"]},
    }[differs]
    wanted = {"option": "--dim is 30 on rank 1 and 20 on rank 0", "text": "text.txt of 1,300 bytes on rank 1"}[differs]
    codes, outputs = ranks(2, "train", "-o", tmp_path / "v.safetensors", own=own).wait()
    assert codes == [2, 2], outputs
    lines = [err.strip() for _, err in outputs if "sgns:" in err]
    assert len(lines) == 1
    assert wanted in lines[0].splitlines()[-1]
    assert not (tmp_path / "v.safetensors").exists()
