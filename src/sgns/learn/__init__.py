"""Learn SGNS: computation graphs with every derivative, derivations with every step proved, and a report of it all.

    from sgns.learn import derive, draw_graph, graph, to_text

    passes = graph("x**2 * (c*x)", {"x": 2, "c": 3})
    passes.derivative("x")                  # 36.0
    draw_graph(passes, "graph.svg")
    print(to_text(derive("gradients")))

`formulas` parses and writes formulas, `graphs` evaluates and draws computation graphs, `document` holds the blocks of
text and the writers of each format, `chapters` the content, `worksheets` questions with their key, `pages` what a
browser steps through. The names below are imported when they are first used, so `import sgns.learn` imports neither
SymPy nor matplotlib.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_WHERE = {
    # graphs
    "graph": "graphs.graph",
    "variable": "graphs.graph",
    "dot": "graphs.graph",
    "sum": "graphs.graph",
    "exp": "graphs.graph",
    "log": "graphs.graph",
    "sigmoid": "graphs.graph",
    "relu": "graphs.graph",
    "tanh": "graphs.graph",
    "backward": "graphs.graph",
    "draw_graph": "graphs.draw",
    "graph_as_text": "graphs.export",
    "graph_as_dot": "graphs.export",
    "graph_as_json": "graphs.export",
    "values_from_text": "formulas.parser",
    "write_graph": "graphs.write",
    # chapters: each returns blocks
    "derive": "chapters.derivations",
    "derivations_as_json": "chapters.derivations",
    "explain": "chapters.explain",
    "explanations_as_json": "chapters.explain",
    "traps": "chapters.traps",
    "take_step": "chapters.sgd_step",
    "step_chapter": "chapters.sgd_step",
    "closed_form": "chapters.gradients",
    "compare_methods": "chapters.gradients",
    # documents
    "to_text": "document.text",
    "to_markdown": "document.markdown",
    "to_html": "document.html",
    "to_pdf": "document.typst",
    "verbatim": "document.blocks",
    "check_document": "document.write",
    "write_document": "document.write",
    "write_report": "chapters.report",
    # pages for the browser
    "small_training": "pages.training_page",
    "steps_on": "pages.training_page",
    "write_training": "pages.training_page",
    # worksheets
    "make_worksheet": "worksheets.worksheet",
    "write_worksheet": "worksheets.worksheet",
    "check_worksheet_files": "worksheets.worksheet",
    "answer_form": "worksheets.worksheet",
    "sheet_blocks": "worksheets.worksheet",
    "key_blocks": "worksheets.worksheet",
    "check_answers": "worksheets.marking",
    "check_class": "worksheets.marking",
    "check_marks_file": "worksheets.marking",
    "mark_answers": "worksheets.marking",
    "read_answers": "worksheets.marking",
    "read_seeds": "worksheets.marking",
    "write_marks": "worksheets.marking",
}
__all__ = sorted(_WHERE)

if TYPE_CHECKING:
    from sgns.learn.chapters.derivations import derivations_as_json as derivations_as_json
    from sgns.learn.chapters.derivations import derive as derive
    from sgns.learn.chapters.explain import explain as explain
    from sgns.learn.chapters.explain import explanations_as_json as explanations_as_json
    from sgns.learn.chapters.gradients import closed_form as closed_form
    from sgns.learn.chapters.gradients import compare_methods as compare_methods
    from sgns.learn.chapters.report import write_report as write_report
    from sgns.learn.chapters.sgd_step import step_chapter as step_chapter
    from sgns.learn.chapters.sgd_step import take_step as take_step
    from sgns.learn.chapters.traps import traps as traps
    from sgns.learn.document.blocks import verbatim as verbatim
    from sgns.learn.document.html import to_html as to_html
    from sgns.learn.document.markdown import to_markdown as to_markdown
    from sgns.learn.document.text import to_text as to_text
    from sgns.learn.document.typst import to_pdf as to_pdf
    from sgns.learn.document.write import check_document as check_document
    from sgns.learn.document.write import write_document as write_document
    from sgns.learn.formulas.parser import values_from_text as values_from_text
    from sgns.learn.graphs.draw import draw_graph as draw_graph
    from sgns.learn.graphs.export import graph_as_dot as graph_as_dot
    from sgns.learn.graphs.export import graph_as_json as graph_as_json
    from sgns.learn.graphs.export import graph_as_text as graph_as_text
    from sgns.learn.graphs.graph import backward as backward
    from sgns.learn.graphs.graph import dot as dot
    from sgns.learn.graphs.graph import exp as exp
    from sgns.learn.graphs.graph import graph as graph
    from sgns.learn.graphs.graph import log as log
    from sgns.learn.graphs.graph import relu as relu
    from sgns.learn.graphs.graph import sigmoid as sigmoid
    from sgns.learn.graphs.graph import sum as sum
    from sgns.learn.graphs.graph import tanh as tanh
    from sgns.learn.graphs.graph import variable as variable
    from sgns.learn.graphs.write import write_graph as write_graph
    from sgns.learn.pages.training_page import small_training as small_training
    from sgns.learn.pages.training_page import steps_on as steps_on
    from sgns.learn.pages.training_page import write_training as write_training
    from sgns.learn.worksheets.marking import check_answers as check_answers
    from sgns.learn.worksheets.marking import check_class as check_class
    from sgns.learn.worksheets.marking import check_marks_file as check_marks_file
    from sgns.learn.worksheets.marking import mark_answers as mark_answers
    from sgns.learn.worksheets.marking import read_answers as read_answers
    from sgns.learn.worksheets.marking import read_seeds as read_seeds
    from sgns.learn.worksheets.marking import write_marks as write_marks
    from sgns.learn.worksheets.worksheet import answer_form as answer_form
    from sgns.learn.worksheets.worksheet import check_worksheet_files as check_worksheet_files
    from sgns.learn.worksheets.worksheet import key_blocks as key_blocks
    from sgns.learn.worksheets.worksheet import make_worksheet as make_worksheet
    from sgns.learn.worksheets.worksheet import sheet_blocks as sheet_blocks
    from sgns.learn.worksheets.worksheet import write_worksheet as write_worksheet


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"sgns.learn.{_WHERE[name]}"), name)
    raise AttributeError(f"module 'sgns.learn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
