"""`python -m fonoteca` is `fonoteca`."""

from fonoteca.cli.main import run

if __name__ == "__main__":
    run()
