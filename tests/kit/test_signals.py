"""A signal becomes a question; a second Ctrl-C does not wait for the answer."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from glassloop.kit.signals import StopSignal


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_one_only_asks(number, capfd):
    before = signal.getsignal(number)
    with StopSignal() as stop:
        assert not stop.requested
        assert stop.exit_code == 0
        os.kill(os.getpid(), number)
        assert stop.requested
        assert stop.exit_code == 128 + number
    assert signal.getsignal(number) is before


def raise_all(*numbers):
    for number in numbers:
        signal.raise_signal(number)


def test_a_second_ctrl_c_stops_at_once():
    with pytest.raises(KeyboardInterrupt), StopSignal():
        raise_all(signal.SIGINT, signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_after_a_notice_stops_at_once():
    with pytest.raises(KeyboardInterrupt), StopSignal():
        raise_all(signal.SIGTERM, signal.SIGINT)


def test_a_second_notice_is_patient():
    """A scheduler repeats SIGTERM before it kills: the step is still finished."""
    with StopSignal() as stop:
        raise_all(signal.SIGTERM, signal.SIGTERM)
        assert stop.exit_code == 143


def test_outside_the_main_thread_it_does_nothing():
    seen = []

    def work():
        with StopSignal() as stop:
            seen.append((stop.requested, stop.exit_code))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(False, 0)]


def test_what_it_says():
    script = (
        "import signal; from glassloop.kit.signals import StopSignal\n"
        "with StopSignal():\n  signal.raise_signal(signal.SIGINT)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert ended.returncode == 0
    assert ended.stderr.strip() == "finishing this step, then saving; Ctrl-C again stops at once"
