"""The command line: ``obb X`` is ``cli/X.py``; this folder imports as ``obb_cli``."""
