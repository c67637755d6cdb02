"""The methods that ship with obspy-broadband, one file each.

This folder imports as ``obb_plugins``.
They enter by the same door as a stranger's: one line in the entry-point group
``obspy_broadband.method``.
"""
