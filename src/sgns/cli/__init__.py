"""The command `sgns`: its verbs, and how errors and Ctrl-C end it.

The function of a verb is imported when the verb is used, so that `sgns --help` imports nothing heavy.
"""

import sys
from collections.abc import Sequence
from typing import Any, NoReturn, get_args

import cyclopts
from cyclopts import App, CycloptsError, Parameter, Token

from sgns.cli.groups import OPTIONS_BY_PURPOSE, GroupedFormatter, group_of, place_of
from sgns.cli.mistakes import check_arguments, explained
from sgns.cli.output import print_error
from sgns.cli.streams import argument_text, discard, flush, prepare_streams
from sgns.cli.system_errors import system_error_text
from sgns.errors import SgnsError
from sgns.version import __version__

# verb: (module and name of its function, its line in --help)
VERBS = {
    "train": ("sgns.cli.training:train", "Train word vectors on text."),
    "phrases": ("sgns.cli.text:phrases", "Find phrases, words that often stand together, with their scores."),
    "vocabulary": ("sgns.cli.text:vocabulary", "List the words of a text with their counts."),
    "compile": ("sgns.cli.kernels:compile", "Compile the kernels ahead of the first run, for an image of a container."),
    "similar": ("sgns.cli.vectors:similar", "Nearest neighbours of a word."),
    "analogy": ("sgns.cli.vectors:analogy", "Answer a : b = c : ?"),
    "odd": ("sgns.cli.vectors:odd", "The odd one out."),
    "ask": ("sgns.cli.vectors:ask", "A prompt that takes paris - france + italy."),
    "predict": ("sgns.cli.texts:predict", "The likeliest word between context words."),
    "encode": ("sgns.cli.texts:encode", "Vectors of texts, one a line, as an array or a table."),
    "infer": ("sgns.cli.texts:infer", "Vectors of new documents, by a model with documents."),
    "info": ("sgns.cli.vectors:info", "What a vector file holds and how it was made."),
    "convert": ("sgns.cli.vectors:convert", "Write vectors in another format."),
    "merge": ("sgns.cli.vectors:merge", "Write the words of several vector files to one."),
    "evaluate": ("sgns.cli.evaluation:evaluate", "Similarity, analogy and category sets, with coverage and intervals."),
    "compare": ("sgns.cli.evaluation:compare", "Two models or more on the same sets: do they differ, and where?"),
    "plot": ("sgns.cli.figures:plot", "Draw words on a plane, their similarities, a loss curve, or movement."),
    "map": ("sgns.cli.figures:map", "A map of all words in one HTML file."),
    "export": (
        "sgns.cli.figures:export",
        "Files for viewers, spaCy, sentence-transformers, model2vec, PyTorch, a hub.",
    ),
    "graph": ("sgns.cli.learn:graph", "Draw the computation graph of a formula."),
    "derive": ("sgns.cli.learn:derive", "Derive the formulas of SGNS, every step checked."),
    "step": ("sgns.cli.learn:step", "One step of SGD on a real pair, in numbers."),
    "explain": ("sgns.cli.learn:explain", "The readable implementation's lines beside the formulas."),
    "report": ("sgns.cli.learn:report", "Derivations, code, graph, run and plot in one PDF."),
    "worksheet": ("sgns.cli.worksheets:worksheet", "A worksheet with numbers drawn from a seed, and its key."),
    "check": ("sgns.cli.worksheets:check", "Mark the answers to a worksheet, of one student or of a class."),
}


def exact(kind: Any, tokens: Sequence[Token]) -> Any:
    """Converts an argument as cyclopts does, but refuses 2.5 as a whole number and reads words as UTF-8.

    cyclopts rounds 2.5 to 2, and Python reads arguments as ASCII where the locale says so.
    """
    whole = kind is int or (int in get_args(kind) and str not in get_args(kind))
    if whole and isinstance(tokens, Sequence) and (broken := [token.value for token in tokens if "." in token.value]):
        raise ValueError(f"{broken[0]} is no whole number")
    value = cyclopts.convert(kind, tokens)
    if isinstance(value, str):
        return argument_text(value)
    if isinstance(value, list | tuple):
        return type(value)(argument_text(item) if isinstance(item, str) else item for item in value)
    return value


EXACT = Parameter(converter=exact)  # the default of every parameter


def make_app() -> App:
    """The cyclopts application with all verbs, none of which is imported yet."""
    app = App(
        name="sgns",
        version=__version__,
        help="Word vectors: skip-gram with negative sampling, fast, exact and readable.",
        result_action="return_value",
        default_parameter=EXACT,
        help_formatter=GroupedFormatter(OPTIONS_BY_PURPOSE),
    )
    for verb, (where, line) in VERBS.items():
        app.command(where, name=verb, help=line, group=group_of(verb), sort_key=place_of(verb))
    app.register_install_completion_command(help="Install completion for this shell (bash, zsh, fish).")
    return app


def run(app: App, arguments: list[str] | None = None) -> int:
    """Runs `app` on `arguments` (default: the command line).

    Returns:
        The exit code: 0 or what the verb returns, 2 for an error that the user can mend (one line on stderr), 130 after
        Ctrl-C, 141 for a closed pipe.
    """
    app.suppress_keyboard_interrupt = False  # cyclopts would end the process without a message
    prepare_streams()
    typed = sys.argv[1:] if arguments is None else arguments
    try:
        check_arguments(app, typed)
        code = app(typed, exit_on_error=False, print_error=False)
        flush()
    except (SgnsError, CycloptsError) as error:
        return failed(explained(error, app, typed))
    except KeyboardInterrupt:
        print_error("stopped")
        return 130
    except BrokenPipeError:  # as in `sgns similar … | head`: not an error
        discard(sys.stdout)
        return 141
    except SystemExit:  # how rich, which prints the help, ends for a closed pipe
        return 141
    except (OSError, MemoryError, RuntimeError) as error:
        text = system_error_text(error)
        if text is None:  # a mistake of ours
            raise
        discard(sys.stdout)
        return failed(text)
    return code if isinstance(code, int) else 0


def failed(message: str) -> int:
    """Prints an error, and returns the exit code."""
    print_error(message)
    return SgnsError.exit_code


def main() -> NoReturn:
    """Runs the command line and exits; the entry point of the console command."""
    sys.exit(run(make_app()))
