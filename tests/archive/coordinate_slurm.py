"""Run by test_cluster.py, in a process of its own as users have it: workers that SLURM starts.

python coordinate_slurm.py RECORDS OUT
"""

import sys

import faulty

from obspy_broadband.archive.cluster import start_slurm
from obspy_broadband.archive.run import run
from obspy_broadband.archive.run_request import RunRequest

if __name__ == "__main__":
    records, out = sys.argv[1:]
    workers = start_slurm(jobs=1, memory=1.0)
    try:
        run(faulty.Records(records, 0.0), out, RunRequest(n=1, seed=7, measures="none"), workers)
    finally:
        workers.close()
