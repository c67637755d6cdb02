"""Readers and writers of simulation formats, registered with ObsPy as waveform plugins.

A format is a module with ``is_format`` and ``read``, some with ``write``. They share ``table`` and
``series`` (text), ``hdf5``, ``times`` (a column of times), ``restart`` (rewritten rows), ``axes``
(directions), ``quantity``, ``options`` (readers' arguments) and ``files`` (sizes, caching).
"""
