"""Blocks of networks; no method is recognisable here.

All signals are (batch, channels, samples).
"""
