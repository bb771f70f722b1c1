#!/usr/bin/env python3
"""./dev lint: every lint on the tree, then the tests that show that each lint can fail."""

import importlib
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

import common

LINTS = ["check_layers", "check_third_party", "check_no_sleep", "check_file_size", "check_format", "check_chart"]


def main():
    lints = LINTS + (["check_tidy"] if "--tidy" in sys.argv else [])
    junit = next((argument.partition("=")[2] for argument in sys.argv if argument.startswith("--junit=")), None)
    suite, failed = ElementTree.Element("testsuite", name="lint"), 0
    for name in lints:
        began = time.monotonic()
        findings = importlib.import_module(name).check(common.ROOT)
        print(f"{name:<18} {'ok' if not findings else f'{len(findings)} findings'}", flush=True)
        common.report(findings)
        case = ElementTree.SubElement(suite, "testcase", classname="lint", name=name, time=f"{time.monotonic() - began:.2f}")
        if findings:
            failed += 1
            ElementTree.SubElement(case, "failure").text = "\n".join(findings)
    own = common.ROOT / "build/reports/lint-own.xml"
    own.parent.mkdir(parents=True, exist_ok=True)
    pytest = [sys.executable, "-m", "pytest", "-q", "-c", "tests/pytest.ini", "--rootdir=tests", f"--junitxml={own}", "tests/lint"]
    code = subprocess.run(pytest, cwd=common.ROOT, check=False).returncode
    if junit:
        if own.exists():
            suite.extend(list(ElementTree.parse(own).getroot().iter("testcase")))
        ElementTree.ElementTree(suite).write(junit)
    return 1 if failed or code else 0


if __name__ == "__main__":
    sys.exit(main())
