"""The command `sgns`: which verbs there are, and how an error or Ctrl-C ends them.

A verb is imported when it is used.
"""

import sys
from collections.abc import Sequence
from typing import Any, NoReturn, get_args

import cyclopts
from cyclopts import App, CycloptsError, Parameter, Token

from sgns import __version__
from sgns.errors import SgnsError

# verb: (where its function is, its line in --help). The line stands here so that --help imports nothing.
VERBS = {
    "train": ("sgns.cli.train:train", "Train word vectors on text."),
    "similar": ("sgns.cli.vectors:similar", "Nearest neighbours of a word."),
    "analogy": ("sgns.cli.vectors:analogy", "Answer a : b = c : ?"),
    "odd": ("sgns.cli.vectors:odd", "The odd one out."),
    "ask": ("sgns.cli.vectors:ask", "A prompt that takes paris - france + italy."),
    "info": ("sgns.cli.vectors:info", "What a vector file holds and how it was made."),
    "convert": ("sgns.cli.vectors:convert", "Write vectors in another format."),
    "evaluate": ("sgns.cli.evaluation:evaluate", "Similarity, analogy and category sets, with coverage and intervals."),
    "compare": ("sgns.cli.evaluation:compare", "Two models or more on the same sets: do they differ, and where?"),
    "plot": ("sgns.cli.figures:plot", "Draw words on a plane, their similarities, a loss curve, or movement."),
    "map": ("sgns.cli.figures:map", "A map of all words in one HTML file."),
    "export": ("sgns.cli.figures:export", "Files for TensorBoard's projector or Embedding Atlas."),
    "graph": ("sgns.cli.learn:graph", "Draw the computation graph of a formula."),
    "derive": ("sgns.cli.learn:derive", "Derive the formulas of SGNS, every step checked."),
    "step": ("sgns.cli.learn:step", "One step of SGD on a real pair, in numbers."),
    "explain": ("sgns.cli.learn:explain", "The readable implementation's lines beside the formulas."),
    "report": ("sgns.cli.learn:report", "Derivations, code, graph, run and plot in one PDF."),
}


def exact(kind: Any, tokens: Sequence[Token]) -> Any:
    """What cyclopts makes of an argument; but where a whole number is asked for it would round 2.5 to 2."""
    whole = kind is int or int in get_args(kind)
    if whole and isinstance(tokens, Sequence) and (broken := [token.value for token in tokens if "." in token.value]):
        raise ValueError(f"{broken[0]} is no whole number")
    return cyclopts.convert(kind, tokens)


EXACT = Parameter(converter=exact)  # for every command's App


def make_app() -> App:
    """The cyclopts application with all verbs, none of them imported yet."""
    app = App(
        name="sgns",
        version=__version__,
        help="Word vectors: skip-gram with negative sampling, fast, exact and readable.",
        result_action="return_value",
        default_parameter=EXACT,
    )
    for verb, (where, line) in VERBS.items():
        app.command(where, name=verb, help=line)
    return app


def run(app: App, arguments: list[str] | None = None) -> int:
    """Run `app` on `arguments` (default: the command line) and return the exit code.

    Returns:
        0 when it went well (or what the verb returns), 2 for anything the user can mend (one line on stderr), 130 after
        Ctrl-C, 141 for a closed pipe.
    """
    app.suppress_keyboard_interrupt = False  # or cyclopts would end the process without a word
    try:
        code = app(arguments, exit_on_error=False, print_error=False)
    except (SgnsError, CycloptsError) as error:
        print(f"sgns: {one_line(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("sgns: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `sgns similar … | head` is no mistake
        sys.stdout = None
        return 141
    return code if isinstance(code, int) else 0


def one_line(error: Exception) -> str:
    """The message of `error` without line breaks."""
    return " ".join(str(error).split())


def main() -> NoReturn:
    """Entry point of the console command."""
    sys.exit(run(make_app()))
