"""Tables in Markdown pages, between two marks: `<!-- NAME: begin … -->` and `<!-- NAME: end -->`."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README, BENCHMARKS = ROOT / "README.md", ROOT / "benchmarks" / "README.md"


def fill(page: Path, name: str, table: str) -> None:
    """Put `table` between the marks `name` of `page`; a page without them stays as it is."""
    text = page.read_text(encoding="utf-8")
    head, begin, rest = text.partition(f"<!-- {name}: begin")
    mark, _, rest = rest.partition("-->\n")
    _, end, tail = rest.partition(f"<!-- {name}: end -->")
    if begin and end:
        page.write_text(f"{head}{begin}{mark}-->\n{table}\n{end}{tail}", encoding="utf-8")
