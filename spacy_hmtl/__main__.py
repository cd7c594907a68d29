"""`python -m spacy_hmtl COMMAND`: the same commands as `python -m spacy hmtl COMMAND`."""

from .cli.app import app

if __name__ == "__main__":
    app(prog_name="python -m spacy_hmtl")
