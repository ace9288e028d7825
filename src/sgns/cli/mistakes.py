"""What a wrong verb, option or value was probably meant to be: the names of other tools, misspellings, switches."""

import re
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from cyclopts import App, CoercionError, UnknownCommandError, UnknownOptionError, UnusedCliTokensError

from sgns.base.foreign_options import foreign_option
from sgns.base.suggest import nearest_options
from sgns.cli.options import UnknownOption

FOREIGN_VERBS = {
    **dict.fromkeys(("skipgram", "cbow", "word2vec", "fasttext", "fit", "learn"), "train"),
    **dict.fromkeys(("most-similar", "nn", "neighbours", "neighbors", "distance", "nearest"), "similar"),
    **dict.fromkeys(("doesnt-match", "odd-one-out"), "odd"),
    **dict.fromkeys(("analogies", "word-analogy", "compute-accuracy"), "analogy"),
    **dict.fromkeys(("embed", "print-sentence-vectors", "sentence-vectors"), "encode"),
    "predict-output-word": "predict",
    "infer-vector": "infer",
    **dict.fromkeys(("test", "accuracy", "wordsim"), "evaluate"),
}
FOREIGN_VERB_OPTIONS = {  # of the verbs on vectors; each is an option of one of them
    **dict.fromkeys(("topn", "topk", "number", "k"), "-n"),
    "negative": "--minus",
    "restrictvocab": "--restrict",
    **dict.fromkeys(("wordsim", "wordpairs", "pairs"), "--similarity"),
    **dict.fromkeys(("analogies", "questions"), "--analogy"),
}
TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def check_arguments(app: App, arguments: list[str]) -> None:
    """Finds two mistakes that would be understood as something else: a value after a switch, `-output` as `-o utput`.

    Raises:
        UnknownOption: it names the argument.
    """
    end = arguments.index("--") if "--" in arguments else len(arguments)
    for here, after in zip(arguments[:end], [*arguments[1:end], ""]):
        if re.match(r"-[on][a-z_-]", here):
            name = here.partition("=")[0]
            known = options_of(app, arguments)
            if f"-{name}" in known or foreign_name(known, name):
                raise UnknownOption(name)
        if here.startswith("--") and after.lower() in (*TRUE, *FALSE) and not Path(after).exists():
            switch = next((option for option in arguments_of(app, arguments) if here in option.names), None)
            if switch is not None and switch.hint is bool:
                raise UnknownOption(f"{here} {after}", f"{here} takes no value; {right_switch(switch, here, after)}")


def right_switch(switch: Any, name: str, value: str) -> str:
    """What to give instead of a switch with a value."""
    positive, *negative = switch.names
    if (value.lower() in TRUE) == (name == positive):
        return f"give {positive}"
    return f"give {negative[0]}" if negative else f"leave {positive} out"


def explained(error: Exception, app: App, arguments: list[str]) -> str:
    """The message of an error; for a wrong verb or option with what it was probably meant to be."""
    if isinstance(error, UnknownOption):
        return unknown_option_text(app, arguments, error.name, error.note)
    if isinstance(error, UnknownOptionError):
        return unknown_option_text(app, arguments, error.token.keyword or error.token.value)
    if isinstance(error, UnusedCliTokensError) and error.unused_tokens:
        return f"{error.unused_tokens[0]} is one argument too many; {help_line(app, arguments)}"
    if isinstance(error, UnknownCommandError) and error.unused_tokens:
        verb = error.unused_tokens[0]
        near = FOREIGN_VERBS.get(verb.lower().replace("_", "-")) or next(iter(nearest_options(verb, verbs(app))), None)
        return f"{verb} is no verb; {f'take sgns {near}' if near else 'sgns --help lists them all'}"
    if isinstance(error, CoercionError) and error.token is not None and error.token.keyword and error.target_type:
        kinds = kinds_of(error.target_type)
        if kinds:
            return f"{error.token.keyword} is {error.token.value}; give {' or '.join(kinds)}"
    return str(error)


def kinds_of(kind: Any) -> list[str]:
    """What values a type of an option has, in words; empty for one that has no words here."""
    if kind in (int, float):
        return ["a whole number" if kind is int else "a number"]
    if get_origin(kind) is Literal:
        return [str(value) for value in get_args(kind)]
    parts = [kinds_of(part) for part in get_args(kind) if part is not type(None)]
    return [word for part in parts for word in part] if all(parts) else []


def unknown_option_text(app: App, arguments: list[str], name: str, note: str = "") -> str:
    """The message for an option that does not exist."""
    if " " in name:  # a switch with a value
        return f"{name}: {note}"
    name = name.partition("=")[0]
    known = options_of(app, arguments)
    remedy = foreign_name(known, name)
    if remedy is None:
        near = nearest_options(name, known)
        remedy = f"did you mean {', '.join(near)}?" if near else help_line(app, arguments)
        if "--words" in known and not note:
            remedy += f" A word that begins with a dash is given as --words={name}"
    return f"{name} is no option{f', {note}' if note else ''}; {remedy}"


def foreign_name(options: list[str], name: str) -> str | None:
    """What an option of another tool is called in a verb with these options, or None."""
    if "--dim" in options and "--epochs" in options:
        return foreign_option(name, in_python=False)
    key = name.lower().replace("-", "").replace("_", "")
    ours = FOREIGN_VERB_OPTIONS.get(key)
    if ours in options:
        return f"here it is {ours}"
    if key == "positive":
        return "a word is given without a name: sgns similar vectors.safetensors king"
    return None


def help_line(app: App, arguments: list[str]) -> str:
    """Where the options of a verb are listed."""
    names, _, _ = app.parse_commands(arguments)
    return f"{' '.join([app.name[0], *names])} --help lists them all"


def arguments_of(app: App, arguments: list[str]) -> list[Any]:
    """The arguments and options of the verb that a command line names."""
    _, apps, _ = app.parse_commands(arguments)
    return list(apps[-1].assemble_argument_collection())


def options_of(app: App, arguments: list[str]) -> list[str]:
    """The names of all options of a verb, as `--min-count`, the negative ones of switches too."""
    return [name for option in arguments_of(app, arguments) for name in option.names if name.startswith("-")]


def verbs(app: App) -> list[str]:
    """The names of all verbs."""
    return [name for name in app if not name.startswith("-")]
