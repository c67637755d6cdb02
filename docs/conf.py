"""Sphinx configuration; the pages are Markdown and readable unbuilt."""

from importlib import metadata

project = "obspy-broadband"
author = "The obspy-broadband developers"
release = metadata.version("obspy-broadband")
extensions = ["myst_parser", "sphinx.ext.autodoc"]
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
html_theme = "furo"
exclude_patterns = ["_build"]
autodoc_typehints = "description"
autodoc_member_order = "bysource"
suppress_warnings = ["myst.xref_missing", "docutils"]
