"""Wheel and sdist: what is in them, and that the package works from the wheel alone, in an environment of its own."""

import hashlib
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

pytest.importorskip("build", reason="build is not installed; no wheel was built")

ROOT = Path(__file__).parents[2]
COPIED = ("pyproject.toml", "README.md", "LICENSE", "src")


def run(*command, cwd, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd=cwd, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder with the sdist, the wheel that was made of it, and in `direct` one of the tree."""
    tree = tmp_path_factory.mktemp("tree")
    for name in COPIED:
        source = ROOT / name
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(source, tree / name, ignore=ignored) if source.is_dir() else shutil.copy(source, tree)
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, cwd=tree)
    run(sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", out / "direct", cwd=tree)
    return out


@pytest.fixture(scope="module")
def wheel(built):
    return next(built.glob("*.whl"))


def contents(path):
    with zipfile.ZipFile(path) as file:
        return {name: hashlib.sha256(file.read(name)).hexdigest() for name in file.namelist()}


@pytest.mark.slow  # a second build; the wheel from the sdist is looked at below
def test_sdist_and_tree_make_the_same_wheel(built, wheel):
    assert contents(wheel) == contents(next((built / "direct").glob("*.whl")))


def test_the_wheel_is_for_every_system_and_has_all_files_and_no_others(wheel):
    assert wheel.name.endswith("-py3-none-any.whl")
    package = ROOT / "src" / "sgns"
    wanted = {
        f"sgns/{file.relative_to(package).as_posix()}"
        for file in package.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts and file.suffix != ".sh"  # how vendored files are made
    }
    there = {name for name in contents(wheel) if ".dist-info/" not in name}
    assert there == wanted
    assert "sgns/py.typed" in there
    assert wheel.stat().st_size < 3e6


def test_the_sdist_has_what_building_needs(built):
    with tarfile.open(next(built.glob("*.tar.gz"))) as file:
        names = {name.partition("/")[2] for name in file.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "src/sgns/py.typed"} <= names


def test_metadata(wheel):
    with zipfile.ZipFile(wheel) as file:
        name = next(name for name in file.namelist() if name.endswith("/METADATA"))
        metadata = Parser().parsestr(file.read(name).decode())
    classifiers = metadata.get_all("Classifier")
    for minor in (11, 12, 13, 14):
        assert f"Programming Language :: Python :: 3.{minor}" in classifiers
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Keywords"]
    assert {url.partition(",")[0] for url in metadata.get_all("Project-URL")} >= {"Homepage", "Documentation", "Source"}


def test_twine_takes_both(built):
    pytest.importorskip("twine", reason="twine is not installed; the metadata were not checked by it")
    files = [*built.glob("*.whl"), *built.glob("*.tar.gz")]
    assert run(sys.executable, "-m", "twine", "check", "--strict", *files, cwd=built).count("PASSED") == 2


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """An environment with the wheel, whose dependencies are those installed here; the checkout is not on its path."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    run(
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        site,
        wheel,
        cwd=folder,
    )
    scripts = folder / ("Scripts" if sys.platform == "win32" else "bin")
    return scripts / "python", site


VERBS = (
    "import sys; from sgns.cli import make_app, run; sys.exit(max(run(make_app(), v.split()) for v in sys.argv[1:]))"
)


@pytest.mark.slow  # a process for each verb
def test_every_verb_that_needs_no_extra_works_from_another_folder(environment, tmp_path):
    python, site = environment
    where = run(python, "-c", "import sgns; print(sgns.__file__)", cwd=tmp_path).strip()
    assert Path(where).is_relative_to(site)
    text = " ".join(f"{first} {second}" for first in "abcdefgh" for second in ("x", "y", "z")) + "\n"
    (tmp_path / "corpus.txt").write_text(text * 60)
    verbs = [
        "train corpus.txt --dim 100 --epochs 1 --quiet -o v.safetensors",
        "similar v.safetensors a -n 3",
        "info v.safetensors",
        "plot v.safetensors -o words.png --quiet",
        "map v.safetensors -o map.html --quiet",
    ]
    printed = run(python, "-c", VERBS, *verbs, cwd=tmp_path)
    assert "cosine" in printed
    assert "dimension" in printed
    assert "usage" in run(python, "-m", "sgns", "--help", cwd=tmp_path).lower()
    assert (tmp_path / "words.png").read_bytes()[:4] == b"\x89PNG"
    assert b"</html>" in (tmp_path / "map.html").read_bytes()


CLIENT = """
import sgns
vectors = sgns.train("corpus.txt", dim=100)
reveal_type(vectors)
reveal_type(vectors.most_similar("paris", n=3)[0])
vectors.most_similar("paris", m=3)
"""


@pytest.mark.slow  # mypy reads NumPy's types anew; make lint reads those of the package
def test_mypy_sees_the_types_in_a_client(environment, tmp_path):
    pytest.importorskip("mypy")
    python, _ = environment
    (tmp_path / "client.py").write_text(CLIENT)
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--python-executable",
        python,
        "--cache-dir",
        tmp_path / "cache",
        "client.py",
    ]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd=tmp_path)
    assert 'client.py:4: note: Revealed type is "sgns.vectors.vectors.Vectors"' in done.stdout, done.stdout
    assert 'client.py:5: note: Revealed type is "tuple[' in done.stdout
    assert 'client.py:6: error: Unexpected keyword argument "m"' in done.stdout
