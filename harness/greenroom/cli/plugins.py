"""Commands that plugins bring: listed without importing them, loaded when they are called."""

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from importlib.machinery import PathFinder
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any

import typer
from docstring_parser import parse
from typer.core import TyperCommand, TyperGroup

from greenroom.cli.output import JsonOption, console, report
from greenroom.errors import UnknownNameError
from greenroom.plugins import BENCHES, COMMANDS, Plugins

KEYWORD_ONLY = inspect.Parameter.KEYWORD_ONLY


class PluginGroup(TyperGroup):
    """A group of commands, some of which come by entry point.

    Attributes:
        plugins: Where they come from.
    """

    plugins: Plugins = COMMANDS

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name in self.plugins.names():
            if name not in self.commands:
                self.commands[name] = TyperCommand(name, help=summary(self.plugins, name))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command to run; a plugin's is loaded now.

        Raises:
            UnknownNameError: There is no such command.
            PluginError: It is installed but does not load.
        """
        name = args[0]
        if name not in self.commands and not name.startswith("-"):
            raise UnknownNameError(self.plugins.kind, name, self.commands)
        command = self.commands.get(name)
        if command is not None and command.callback is None and name in self.plugins.names():
            self.commands[name] = typer.main.get_command(self.wrap(name, self.plugins.load(name)))
        return super().resolve_command(ctx, args)

    def wrap(self, name: str, plugin: Any) -> typer.Typer:
        """A plugin as an app of typer: either it is one, or a function that becomes a command of one."""
        if isinstance(plugin, typer.Typer):
            return plugin
        app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        app.command(name)(plugin)
        return app


class BenchGroup(PluginGroup):
    """Benchmarks: functions that return a report; each gets `--json`."""

    plugins = BENCHES

    def wrap(self, name: str, plugin: Any) -> typer.Typer:
        """A benchmark as a command, with the benchmark's own options and `--json`."""
        return super().wrap(name, with_report(plugin))


def with_report(bench: Callable[..., Any]) -> Callable[..., None]:
    """A benchmark as a command: its arguments become options, and it prints its report or writes it as JSON."""

    def command(json: str | None = None, **options: Any) -> None:
        found = bench(**options)
        if not report(found.to_json(), json):
            found.print(console())

    options = [*_options(bench), inspect.Parameter("json", KEYWORD_ONLY, default=None, annotation=JsonOption)]
    command.__doc__ = parse(bench.__doc__ or "").short_description
    command.__signature__ = inspect.Signature(options)  # pyright: ignore[reportFunctionMemberAccess]
    command.__annotations__ = {option.name: option.annotation for option in options}
    return command


def _options(bench: Callable[..., Any]) -> Iterator[inspect.Parameter]:
    """A function's parameters, each with its line of the docstring as help."""
    helps = {argument.arg_name: argument.description for argument in parse(bench.__doc__ or "").params}
    for parameter in inspect.signature(bench, eval_str=True).parameters.values():
        option = typer.Option(help=helps.get(parameter.name))
        yield parameter.replace(kind=KEYWORD_ONLY, annotation=Annotated[parameter.annotation, option])


def summary(plugins: Plugins, name: str) -> str:
    """The first line of a plugin's docstring, read from its source: importing it could take seconds."""
    module, _, attribute = _target(plugins, name).partition(":")
    source = _source(module)
    for node in ast.walk(ast.parse(source)) if source is not None else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == attribute:
            return (ast.get_docstring(node) or "").split("\n")[0]
        if isinstance(node, ast.Assign) and (told := _group_summary(node, attribute, source or "")):
            return told
    return f"From {plugins.distribution(name)}."


def _group_summary(node: ast.Assign, attribute: str, source: str) -> str | None:
    """Of a group, `NAME = typer.Typer(help="…")`: its help, and the names of its commands."""
    if not isinstance(node.value, ast.Call) or [t.id for t in node.targets if isinstance(t, ast.Name)] != [attribute]:
        return None
    helps = [k.value.value for k in node.value.keywords if k.arg == "help" and isinstance(k.value, ast.Constant)]
    commands = re.findall(rf"@{attribute}\.command\(\s*[\"']([\w-]+)[\"']", source)
    text = str(helps[0]) if helps else "Several commands."
    return f"{text.rstrip('.')}: {', '.join(commands)}." if commands else text


def _target(plugins: Plugins, name: str) -> str:
    return entry_points(group=plugins.group)[name].value


def _source(module: str) -> str | None:
    """A module's source, found without importing the packages it lies in."""
    top, *inner = module.split(".")
    spec = PathFinder.find_spec(top)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin)
    if inner:
        path = path.parent.joinpath(*inner).with_suffix(".py")
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None
