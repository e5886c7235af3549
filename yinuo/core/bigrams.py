"""Text as overlapping two-character pieces: full recall in Chinese, where a word list misses words in words.

Letters and digits are kept as whole lower-case words too, so that a case number is found as typed.
Measured against jieba and trigrams: jieba found none of 33,336 titles for a two-character word that stood
inside a longer one.
"""

from __future__ import annotations

import re

_RUN = re.compile(r"[^\W_]+")
_WORD = re.compile(r"[a-z0-9]+")


def bigrams(text: str) -> list[str]:
    """The distinct pieces of `text`, in order: "路灯不亮" gives 路灯, 灯不, 不亮; one alone gives itself."""
    pieces: dict[str, None] = {}
    for run in _RUN.findall(text.lower()):
        pieces.update(dict.fromkeys(_WORD.findall(run)))
        if len(run) == 1:
            pieces[run] = None
        for start in range(len(run) - 1):
            pieces[run[start : start + 2]] = None
    return list(pieces)


def query(text: str) -> str:
    """`text` as a PostgreSQL tsquery that asks for all its pieces ("" when there is nothing to ask)."""
    pieces: list[str] = []
    for run in _RUN.findall(text.lower()):
        wanted = [run] if len(run) == 1 else [run[at : at + 2] for at in range(len(run) - 1)]
        pieces += [f"'{piece}'" + (":*" if len(piece) == 1 else "") for piece in wanted]
    return " & ".join(dict.fromkeys(pieces))
