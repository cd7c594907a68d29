"""Random texts of every odd sort; the same for the same seed and number."""

from __future__ import annotations

import random
import re
import sys
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path

DEMO = Path(__file__).parents[2] / "assets" / "demo" / "texts"
PUNCTUATION = "()[]{}<>.,;:!?'\"-–—…*/\\|&%$#@^~`+=_"
SPACES = " \t\n\v\f\u00a0\u2003\u2028\u200b\u3000\x85"
SCRIPTS = (
    "latin extended",
    "Ἀθῆναι",
    "Москва́",
    "القاهرة",
    "दिल्ली",
    "東京都",
    "서울",
    "ไทย",
    "עִבְרִית",
    "ქართული",
    "𝔘𝔫𝔦",
    "😀👩‍👩‍👧🏳️‍🌈",
)
TOKENS = (
    *["don't", "U.S.", "e-mail@example.org", "https://a.b/c?d=e#f", "3,141.59", "$5m", "10:30", "C++", ":-)", "#tag"],
    *["<b>", "%s", "{0}", "\\n", "None", "NaN", "=1+1", "'; DROP", "../..", "A" * 60],
)


@cache
def demo_sentences() -> list[list[str]]:
    """Words of the sentences of the embedded corpus, without its marks."""
    found = []
    for path in sorted(DEMO.glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line and line[0] not in "#>":
                words = re.sub(r"\|[^\]}]*|[\[\]{}]", "", line).split()
                found.append(words)
    return found


@cache
def characters() -> str:
    """Every character that text may hold, surrogates and unassigned ones left out."""
    kinds = ("Cs", "Cn", "Co")
    return "".join(c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) not in kinds)


def _prose(rng: random.Random) -> str:
    return " ".join(" ".join(rng.choice(demo_sentences())) for _ in range(rng.randint(1, 3)))


def _shuffled(rng: random.Random) -> str:
    words = [rng.choice(rng.choice(demo_sentences())) for _ in range(rng.randint(1, 40))]
    return " ".join(words)


def _odd_tokens(rng: random.Random) -> str:
    words = [rng.choice(TOKENS) if rng.random() < 0.5 else rng.choice(rng.choice(demo_sentences())) for _ in range(20)]
    return "".join(word + rng.choice(("", " ", " ", "  ", "\n")) for word in words[: rng.randint(1, 20)])


def _any_characters(rng: random.Random) -> str:
    return "".join(rng.choice(characters()) for _ in range(rng.randint(1, 40)))


def _scripts(rng: random.Random) -> str:
    return " ".join(rng.choice(SCRIPTS) + rng.choice(("", ".", "\n")) for _ in range(rng.randint(1, 15)))


def _spaces(rng: random.Random) -> str:
    sentence = rng.choice(demo_sentences())[:12]
    return "".join(word + "".join(rng.choices(SPACES, k=rng.randint(0, 4))) for word in ["", *sentence])


def _punctuation(rng: random.Random) -> str:
    return "".join(rng.choices(PUNCTUATION + "aB1 ", k=rng.randint(1, 40)))


def _broken(rng: random.Random) -> str:
    text = list(_prose(rng))
    for _ in range(rng.randint(1, 12)):
        place = rng.randrange(len(text))
        text[place] = rng.choice((rng.choice(characters()), "", text[place].swapcase(), "\n", "\ufeff", "\r\n", "\0"))
    return "".join(text)


def _blank(rng: random.Random) -> str:
    return "".join(rng.choices(SPACES, k=rng.randint(0, 3)))


def _repeated(rng: random.Random) -> str:
    return (rng.choice((*TOKENS[:12], "he", "Dell", "the company")) + rng.choice((" ", "\n", " , "))) * rng.randint(
        2, 40
    )


def _long(rng: random.Random) -> str:
    return " ".join(_prose(rng) for _ in range(rng.randint(8, 30)))


# Kind of text -> how it is made, and how many of a thousand are of it.
KINDS: dict[str, tuple[Callable[[random.Random], str], int]] = {
    "prose": (_prose, 250),
    "shuffled words": (_shuffled, 150),
    "odd tokens": (_odd_tokens, 150),
    "any characters": (_any_characters, 100),
    "scripts": (_scripts, 80),
    "white space": (_spaces, 80),
    "punctuation": (_punctuation, 60),
    "broken prose": (_broken, 80),
    "blank": (_blank, 20),
    "repetition": (_repeated, 25),
    "long": (_long, 5),
}


def text(seed: int, number: int) -> tuple[str, str]:
    """A random text.

    seed (int): Of the run.
    number (int): Of the document.
    RETURNS (tuple): Its kind and the text.
    """
    rng = random.Random(f"{seed}/{number}")
    (kind,) = rng.choices(list(KINDS), [share for _, share in KINDS.values()])
    return kind, KINDS[kind][0](rng)
