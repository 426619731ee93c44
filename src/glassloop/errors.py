"""What a person can mend: reported in one line, without a traceback."""


class UserError(Exception):
    """Bad input or a bad surrounding. The message is one line that says what is wrong, with which value, and the remedy.

    The command line and the shipped loops print it as `error: <message>` and exit with code 2; a user of the kit may
    catch it.
    """
