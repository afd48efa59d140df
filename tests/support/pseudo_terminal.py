"""Runs a program in a pseudo-terminal of its own, as tests/support/pseudo_terminal.ts asks on standard input."""

import base64
import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time

wanted = json.load(sys.stdin)
master, slave = pty.openpty()


def resize(columns, rows):
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


resize(wanted["columns"], wanted["rows"])
before = termios.tcgetattr(slave)


def own_the_terminal():
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)


program = subprocess.Popen(
    wanted["argv"],
    stdin=slave,
    stdout=slave,
    stderr=slave,
    start_new_session=True,
    preexec_fn=own_the_terminal,
)
seen = b""
# Each step looks only at what came after what the one before it saw.
looked = 0
steps = wanted["steps"]
timed = sorted(wanted["timed"], key=lambda step: step["afterMs"])
began = time.monotonic()
# How much had been written when each step was taken.
marks = []
while True:
    # The slave stays open here, so that its modes can be asked for: the end is the program's, not the terminal's.
    ended = program.poll() is not None
    while timed and time.monotonic() - began >= timed[0]["afterMs"] / 1000:
        step = timed.pop(0)
        if "send" in step and program.poll() is None:
            os.write(master, step["send"].encode())
        if "signal" in step:
            program.send_signal(getattr(signal, step["signal"]))
    readable, _, _ = select.select([master], [], [], 0 if ended else 0.002 if timed else 0.02)
    if readable:
        seen += os.read(master, 65536)
        while steps and (found := seen.find(steps[0]["when"].encode(), looked)) >= 0:
            step = steps.pop(0)
            looked = found + len(step["when"].encode())
            marks.append(len(seen))
            os.write(master, step.get("send", "").encode())
            if "resize" in step:
                resize(*step["resize"])
            if "run" in step:
                subprocess.Popen(["sh", "-c", step["run"]])
    elif ended:
        break
after = termios.tcgetattr(slave)
answer = {
    "code": program.returncode,
    "restored": before == after,
    "stepsLeft": len(steps),
    "marks": marks,
    "output": base64.b64encode(seen).decode(),
}
print(json.dumps(answer))
