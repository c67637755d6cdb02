"""Run by test_processes.py: a coordinator that may be killed.

python coordinate.py RECORDS OUT WORKERS DELAY KIND [--resume]
"""

import sys

import faulty

from obspy_broadband.archive.local import LocalWorkers
from obspy_broadband.archive.run import run
from obspy_broadband.archive.run_request import RunRequest

if __name__ == "__main__":
    records, out, count, delay, kind, *resume = sys.argv[1:]
    workers = LocalWorkers(int(count))
    request = RunRequest(n=1, seed=7, to=kind, measures="csv" if kind == "ensemble" else "none")
    try:
        run(faulty.Records(records, float(delay)), out, request, workers, resume=bool(resume))
    finally:
        workers.close()
