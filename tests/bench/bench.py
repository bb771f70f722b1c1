#!/usr/bin/env python3
"""Cenote and PgBouncer side by side in one run, before one PostgreSQL, in interleaved rounds; bare relays beside them show what a loop
costs at least. Ratios are the medians of each round's ratio; CPU is utime and stime of the pooler's process."""

import argparse
import json
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from context import POOL, QUIET, REFERENCE, Context, Subject  # noqa: E402
from results import as_json, table  # noqa: E402
from scenarios import CLIENTS, ROWS  # noqa: E402
from support import pgbouncer, pooler_fixture  # noqa: E402
from support.pooler_fixture import ROOT  # noqa: E402


def parse():
    rows = "\n".join(f"  {name:<10} {text}" for name, (text, _) in ROWS.items())
    parser = argparse.ArgumentParser(
        prog="./dev bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"rows:\n{rows}\n\nexamples:\n  ./dev bench --only simple,extended --rounds 7\n  ./dev bench --engines epoll,io_uring --only simple,rows64k\n"
        "  ./dev bench --subject pgbouncer --only simple    PgBouncer against itself: the noise of this machine",
    )  # fmt: skip
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (5)")
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement (5)")
    parser.add_argument("--only", default=",".join(ROWS), metavar="ROW,…", help="rows, with commas between them (all)")
    parser.add_argument("--engines", default="", metavar="ENGINE,…", help="io_engine of Cenote, one subject each (as it comes): epoll,io_uring")
    parser.add_argument("--no-relays", dest="relays", action="store_false", help="without the bare relays")
    parser.add_argument("--subject", choices=pooler_fixture.KINDS, default="cenote", help="pgbouncer: against itself")
    parser.add_argument("--preset", default="release", help="the build of Cenote to measure (release); CENOTE_BINARY names any other")
    options = parser.parse_args()
    options.only = [name for name in options.only.split(",") if name]
    unknown = set(options.only) - set(ROWS)
    if unknown:
        parser.error(f"no such row: {', '.join(sorted(unknown))}; there are: {', '.join(ROWS)}")
    if options.rounds < 1 or options.seconds < 1:
        parser.error("at least one round of a second")
    return options


def subjects(options):
    if options.subject == REFERENCE:
        return [Subject("pgbouncer too", REFERENCE), Subject(REFERENCE, REFERENCE)]
    engines = [name for name in options.engines.split(",") if name]
    own = [Subject(f"cenote {engine}", "cenote", {"io_engine": engine}) for engine in engines] or [Subject("cenote", "cenote")]
    return [*own, Subject(REFERENCE, REFERENCE)]


def try_engines(context):
    """A build that does not know the setting says so now and not after an hour."""
    for subject in context.own:
        if subject.settings:
            try:
                context.pooler(subject).close()
            except SystemExit as error:
                raise SystemExit(f"this build of Cenote does not take {subject.settings}: {error}") from None


def save(options, began, context):
    lines = context.results.lines()
    out = ROOT / "build/bench.json"
    out.parent.mkdir(exist_ok=True)
    report = {"started": began, "rounds": options.rounds, "seconds": options.seconds, "pgbouncer": pgbouncer.version(), "settings": QUIET,
              "table": as_json(lines), "samples": context.results.samples}  # fmt: skip
    out.write_text(json.dumps(report, indent=1) + "\n", encoding="ascii")
    return lines, out


def main():
    options = parse()
    if "CENOTE_BINARY" not in os.environ:
        pooler_fixture.CENOTE = ROOT / "build" / options.preset / "dataplane/app/cenote"
    began = time.time()
    context = Context(options, subjects(options))
    failed = []
    try:
        try_engines(context)
        for number, name in enumerate(options.only, 1):
            seen = set(context.results.samples)
            print(f"[{int(time.time() - began) // 60}:{int(time.time() - began) % 60:02d}] {number}/{len(options.only)} {name}: {ROWS[name][0]}", flush=True)
            try:
                ROWS[name][1](context)
            except (Exception, SystemExit) as error:  # one row that cannot be measured leaves the others
                failed.append(f"{name}: {str(error).splitlines()[0]} …")
                print(f"row {name} failed: {error}", flush=True)
            print(table(context.results.lines(set(context.results.samples) - seen)), flush=True)
            save(options, began, context)
    finally:
        context.close()
    lines, out = save(options, began, context)
    print(f"\n{CLIENTS} clients, pool of {POOL}, one worker, PgBouncer {pgbouncer.version()}; medians of {options.rounds} interleaved rounds of "
          f"{options.seconds} s; less is better but for tps\n{table(lines)}\nAll samples: {out.relative_to(ROOT)}")  # fmt: skip
    for one in failed:
        print(f"FAILED {one}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
