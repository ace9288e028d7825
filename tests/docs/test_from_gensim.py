"""docs/from-gensim.md: its examples run, and gensim cannot be imported while they do."""

import re
import subprocess
import sys
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "from-gensim.md").read_text(encoding="utf-8")
WITHOUT_GENSIM = """
import sys
from importlib.abc import MetaPathFinder

class Never(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "gensim":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Never())
"""


def test_its_examples_run_without_gensim(tmp_path):
    for number, example in enumerate(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)):
        command = [sys.executable, "-W", "ignore", "-c", WITHOUT_GENSIM + example]
        found = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
        assert found.returncode == 0, found.stderr
        expected = [r"\[\('\w+', 0\.\d+\), \('\w+', [-.\d]+\)\]\n6", r"\['cat', 'dog'\]"][number]
        assert re.fullmatch(expected, found.stdout.strip()), found.stdout
