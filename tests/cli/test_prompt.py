"""`sgns ask`: one question, a question a line from a pipe, and the prompt at a real terminal."""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sgns.cli.prompt import Completions

Command = Callable[..., tuple[int, str, str]]


def test_one_question_in_words_or_quoted(royal: Path, sgns: Command) -> None:
    apart = sgns("ask", royal, "king", "-", "man", "+", "woman")
    assert apart[1].splitlines()[1].startswith("queen")
    assert sgns("ask", royal, "king - man + woman") == apart
    assert sgns("ask", royal, "man : king = woman : ?")[1].splitlines()[1].startswith("queen")


def test_a_pipe_answers_every_line(royal: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sgns", "ask", str(royal), "-n", "1"],
        input='king - man + woman\n\nbad (\n"new york"\n', capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stdout.split("\n\n")[0].splitlines()[2].startswith("queen")
    assert '"new york"' in done.stdout
    assert done.stderr.splitlines() == ["sgns: bad (: character 5: + or - belongs before '('"]


def test_a_pipe_as_json_is_one_object(royal: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sgns", "ask", str(royal), "--json"],
        input="king\nman\n", capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert [q["question"] for q in json.loads(done.stdout)["questions"]] == ["king", "man"]


def test_completion_offers_frequent_words_first_and_quotes_blanks(royal: Path) -> None:
    words = Completions(["queen", "man", "quiz", "quay", "new york", "+"])
    assert words.offer("man + qu") == (2, ["queen", "quiz", "quay"])
    assert words.offer("(qua") == (3, ["quay"])
    assert words.offer('man + "new') == (4, ['"new york"'])
    assert words.offer("ne") == (2, ['"new york"'])
    assert words.offer("man ") == (0, [])
    assert words.offer('"new york" ') == (0, [])


pty = pytest.importorskip("pty") if sys.platform != "win32" else None


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_the_prompt_completes_remembers_and_survives_mistakes(royal: Path, tmp_path: Path) -> None:
    assert pty is not None
    environment = os.environ | {"SGNS_CACHE": str(tmp_path), "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}

    def session(*typed: tuple[bytes, bytes]) -> bytes:
        """Type keys, each time waiting for what they must bring to the screen."""
        main, sub = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "sgns", "ask", str(royal)], stdin=sub, stdout=sub, stderr=sub, env=environment
        )
        os.close(sub)
        seen = b""

        def read_until(mark: bytes, seconds: float = 200) -> None:
            nonlocal seen
            end, start = time.monotonic() + seconds, len(seen)
            while mark not in seen[start:] and select.select([main], [], [], max(0, end - time.monotonic()))[0]:
                try:
                    seen += os.read(main, 65536)
                except OSError:  # the other end is closed
                    break
            assert mark in seen[start:], seen

        ready = b"\x1b[?2004h"  # a prompt begins: bracketed paste is switched on
        read_until(ready)
        try:
            for keys, mark in typed:
                os.write(main, keys)
                read_until(mark or ready)
            os.write(main, b":quit\r")
            read_until(b"\x1b[?2004l")  # the line was taken
            assert process.wait(200) == 0
        finally:
            process.kill()
            process.wait()
            os.close(main)
        return seen

    seen = session(
        (b"nonsense\r", b"7 words"), (b":n 1\r", b""), (b":what\r", b"no command"), (b"\x03", b""),
        (b"king - man + wom", b"wom"), (b"\t", b"an"), (b"\r", b"queen"),
    )  # fmt: skip
    assert b"queen" in seen
    assert b"not among the 7 words" in seen
    assert b":what is no command" in seen
    assert "king - man + woman" in (tmp_path / "history").read_text()  # Tab completed it
    up = b"\x1b[A"
    session((up, b":quit"), (up, b"king - man + woman"), (b"\x15", b"\x1b[K"))
