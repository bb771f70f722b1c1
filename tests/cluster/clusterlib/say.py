"""Progress in plain words, on standard error: standard output belongs to what a command answers."""

import subprocess
import sys
import time
from pathlib import Path

_started = time.monotonic()


def say(text: str) -> None:
    seconds = int(time.monotonic() - _started)
    print(f"[{seconds // 60}:{seconds % 60:02}] {text}", file=sys.stderr, flush=True)


def die(text: str) -> None:
    say(text)
    raise SystemExit(1)


def run_with_progress(label: str, command: list, log: Path, **options) -> None:
    """Runs the command with its output in the log, with a line every 15 s; on failure prints the log's end and gives up."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=output, stderr=output, **options)
        try:
            while True:
                try:
                    code = process.wait(15)
                    break
                except subprocess.TimeoutExpired:
                    say(f"  {label}, still at it: {last_line(log)[:100]}")
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if code != 0:
        lines = log.read_text(errors="replace").splitlines()[-25:]
        print("\n".join(lines), file=sys.stderr)
        die(f"{label} failed; the whole log is {log}")


def last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return lines[-1].strip() if lines else ""
