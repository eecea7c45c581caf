"""Run one command, then write its duration and its peak memory: used by ``processes.py``.

Usage: ``python launcher.py REPORT CORES COMMAND...``; CORES 0 means all of them.

This process stays small on purpose. Linux counts the memory of the process that starts a
command into the command's peak, so that a benchmark with torch loaded must not start it itself.
"""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path


def main() -> int:
    """Run the command of the command line and return its exit code."""
    report, cores, *command = sys.argv[1:]
    if int(cores) and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(cores)])
    start = time.perf_counter()
    code = subprocess.call(command)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    # In bytes on macOS, in kilobytes elsewhere.
    peak_bytes = peak if sys.platform == "darwin" else peak * 1024
    text = json.dumps({"seconds": seconds, "peak_bytes": peak_bytes})
    Path(report).write_text(text, encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main())
