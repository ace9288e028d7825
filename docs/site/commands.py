"""The command reference, made from `--help` of each verb."""

import re

from sgns.cli import make_app
from sgns.cli.groups import OPTIONS_BY_PURPOSE


def page() -> str:
    """The page: all verbs with their arguments, options, choices and defaults."""
    text = make_app().generate_docs(output_format="markdown")
    text = re.sub(r"\n {2,}(?=\S)(?!\* )", " ", text)  # help of several lines
    contents, first, verbs = text.partition("\n## sgns train\n")
    contents = re.sub(r"## Table of Contents.*?(?=\n\*\*)", "", contents, flags=re.DOTALL)
    contents = re.sub(r"\[(`[^`]+`)\]\(#sgns-+([a-z-]+)\)", r"[\1](#sgns-\2)", contents)
    contents = contents.replace("# sgns\n", "# Commands\n", 1)
    train, line, rest = verbs.partition("\n## ")
    verbs = grouped(train) + line + rest
    verbs = verbs.replace("## sgns --install-completion", "## sgns install-completion")
    return escaped(contents + first + verbs)


def grouped(text: str) -> str:
    """The options of train under the headings that its help has."""
    options = re.findall(r"^\* `--.*$", text, re.MULTILINE)
    left = dict.fromkeys(options)
    parts = []
    for title, names in OPTIONS_BY_PURPOSE.items():
        here = [option for option in left if name_of(option) in names]
        parts.append(f"**{title}**:\n\n" + "\n".join(here))
        left = {option: None for option in left if option not in here}
    if left:
        parts.append("**Others**:\n\n" + "\n".join(left))
    return text[: text.index("**Parameters**")] + "\n\n".join(parts) + "\n"


def name_of(option: str) -> str:
    """The name of an option as in `Config`, of its line in the page."""
    found = re.search(r"--([a-z-]+)", option)
    return found[1].replace("-", "_") if found else ""


def escaped(text: str) -> str:
    """Stars of the help's text, which would be marks of Markdown, as they are."""
    lines = []
    for line in text.split("\n"):
        head, code, tail = line.partition("`: ")
        if code and not line.startswith("#"):
            tail = re.sub(r"(?<=\w) \*\* (?=\w)", r" \\*\\* ", tail)
        lines.append(head + code + tail)
    return "\n".join(lines)
