"""The one kind of error a user can mend."""


class UserError(Exception):
    """Something the user gave cannot be used. The message is one line: what, the value, and the remedy.

    Who started the program prints it as `error: …` and exits with code 2; the traceback is shown with `--debug`
    (command line) or GLASSLOOP_DEBUG=1 (a loop).
    """
