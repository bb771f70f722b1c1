#!/usr/bin/env python3
"""Third-party libraries stay behind their fences, so that each can be replaced in one place."""

import fnmatch

import common

# (what, headers, files that may include them, and why not elsewhere)
FENCES = [
    ("cpprestsdk", ("cpprest/*", "pplx/*"), ("operator/kube/cpprest_transport.*",)),
    ("libpq", ("libpq-fe.h", "postgresql/libpq-fe.h", "libpq/*"), ("operator/database/*",)),
    ("yaml-cpp", ("yaml-cpp/*",),
     ("dataplane/config/yaml_*", "operator/kube/yaml*", "operator/kube/kube_config.*", "operator/standalone/*", "tests/*")),
    ("prometheus-cpp", ("prometheus/*",), ("dataplane/metrics/*", "operator/metrics/*", "tests/*")),
    ("c-ares", ("ares.h", "ares_*.h"), ("dataplane/net/dns_query.cpp",)),
    ("liburing", ("liburing.h", "liburing/*.h"), ("dataplane/io/uring_ring.hpp", "dataplane/io/uring_ring.cpp")),
    ("CLI11", ("CLI/*",), ("dataplane/app/*", "operator/app/*")),
]  # fmt: skip
ASIO = ("boost/asio.hpp", "boost/asio/*", "boost/beast.hpp", "boost/beast/*")
ASIO_FOLDERS = ("dataplane/net/*", "dataplane/worker/*", "dataplane/http/*", "dataplane/app/*.cpp", "operator/app/*.cpp", "operator/metrics/*.cpp",
                "tests/*")  # fmt: skip
ASIO_HEADERS = ("dataplane/net/*", "dataplane/worker/*")


def matches(name, patterns):
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def judge(name, included):
    for library, headers, places in FENCES:
        if matches(included, headers) and not matches(name, places):
            return f"{library} stays in {', '.join(places)}"
    if matches(included, ASIO):
        if not matches(name, ASIO_FOLDERS):
            return "Asio stays in dataplane/net, worker, http and app"
        if name.endswith(".hpp") and not matches(name, ASIO_HEADERS) and not name.startswith("tests/"):
            return "no header outside dataplane/net and dataplane/worker names Asio"
    return None


def check(root):
    findings = []
    for path in common.sources(root, ["dataplane", "operator", "tests"]):
        name = str(path.relative_to(root))
        if name.startswith("tests/lint/samples/"):
            continue
        for number, included, _ in common.includes(path):
            why = judge(name, included)
            if why:
                findings.append(f"{name}:{number}: <{included}>: {why}")
    return findings


if __name__ == "__main__":
    common.main(check)
