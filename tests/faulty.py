"""Work that goes wrong, for the tests of the pool; it imports little, so that its processes start at once."""

import os
import signal
import threading
import time
from pathlib import Path


def piece(number, folder):
    """3 hangs, 5 kills its process, 7 does so the first time; the rest take a moment."""
    with open(f"{folder}/{number}-{time.monotonic_ns()}", "x"):
        pass
    if number == 3:
        time.sleep(600)
    first = len([name for name in os.listdir(folder) if name.startswith(f"{number}-")]) == 1
    if number == 5 or (number == 7 and first):
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02)
    return number


def answered_once_then_stopped(piece):
    """Of the first worker, the piece is done and the process stops before it is given another."""
    first = Path(piece)
    if not first.exists():
        first.touch()
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGSTOP)).start()
    return piece
