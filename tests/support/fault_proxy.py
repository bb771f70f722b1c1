"""A TCP relay to a port of this machine that delays, splits and cuts: tests/integration/dataplane/soak/fault_proxy.cpp, told what to do."""

import json
import random
import subprocess

from support import processes


class FaultProxy:
    host = "127.0.0.1"

    def __init__(self, program, port, seed=None):
        self.port = processes.free_port()
        words = [program, self.port, port, random.randrange(10_000) if seed is None else seed]
        self._child = subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        assert self._child.stdout.readline().strip() == "listening", "the fault proxy does not listen"

    def tell(self, *words):
        self._child.stdin.write(" ".join(str(word) for word in words) + "\n")
        return self._child.stdout.readline().strip()

    def faults(self, **values):
        """connect_delay, delay (ms), split, cut (one piece of so many)."""
        for name, value in values.items():
            assert self.tell(name, value) == "ok"

    def calm(self):
        self.faults(connect_delay=0, delay=0, split=0, cut=0)

    def cut_all(self):
        assert self.tell("cut_all") == "ok"

    def stats(self):
        return json.loads(self.tell("stats"))

    def close(self):
        self._child.stdin.close()
        self._child.stdout.close()
        self._child.wait(30)
