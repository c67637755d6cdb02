"""Sphinx configuration. The pages are Markdown and readable unbuilt, but for two things: the
commands are written from the program, and the notebook is executed."""

import os
import sys
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import commands

project = "obspy-broadband"
author = "The obspy-broadband developers"
copyright = f"{author}, GPL-3.0-or-later"
release = metadata.version("obspy-broadband")
extensions = ["myst_nb", "sphinx.ext.autodoc"]
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = project
smartquotes = False  # or --set becomes a dash
exclude_patterns = ["_build"]
autodoc_typehints = "description"
autodoc_member_order = "bysource"
# Links are checked by tests/test_documentation.py, also those to files that are no pages.
suppress_warnings = ["myst.xref_missing", "docutils"]
nb_execution_mode = "force"
nb_execution_timeout = 300
nb_execution_raise_on_error = True
os.environ.setdefault("OMP_NUM_THREADS", "1")


def write_commands(app, name, source):
    """Put the commands where their page asks for them."""
    if name == "reference/cli":
        source[0] = source[0].replace("<!-- commands -->", commands.page())


def setup(app):
    app.connect("source-read", write_commands)
