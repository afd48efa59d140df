"""Runs a program in a pseudo-terminal of its own, as tests/support/pseudo_terminal.ts asks on standard input."""

import base64
import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios

wanted = json.load(sys.stdin)
master, slave = pty.openpty()
size = struct.pack("HHHH", wanted["rows"], wanted["columns"], 0, 0)
fcntl.ioctl(slave, termios.TIOCSWINSZ, size)
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
while True:
    # The slave stays open here, so that its modes can be asked for: the end is the program's, not the terminal's.
    ended = program.poll() is not None
    readable, _, _ = select.select([master], [], [], 0 if ended else 0.02)
    if readable:
        seen += os.read(master, 65536)
        while steps and (found := seen.find(steps[0]["when"].encode(), looked)) >= 0:
            step = steps.pop(0)
            looked = found + len(step["when"].encode())
            os.write(master, step.get("send", "").encode())
            if "run" in step:
                subprocess.Popen(["sh", "-c", step["run"]])
    elif ended:
        break
after = termios.tcgetattr(slave)
answer = {
    "code": program.returncode,
    "restored": before == after,
    "stepsLeft": len(steps),
    "output": base64.b64encode(seen).decode(),
}
print(json.dumps(answer))
