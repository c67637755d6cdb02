"""The reference of the commands, written from the click commands themselves."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click


def page() -> str:
    """All commands of ``obb`` as Markdown, with a heading and a table of options each."""
    from obb_cli.main import obb

    return "\n".join(line for name, command in walk(obb) for line in section(name, command))


def walk(group: click.Group, prefix: str = "obb") -> Iterator[tuple[str, click.Command]]:
    """Every command below a group that does something, by its whole name."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from walk(command, f"{prefix} {name}")
        elif not command.hidden:
            yield f"{prefix} {name}", command


def section(name: str, command: click.Command) -> Iterator[str]:
    """Heading, usage, help and options of one command."""
    context = click.Context(command, info_name=name)
    usage = " ".join(command.collect_usage_pieces(context))
    yield from (f"## {name}", "", "```text", f"{name} {usage}", "```", "")
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        lines = paragraph.strip("\n").splitlines()
        if lines and lines[0].strip() == "\b":  # click's sign for lines that stay as they are
            yield from ("```text", *lines[1:], "```", "")
        else:
            yield from (_escaped(" ".join(lines)), "")
    records = [p.get_help_record(context) for p in command.params if isinstance(p, click.Option)]
    rows = [record for record in records if record is not None]  # hidden options have none
    if rows:
        yield from ("| option | |", "|---|---|")
        yield from (f"| {_code(option)} | {_escaped(text)} |" for option, text in rows)
    yield ""


def _code(option: str) -> str:
    return "`` " + option.replace("|", "\\|") + " ``"


def _escaped(text: str) -> str:
    """Text in which nothing is Markdown but what stands between backticks."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(
        part
        if part.startswith("`") and len(part) > 1
        else re.sub(r"([\\*_<>\[\]|$`#])", r"\\\1", part)
        for part in parts
    )
