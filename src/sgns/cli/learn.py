"""The verb that draws: graph."""

import json
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sgns.errors import ExpressionError


def graph(
    expression: str,
    /,
    *,
    at: Annotated[list[str] | None, Parameter(consume_multiple=True)] = None,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    step: int | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Draw the computation graph of a formula with every derivative on it.

    Args:
        expression: A formula, such as "x**2 * (c*x)". Signs + - * / **; functions dot, sum, exp, log, sigmoid, relu,
            tanh; parts may be named: "s = sigmoid(x); s * (1 - s)".
        at: The value of each variable: --at x=2 c=3 v=[1,2,3].
        output: The picture (.svg, .png, .pdf), or .dot or .txt.
        step: Stop after this step of the two passes.
        as_json: Print one JSON object.
    """
    from sgns.learn import tables
    from sgns.learn.draw import draw_graph
    from sgns.learn.graph import backward, evaluate

    endings = (".svg", ".png", ".pdf", ".dot", ".txt")
    if output is not None:
        from sgns.figures.output import check_output, write_lines

        check_output(output, endings)
    passes = backward(evaluate(expression, _values(at or [])))
    if step is not None and not 0 <= step <= passes.steps:
        raise ExpressionError(f"step is {step}; the graph has steps 0 to {passes.steps}")
    if output is not None:
        if output.suffix.lower() in (".dot", ".txt"):
            made = tables.as_dot(passes, step) if output.suffix.lower() == ".dot" else tables.as_text(passes, step)
            write_lines(output, [made])
        else:
            draw_graph(passes, output, step=step)
    if as_json:
        result = tables.as_json(passes, step) | {"expression": expression}
        print(json.dumps(result | ({"output": str(output)} if output else {}), ensure_ascii=False))
        return
    print(tables.as_text(passes, step))
    if output is not None:
        print(f"picture: {output}")


def _values(pairs: list[str]) -> dict[str, float | list[float]]:
    """The values of "x=2", "v=[1, 2, 3]"; a value may be given only once."""
    values: dict[str, float | list[float]] = {}
    for pair in pairs:
        name, sign, text = pair.partition("=")
        name = name.strip()
        if not sign or not name.isidentifier():
            raise ExpressionError(f"{pair!r} gives no value; write name=number or name=[number,number]")
        if name in values:
            raise ExpressionError(f"{name} is given twice; leave one out")
        text = text.strip()
        try:
            several = "," in text or "[" in text
            values[name] = [float(x) for x in text.strip("[]").split(",")] if several else float(text)
        except ValueError:
            raise ExpressionError(f"the value of {name} is {text!r}; give a number or [number,number]") from None
    return values
