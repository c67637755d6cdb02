"""Readers and writers of simulation formats, registered with ObsPy as waveform plugins."""
