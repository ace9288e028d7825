"""Files are opened in every packing, from disks and pipes, and written whole or not at all."""

import bz2
import gzip
import lzma
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from sgns.base import files
from sgns.errors import ConfigError, FormatError, InputError, OutputError

PACK = {
    "": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}
TEXT = b"".join(b"line %d\n" % i for i in range(20_000))  # more than `HEAD`, also when packed

# --- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize("pipe", [False, True])
def test_the_content_is_that_of_the_plain_file(tmp_path, kind, pipe):
    path, packed = tmp_path / "f", PACK[kind](TEXT)
    if pipe:
        os.mkfifo(path)
        threading.Thread(target=path.write_bytes, args=(packed,), daemon=True).start()
    else:
        path.write_bytes(packed)
    with files.opened(path) as file:
        assert file.kind == kind
        assert file.size == (None if pipe else len(packed))
        assert file.plain_size == (len(TEXT) if not pipe and not kind else None)
        assert file.head == TEXT[: files.HEAD]
        parts = [file.read(5), file.read(files.HEAD), file.read(10), *file.blocks()]
        assert file.read(1) == b""
    assert [len(part) for part in parts[:3]] == [5, files.HEAD, 10]
    assert b"".join(parts) == TEXT


@pytest.mark.parametrize("kind", [kind for kind in PACK if kind])
def test_two_packed_parts_one_after_the_other_are_one_file(tmp_path, kind):
    (tmp_path / "f").write_bytes(PACK[kind](b"a\n") + PACK[kind](b"b\n"))
    with files.opened(tmp_path / "f") as file:
        assert file.read(100) == b"a\nb\n"


@pytest.mark.parametrize("kind", [kind for kind in PACK if kind])
@pytest.mark.parametrize("tail", [1, 30])
def test_a_torn_packed_file_is_named(tmp_path, kind, tail):
    (tmp_path / "f").write_bytes(PACK[kind](os.urandom(100_000))[:-tail])
    with pytest.raises(FormatError, match=f"f: the {kind} file is torn"), files.opened(tmp_path / "f") as file:
        list(file.blocks())


@pytest.mark.parametrize(
    "content", [b"", b"\x1f", b"\x1f\x8b", b"BZh91AY", b"\xfd7zXZ", b"\x28\xb5\x2f", b"BZh9 is a text\n"]
)
def test_what_only_begins_like_a_packed_file_is_plain(tmp_path, content):
    (tmp_path / "f").write_bytes(content)
    with files.opened(tmp_path / "f") as file:
        assert file.kind == ""
        assert file.read(100) == content


@given(st.lists(st.binary(max_size=9).filter(lambda line: b"\n" not in line), max_size=9), st.integers(1, 30))
def test_lines_are_those_of_split(lines, block):
    joined = files.Joined(b"\n".join(lines), open(os.devnull, "rb"))  # noqa: SIM115
    with pytest.MonkeyPatch.context() as patch, joined.rest:
        patch.setattr(files, "READ_BLOCK", block)
        file = files.PackedFile.__new__(files.PackedFile)
        file.kind, file.size, file.progress, file._unread, file._file = "", None, None, b"", joined
        found = list(file.lines(10))
    assert b"".join(found) == b"\n".join(lines)
    assert [line.removesuffix(b"\n") for line in found] == (lines[:-1] if lines and not lines[-1] else lines)


def test_a_line_without_end_costs_no_memory(tmp_path):
    (tmp_path / "f").write_bytes(gzip.compress(bytes(3 * files.READ_BLOCK)))
    with files.opened(tmp_path / "f") as file:
        assert len(next(file.lines(100))) <= files.READ_BLOCK + files.HEAD


def test_progress_counts_the_bytes_on_the_disk(tmp_path):
    packed = gzip.compress(os.urandom(300_000))
    (tmp_path / "f").write_bytes(packed)
    calls = []
    with files.opened(tmp_path / "f", lambda *call: calls.append(call)) as file:
        while file.read(100_000):
            pass
    assert calls[-1] == ("load", len(packed), len(packed), "bytes")
    assert [done for _, done, _, _ in calls] == sorted(done for _, done, _, _ in calls)


def test_what_cannot_be_opened_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="no such file; check the path"), files.opened(tmp_path / "f"):
        pass
    with pytest.raises(InputError, match="is a folder; name a file in it"), files.opened(tmp_path):
        pass
    (tmp_path / "f").write_bytes(b"text")
    with pytest.raises(OutputError, match=r"^out$"), files.opened(tmp_path / "f"):
        raise OutputError("out")  # an OSError of what the reader does with the content


# --- writing ----------------------------------------------------------------------------------------------------------


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_two_files_are_replaced_together(tmp_path):
    a, b = tmp_path / "a", tmp_path / "b.gz"
    with files.replacing(a, str(b)) as (first, second):
        first.write(b"one")
        second.write(b"two")
        assert not a.exists()
        assert not b.exists()
    assert a.read_bytes() == b"one"
    assert gzip.decompress(b.read_bytes()) == b"two"
    assert names(tmp_path) == ["a", "b.gz"]


@pytest.mark.parametrize("error", [ConfigError("stop"), KeyboardInterrupt(), ValueError("stop")])
def test_an_exception_leaves_the_old_files(tmp_path, error):
    a, b = tmp_path / "a", tmp_path / "b"
    a.write_bytes(b"old")

    def write():
        with files.replacing(a, b) as (first, second):
            first.write(b"new")
            second.write(b"new")
            raise error

    with pytest.raises(type(error)):
        write()
    assert a.read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


def test_a_full_disk_is_an_output_error_and_leaves_the_old_file(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with pytest.raises(OutputError, match="a cannot be written: No space left on device"), files.replacing(path):
        raise OSError(28, "No space left on device")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


def test_a_killed_writer_leaves_the_old_file(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    code = "import os, sys; from sgns.base.files import replacing\nwith replacing(sys.argv[1]) as (file,):\n"
    code += "    file.write(b'new' * 100_000); file.flush(); os._exit(9)"
    assert subprocess.run([sys.executable, "-c", code, str(path)], timeout=250).returncode == 9
    assert path.read_bytes() == b"old"


def test_equal_content_gives_equal_packed_bytes(tmp_path):
    for name in ("a.gz", "b.gz"):
        with files.replacing(tmp_path / name) as (file,):
            file.write(TEXT)
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


def test_a_link_stays_and_its_file_is_replaced(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    files.write_bytes(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_a_device_is_written_to():
    files.write_text(Path("/dev/null"), ["nothing ", "stays"])
    assert not Path("/dev/null").is_file()


def test_a_long_name_leaves_room_for_the_temporary_one(tmp_path):
    files.write_text(tmp_path / ("x" * 255), ["text"])
    assert (tmp_path / ("x" * 255)).read_text() == "text"


@pytest.mark.parametrize("check", [files.check_writable, lambda path: files.write_bytes(path, b"")])
def test_a_path_that_cannot_be_written_to_is_an_output_error(tmp_path, check):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="is a folder; name a file in it"):
        check(tmp_path)
    with pytest.raises(OutputError, match="mkdir -p"):
        check(tmp_path / "none" / "a")
    with pytest.raises(OutputError, match="file is a file, not a folder"):
        check(tmp_path / "file" / "a")
    with pytest.raises(OutputError, match="cannot be written"):
        check(Path("/proc/a"))  # there, not even root makes a file
    assert names(tmp_path) == ["file"]


def test_a_check_leaves_nothing_behind(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    files.check_writable(tmp_path / "a")
    files.check_writable(tmp_path / "b")
    files.check_writable("/dev/null")
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_an_output_has_one_of_the_endings(tmp_path):
    assert files.check_output(str(tmp_path / "a.SVG"), (".png", ".svg")) == tmp_path / "a.SVG"
    with pytest.raises(OutputError, match=r"cannot write \.doc; use \.png, \.svg"):
        files.check_output(tmp_path / "a.doc", (".png", ".svg"))
    with pytest.raises(OutputError, match="a file without an ending"):
        files.check_output(tmp_path / "a", (".png",))
    with pytest.raises(OutputError, match="mkdir -p"):
        files.check_output(tmp_path / "none" / "a.png", (".png",))


# --- output and input -------------------------------------------------------------------------------------------------


def test_an_output_is_no_input_by_whatever_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("a")
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "dangling").symlink_to("nowhere")
    os.link("a", "hard")
    (tmp_path / "folder").mkdir()
    for output in ("a", "./a", "folder/../a", "link", "hard", tmp_path / "a"):
        for read in ("a", "link", "hard", tmp_path / "folder" / ".." / "a"):
            with pytest.raises(OutputError, match="would be replaced; write to another file"):
                files.check_not_input(output, ["b", None, read])
    for output in ("b", "new", "dangling", "folder", "/dev/null", None):
        files.check_not_input(output, ["a", "link", None, "missing", "folder", "/dev/null", "dangling", "x\0"])
