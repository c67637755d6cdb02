"""Signal processing on plain arrays: (..., samples) in, (..., samples) out; no ObsPy objects."""
