"""The demo page and its JSON API. Needs the extra `serve`; only `spacy hmtl serve` imports it."""
