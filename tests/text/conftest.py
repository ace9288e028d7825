import pytest

from sgns.cli import make_app, run


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """Each test has a cache of its own."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("SGNS_CACHE", str(folder))
    return folder


@pytest.fixture
def sgns_command(capsys):
    """Run the command in this process: sgns_command("train", path) -> (exit code, stdout, stderr)."""

    def call(*arguments):
        capsys.readouterr()
        code = run(make_app(), [str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return call
