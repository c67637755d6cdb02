"""Streams to records in m/s²: units, orientations, scenarios, the corner, windows and back."""
