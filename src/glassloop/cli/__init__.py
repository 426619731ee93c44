"""The command line: one command a file, each importing what it needs only when it is called."""


def main() -> None:
    """Run the command line; the console script `glassloop` and `python -m glassloop` enter here."""
    from glassloop.cli.app import app

    app()
