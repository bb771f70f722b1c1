"""Waiting for what can be observed; the only place of the tests that sleeps."""

import time


def wait_until(condition, what="the condition", timeout=30.0):
    """Calls condition until it returns something true, and returns that; errors it raises count as "not yet"."""
    deadline = time.monotonic() + timeout
    last = None
    while True:
        try:
            value = condition()
            if value:
                return value
            last = value
        except Exception as error:  # what is not there yet answers with errors
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout:.0f} s for {what}; last seen: {last!r}")
        time.sleep(0.02)
