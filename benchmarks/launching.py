"""Start a command, wait for it, and leave what it took in a file: `launching.py REPORT COMMAND ARGUMENT...`.

A process begins its life with the peak memory of the one that forked it, so that a big one cannot measure a small one.
This one is small, and run as a script of its own, without the packages of the environment.
"""

import json
import os
import sys
import time


def main() -> int:
    """Run the command with the standard streams that are here, and give its exit code, or 128 and the signal."""
    report, *command = sys.argv[1:]
    started = time.perf_counter()
    number = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(number, 0)
    wall = time.perf_counter() - started
    peak = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    with open(report, "w", encoding="ascii") as file:
        json.dump({"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "peak": peak}, file)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
