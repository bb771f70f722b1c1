"""Runs each case of op_kube_apiserver_test, the operator's Kubernetes client and machinery, against a real kube-apiserver.

A case asks for what only the outside can do by printing a line "@command", and gets "ok" on its standard input when it is done.
"""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROGRAM = ROOT / "build" / os.environ.get("CENOTE_PRESET", "dev") / "tests/integration/operator/op_kube_apiserver_test"
SECONDS = 120


def cases():
    if not PROGRAM.exists():
        return ["the program is not built"]
    listed = subprocess.run([PROGRAM, "--gtest_list_tests"], check=True, capture_output=True, text=True).stdout.splitlines()
    found, suite = [], ""
    for line in listed:
        if line.startswith("  "):
            found.append(suite + line.strip())
        elif line.endswith("."):
            suite = line.strip()
    return found


class Commands:
    """What a case may ask for."""

    def __init__(self, server):
        self.server = server

    def restart(self):
        self.server.restart()

    def outage(self):
        """While the clients are cut off, ConfigMap "old" of namespace outage goes, "new" comes, and etcd forgets how."""

        def change(request):
            request("DELETE", "/api/v1/namespaces/outage/configmaps/old")
            new = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "new", "labels": {"test": "outage"}}}
            request("POST", "/api/v1/namespaces/outage/configmaps", new)

        self.server.behind_the_back(change)

    def accept_token(self, token):
        """Only this token (and the harness's own) is accepted from now on."""
        self.server.tokens = {name: who for name, who in self.server.tokens.items() if not name.startswith("rotating-")}
        self.server.tokens[token] = ("rotating", "system:masters")
        self.server.restart()


@pytest.mark.parametrize("case", cases())
def test_against_a_real_api_server(apiserver, case):
    assert PROGRAM.exists(), f"{PROGRAM} is missing: build the dev preset"
    environment = {**os.environ, **apiserver.environment()}
    child = subprocess.Popen([PROGRAM, f"--gtest_filter={case}", "--gtest_brief=1"], env=environment, text=True, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip
    commands, said = Commands(apiserver), []
    try:
        for line in child.stdout:
            if line.startswith("@"):
                name, *arguments = line[1:].split()
                getattr(commands, name.replace("-", "_"))(*arguments)
                child.stdin.write("ok\n")
                child.stdin.flush()
            else:
                said.append(line)
        code = child.wait(SECONDS)
    finally:
        child.kill()
        child.wait()
    assert code == 0, "".join(said[-60:])
