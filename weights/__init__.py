"""Weights that ship with obspy-broadband; this folder imports as ``obb_weights``."""
