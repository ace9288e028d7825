"""`install`: programs that import gensim find sgns, whether gensim is installed or not."""

import subprocess
import sys
from pathlib import Path

import pytest


def run(code: str, folder: Path) -> str:
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, check=False)
    assert found.returncode == 0, found.stderr
    return found.stdout.strip()


WITHOUT = """
import sys
from importlib.abc import MetaPathFinder

class Never(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("gensim", "smart_open"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Never())
"""


def test_everything_without_gensim(tmp_path: Path) -> None:
    code = WITHOUT + (
        "import sgns.gensim as gensim\n"
        "from sgns.gensim.models import Doc2Vec, FastText, KeyedVectors, Phrases, Word2Vec\n"
        "from sgns.gensim.models.doc2vec import TaggedDocument\n"
        "s = [['a', 'b', 'c'], ['a', 'c'], ['b', 'c', 'd']] * 5\n"
        "m = Word2Vec(s, vector_size=8, min_count=1, workers=1)\n"
        "m.save('m.model'); print(len(Word2Vec.load('m.model').wv))\n"
        "m.wv.save('m.kv'); print(KeyedVectors.load('m.kv').most_similar('a', topn=1)[0][0] in 'bcd')\n"
        "print(Phrases(s, min_count=1, threshold=.1)[['a', 'b', 'c']])\n"
    )
    assert run(code, tmp_path).splitlines() == ["4", "True", "['a_b', 'c']"]
    installed = WITHOUT + (
        "import sgns.gensim; sgns.gensim.install()\n"
        "import gensim\n"
        "from gensim.models import Word2Vec\n"
        "from gensim.utils import simple_preprocess\n"
        "import gensim.models.keyedvectors\n"
        "print(gensim.__version__, Word2Vec.__module__, simple_preprocess('Two Words'))\n"
        "try:\n    import gensim.models.ldamodel\n"
        "except ModuleNotFoundError as error:\n    print(error)\n"
        "try:\n    gensim.models.LdaModel\n"
        "except AttributeError as error:\n    print(error)\n"
    )
    version, module, attribute = run(installed, tmp_path).splitlines()
    assert version == "4.4.0 sgns.gensim.models.word2vec ['two', 'words']"
    assert "sgns takes the place of gensim" in module
    assert "has no attribute 'LdaModel': sgns takes the place" in attribute


@pytest.mark.slow  # three processes; a process below and above installs in time
def test_too_late_and_twice(tmp_path: Path) -> None:
    pytest.importorskip("gensim")
    late = (
        "import gensim, sgns.gensim\ntry:\n    sgns.gensim.install()\nexcept ImportError as error:\n    print(error)\n"
    )
    assert run(late, tmp_path) == (
        "gensim was imported before; call sgns.gensim.install() first, before what imports gensim"
    )
    twice = (
        "import sgns.gensim\nsgns.gensim.install()\nsgns.gensim.install()\n"
        "import gensim.models.word2vec as a\nimport sgns.gensim.models.word2vec as b\n"
        "print(a is b, a.__name__, a.__spec__.name)\n"
        "from gensim.test.utils import common_texts\nprint(len(common_texts))"
    )
    assert run(twice, tmp_path).splitlines() == [
        "True sgns.gensim.models.word2vec sgns.gensim.models.word2vec",
        "9",
    ]
