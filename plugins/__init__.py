"""The methods that ship with obspy-broadband, one file each.

This folder imports as ``obb_plugins``. They are registered as those of other distributions are: by
one line each in the entry-point group ``obspy_broadband.method``.
"""
