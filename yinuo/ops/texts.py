"""`make texts`: gather the texts of every screen into the English catalogue (for whoever changes the pages).

Reads what stands in gettext calls of the code and in trans tags of the templates, adds what is new to the
catalogue without a translation, and drops what no page says any more. Needs Babel, not GNU gettext.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "locale" / "en" / "LC_MESSAGES" / "django.po"

KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "_l": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
}


def sources() -> Iterator[tuple[str, bytes]]:
    """Path below the project and Python source of everything that may speak; templates as Python too."""
    for path in sorted(ROOT.rglob("*")):
        name = path.relative_to(ROOT.parent).as_posix()
        if path.suffix == ".py" and "migrations" not in path.parts:
            yield name, path.read_bytes()
        elif path.suffix == ".html" and "templates" in path.parts:
            # Everything but the texts becomes X; Python would trip over what is left of the indentation.
            said = templatize(path.read_text(encoding="utf-8"), origin=name)
            yield name, "\n".join(line.strip() for line in said.splitlines()).encode()


def gathered() -> Catalog:
    """A catalogue of every text that a page may say, without translations."""
    found = Catalog(locale="en", domain="django")
    for name, source in sources():
        for line, message, _, context in extract("python", io.BytesIO(source), KEYWORDS):
            found.add(message, locations=[(name, line)], context=context)
    return found


def catalogue() -> Catalog:
    """The English catalogue as it stands; an empty one when there is none yet."""
    if not CATALOGUE.exists():
        return Catalog(locale="en", domain="django", project="yinuo", fuzzy=False)
    with open(CATALOGUE, "rb") as file:
        return read_po(file, locale="en", domain="django")


def main() -> None:
    """Bring the catalogue up to date and say what waits for its English."""
    english = catalogue()
    english.update(gathered(), no_fuzzy_matching=True, update_creation_date=False)
    english.obsolete.clear()
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    with open(CATALOGUE, "wb") as file:
        # Without line numbers: they would change with every edit elsewhere.
        write_po(file, english, width=110, include_lineno=False, sort_by_file=True)
    waiting = [message for message in english if message.id and not all(_texts(message.string))]
    print(f"{CATALOGUE.relative_to(ROOT.parent)}: {len(english)} texts, {len(waiting)} without English")
    for message in waiting:
        print(f"  {_texts(message.id)[0]}")


def _texts(said: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (said or "",) if isinstance(said, str | None) else tuple(said)


if __name__ == "__main__":
    main()
