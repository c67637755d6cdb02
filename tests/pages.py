"""Runs the code of a page of the documentation: its blocks in order, in one folder."""

import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```(python|bash|output)\n(.*?)^```$", re.M | re.S)


def blocks(page):
    """Language and text of the blocks of a page that are run or compared, in order."""
    return BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))


def run_page(page, folder):
    """Run a page's ``python`` and ``bash`` blocks in a folder that is the working directory.

    Python blocks share their names. What a block prints must be the ``output`` block behind it, if
    there is one, but for blanks at the ends of lines.

    :return: the names that the Python blocks left.
    """
    names = {"__name__": "page"}
    printed = ""
    for number, (language, text) in enumerate(blocks(page)):
        where = f"{page}, block {number + 1}:\n{text}"
        if language == "python":
            with contextlib.redirect_stdout(io.StringIO()) as stdout:
                exec(compile(text, page, "exec"), names)
            printed = stdout.getvalue()
        elif language == "bash":
            printed = run_shell(text, folder, where)
        else:
            assert lines(printed) == lines(text), where
    return names


def run_shell(script, folder, where):
    """Standard output of a script, in which ``python`` and ``obb`` are those of this environment."""
    binaries = Path(sys.executable).parent
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{where}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def lines(text):
    return [line.rstrip() for line in text.strip().splitlines()]
