"""Fill the reference pages from the code when the manual is built, so that they cannot drift.

``<!-- commands -->`` becomes one section a command with the texts of its ``--help``;
``<!-- formats -->`` becomes a table of the pick formats with what they hold;
``<!-- api: MODULE NAME... -->`` becomes the signatures and first lines of public functions.
"""

import importlib
import inspect
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import typer

from nunatak.cli.main import app
from nunatak.picks.formats import FORMATS

COMMANDS = "<!-- commands -->"
FORMATS_TABLE = "<!-- formats -->"
API = re.compile(r"<!-- api: (?P<module>[\w.]+) (?P<names>[\w ]+) -->")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the markers of a page (called by mkdocs)."""
    if COMMANDS in markdown:
        markdown = markdown.replace(COMMANDS, commands_reference())
    if FORMATS_TABLE in markdown:
        markdown = markdown.replace(FORMATS_TABLE, formats_reference())
    return API.sub(lambda mark: api_reference(mark["module"], mark["names"].split()), markdown)


def commands_reference() -> str:
    """Describe every command, grouped as in ``nunatak --help``."""
    root = typer.Context(typer.main.get_command(app), info_name="nunatak")
    panels = defaultdict(list)
    for command in root.command.commands.values():
        panels[command.rich_help_panel].append(command)
    lines = ["## Options of every command", "", *_options(root)]
    for panel, commands in panels.items():
        lines += [f"## {panel}", ""]
        for command in commands:
            lines += _command(typer.Context(command, info_name=command.name, parent=root))
    return "\n".join(lines)


def _command(context: typer.Context) -> Iterator[str]:
    command = context.command
    yield from (f"### {context.command_path}", "", inspect.cleandoc(command.help or ""), "")
    example = re.sub(r"\[/?bold\]|Example:", "", command.epilog or "").replace("\\[", "[").strip()
    if example:
        yield from ("```console", f"$ {example}", "```", "")
    children = getattr(command, "commands", {})
    if not children:
        usage = " ".join(command.collect_usage_pieces(context))
        yield from ("```text", f"{context.command_path} {usage}", "```", "")
        yield from _options(context)
    for child in children.values():
        yield from _command(typer.Context(child, info_name=child.name, parent=context))


def _options(context: typer.Context) -> Iterator[str]:
    panels = defaultdict(list)
    for parameter in context.command.get_params(context):
        argument = parameter.param_type_name == "argument"
        panel = getattr(parameter, "rich_help_panel", None)
        record = parameter.get_help_record(context)
        if record is not None and parameter.name != "help":
            panels[panel or ("Arguments" if argument else "Options")].append(record)
    for panel, records in panels.items():
        yield from (f"| {panel} | |", "|---|---|")
        for names, text in records:
            yield f"| `{_cell(names)}` | {_cell(text)} |"
        yield ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def formats_reference() -> str:
    """Tabulate the registered pick formats and their capabilities."""
    lines = [
        "| name | format | endings | picks | images a file | holds | must be told |",
        "|---|---|---|---|---|---|---|",
    ]
    for entry in FORMATS.values():
        can = entry.capabilities
        holds = {
            "scores": can.score,
            "classes": can.class_name,
            "pixel size": can.pixel_size,
            "orientations": can.angles,
            "any other column": can.preserves_columns,
            "whole pixels only": can.integer,
        }
        needs = {
            "sizes of the images": can.needs_shape,
            "box size, on writing": can.needs_box,
            "binning": not can.unit_known,
        }
        cells = (
            f"`{entry.name}`",
            entry.title,
            ", ".join(f"`{suffix}`" for suffix in entry.suffixes),
            " and ".join(f"{ndim}D" for ndim in can.dimensions),
            "many" if can.multi_image else "one",
            ", ".join(word for word, true in holds.items() if true) or "positions",
            ", ".join(word for word, true in needs.items() if true) or "–",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def api_reference(module_name: str, names: list[str]) -> str:
    """Show signatures and summaries of public functions and classes."""
    module = importlib.import_module(module_name)
    lines = []
    for name in names:
        thing = getattr(module, name)
        signature = inspect.signature(thing)
        parameters = ", ".join(
            f"{parameter.name}=…"
            if parameter.default is not inspect.Parameter.empty
            else str(parameter).partition(":")[0]
            for parameter in signature.parameters.values()
        )
        summary = (inspect.getdoc(thing) or "").partition("\n\n")[0]
        lines += [f"`{module_name}.{name}({parameters})`", f":   {' '.join(summary.split())}", ""]
    return "\n".join(lines)
