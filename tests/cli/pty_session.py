"""Runs a program on a pseudo terminal and plays a script against it.

Standard input is one JSON object: {"command": [...], "steps": [...]}. Steps: {"expect": text} waits for output,
{"send": text} types, {"signal": number} sends a signal, {"size": [columns, rows]}
makes the terminal as large, {"raw": bool} waits until the terminal is in that
mode. Standard output is one JSON object: exit code (negative: signal), everything printed, whether the
terminal's mode is what it was before, and the step that failed, if any.
"""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

TIME_LIMIT = 30.0


class Session:
    def __init__(self, command):
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.output = b""
        self.scanned = 0
        self.deadline = time.monotonic() + TIME_LIMIT
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.master)
            os.setsid()
            os.login_tty(self.slave) if hasattr(os, "login_tty") else self.attach()
            os.execvp(command[0], command)

    def attach(self):
        fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
        for descriptor in (0, 1, 2):
            os.dup2(self.slave, descriptor)

    def pump(self, seconds):
        if select.select([self.master], [], [], seconds)[0]:
            self.output += os.read(self.master, 65536)

    def until(self, condition):
        while not condition():
            if time.monotonic() > self.deadline:
                return False
            self.pump(0.02)
        return True

    def expect(self, text):
        def found():
            position = self.output.find(text, self.scanned)
            if position >= 0:
                self.scanned = position + len(text)
            return position >= 0

        return self.until(found)

    def is_raw(self):
        return not termios.tcgetattr(self.slave)[3] & termios.ICANON

    def play(self, step):
        if "expect" in step:
            return self.expect(step["expect"].encode("latin1"))
        if "send" in step:
            os.write(self.master, step["send"].encode("latin1"))
        if "size" in step:
            columns, rows = step["size"]
            size = struct.pack("HHHH", rows, columns, 0, 0)
            fcntl.ioctl(self.master, termios.TIOCSWINSZ, size)
        if "signal" in step:
            os.kill(self.pid, step["signal"])
        if "raw" in step:
            return self.until(lambda: self.is_raw() == step["raw"])
        return True

    def finish(self):
        status = []

        def ended():
            pid, code = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                status.append(os.waitstatus_to_exitcode(code))
            return pid != 0

        if not self.until(ended):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        self.pump(0)
        return status[0] if status else None


def main():
    request = json.load(sys.stdin)
    session = Session(request["command"])
    failed = next((step for step in request["steps"] if not session.play(step)), None)
    code = session.finish()
    report = {
        "code": code,
        "output": session.output.decode("latin1"),
        "restored": termios.tcgetattr(session.slave) == session.before,
        "failed": failed,
    }
    json.dump(report, sys.stdout)


main()
