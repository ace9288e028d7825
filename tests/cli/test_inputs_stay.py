"""No verb replaces a file that it reads: links and other spellings of a path are the same file."""

import os
from pathlib import Path

import pytest

import sgns as package


@pytest.fixture
def aliases(royal):
    """The vector file by three names."""
    link, hard = royal.with_name("link.safetensors"), royal.with_name("hard.safetensors")
    link.symlink_to(royal)
    os.link(royal, hard)
    return royal, link, hard


def unchanged(sgns, files, *arguments):
    before = [Path(file).read_bytes() for file in files]
    code, out, err = sgns(*arguments)
    assert code == 2, (out, err)
    assert "is read" in err
    assert "would be replaced; write to another file" in err
    assert err.count("\n") == 1
    assert [Path(file).read_bytes() for file in files] == before


def test_convert(sgns, aliases):
    royal, link, hard = aliases
    for source, target in ((royal, royal), (link, royal), (royal, hard), (hard, link)):
        unchanged(sgns, aliases, "convert", source, target, "--restrict", 2)
    assert sgns("convert", royal, royal.with_name("new.bin"))[0] == 0


def test_convert_keeps_the_words_beside_a_projector_file(sgns, royal):
    tsv, words = royal.with_name("p.tsv"), royal.with_name("p_metadata.tsv")
    assert sgns("convert", royal, tsv)[0] == 0
    unchanged(sgns, [tsv, words], "convert", tsv, words)
    plain = royal.with_name("q_metadata.tsv")
    package.load(royal).save(plain, "glove")
    unchanged(sgns, [plain], "convert", plain, royal.with_name("q.tsv"), "--read-as", "glove")


@pytest.mark.parametrize("ending", [".png", ".svg", ".pdf"])
def test_plot_and_analysis(sgns, royal, ending):
    vectors = royal.with_name(f"v{ending}")  # formats are sniffed: the name may be any
    vectors.write_bytes(royal.read_bytes())
    unchanged(sgns, [vectors], "plot", vectors, "-o", vectors)
    unchanged(sgns, [vectors], "plot", royal, vectors, "-o", vectors)
    words = royal.with_name(f"words{ending}")
    words.write_text("king queen man\n")
    unchanged(sgns, [words], "plot", royal, "--words", words, "-o", words)


def test_map_and_export(sgns, royal):
    page, groups = royal.with_name("v.html"), royal.with_name("groups.html")
    page.write_bytes(royal.read_bytes())
    groups.write_text("fruit: apple pear\n")
    unchanged(sgns, [page], "map", page, "-o", page)
    unchanged(sgns, [page], "map", royal, page, "-o", page)
    unchanged(sgns, [groups], "map", royal, "--colour", groups, "-o", groups)
    table = royal.with_name("v.csv")
    table.write_bytes(royal.read_bytes())
    unchanged(sgns, [table], "export", table, "-o", table)
    folder = royal.with_name("log")
    folder.mkdir()
    inside = folder / "vectors.tsv"
    inside.write_bytes(royal.read_bytes())
    unchanged(sgns, [inside], "export", inside, "-o", folder)


@pytest.mark.parametrize("ending", [".md", ".html", ".pdf"])
def test_documents(sgns, royal, ending):
    vectors, pairs = royal.with_name(f"v{ending}"), royal.with_name(f"pairs{ending}")
    vectors.write_bytes(royal.read_bytes())
    pairs.write_text("king queen 7\n")
    unchanged(sgns, [vectors], "report", vectors, "-o", vectors)
    unchanged(sgns, [pairs], "report", royal, "--similarity", pairs, "-o", pairs)
    unchanged(sgns, [pairs], "report", royal, "--analogy", pairs, "-o", pairs)
    unchanged(sgns, [vectors], "derive", "parameters", "--model", vectors, "-o", vectors)


def test_the_script_for_analysis(royal, tmp_path):
    from sgns.cli.figures import analyse
    from sgns.errors import OutputError

    tsv = tmp_path / "v.tsv"
    tsv.write_bytes(royal.read_bytes())
    for arguments in ({"save_vectors": tsv}, {"save_plot": tsv}):
        with pytest.raises(OutputError, match="would be replaced"):
            analyse(tsv, quiet=True, **arguments)
    metadata = tmp_path / "w_metadata.tsv"
    metadata.write_bytes(royal.read_bytes())
    with pytest.raises(OutputError, match="would be replaced"):
        analyse(metadata, quiet=True, save_vectors=tmp_path / "w.tsv")
    assert metadata.read_bytes() == royal.read_bytes()
