"""`--help`: verbs by purpose, options of train under headings, one screen where it can be; completion."""

import re
import subprocess
import sys

import pytest

from sgns.cli import VERBS, make_app
from sgns.cli.groups import OPTIONS_BY_PURPOSE, VERBS_BY_PURPOSE

LONG = ("train",)  # has more options than a screen has lines
SCREEN = 50


def test_every_verb_has_a_purpose_and_one_alone():
    listed = [verb for verbs in VERBS_BY_PURPOSE.values() for verb in verbs]
    assert len(listed) == len(set(listed))
    assert set(VERBS) <= set(listed), "give the verb a heading in VERBS_BY_PURPOSE of cli/groups.py"


def test_help_groups_the_verbs(sgns):
    _, out, _ = sgns("--help")
    headings = [line.strip("╭─╮ ") for line in out.splitlines() if line.startswith("╭")]
    assert headings == ["Commands", *VERBS_BY_PURPOSE]
    train = out[out.index(" Train ─") : out.index(" Ask ─")]
    assert train.split("\n")[1].startswith("│ train "), "the verb that is used first stands first"
    assert "similar" not in train


def test_help_of_train_groups_its_options(sgns):
    _, out, _ = sgns("train", "--help")
    headings = [line.strip("╭─╮ ") for line in out.splitlines() if line.startswith("╭")]
    assert headings == ["Arguments", *OPTIONS_BY_PURPOSE], "an option is under no heading of OPTIONS_BY_PURPOSE"
    machines = out[out.index(" Many machines ─") :]
    assert "--shards" in machines
    assert "--dim" not in machines
    options = [name for names in OPTIONS_BY_PURPOSE.values() for name in names]
    assert len(options) == len(set(options))


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in LONG])
def test_help_of_a_verb_is_one_screen(sgns, verb):
    _, out, _ = sgns(verb, "--help")
    assert len(out.splitlines()) <= SCREEN


@pytest.mark.parametrize("verb", VERBS)
def test_help_is_shown_whole(sgns, verb):  # it is read as Markdown, which takes <TAB> for a mark of HTML
    def plain(text):
        return re.sub(r"[\s│`]", "", text)

    _, out, _ = sgns(verb, "--help")
    shown = plain(out)
    for option in make_app().parse_commands([verb])[1][-1].assemble_argument_collection():
        for word in (option.parameter.help or "").split():
            assert plain(word) in shown, (option.name, word)


@pytest.mark.parametrize("shell", ["bash", *(pytest.param(shell, marks=pytest.mark.slow) for shell in ("zsh", "fish"))])
def test_completion_is_installed_where_it_is_asked_for(tmp_path, shell):
    target = tmp_path / "completion"
    command = [sys.executable, "-m", "sgns", "--install-completion", "--shell", shell, "--output", str(target)]
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "SHELL": f"/bin/{shell}"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    script = target.read_text()
    assert "similar" in script
    assert "--min-count" in script
