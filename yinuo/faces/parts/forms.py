"""A form out of a JSON Schema (draft 2020-12): pages, conditions, errors in plain words, check page.

What a schema may say beside JSON Schema itself:

  x-pages      on the object: [{id, title, hint, fields: [names], materials: [material ids]}]; else one page.
               A page without an id is called by its number.
  x-title      question, {zh, en}; else `title`
  x-hint       help under it, {zh, en}; else `description`
  x-labels     {value: {zh, en}} for enum
  x-option-hints   the same, a line under each option
  x-show       {"field": name, "is": value or [values]}, or a list of such, which must all hold. A question
               that is not shown is not required, and its answer is dropped.
  x-widget     textarea, account, point, place
  format       date, tel, email, citizen-id, uscc, money, point, place
  x-min x-max  limits of money ("100.00") and date ("2026-01-01", "today")
  x-unit       {zh, en} after a number
  x-error      {zh, en}: what to say when `pattern` fails
  x-mask       true: shown masked on the check page
  x-autocomplete   the HTML attribute
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from django.utils import timezone
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from yinuo.faces.parts import uploads
from yinuo.faces.parts.reading import Wrong, kind_of, plain, read, sentence, short
from yinuo.faces.parts.templatetags.parts import SHANGHAI, date_in_full, mask, t, yuan

RADIOS = 6
MAX_BYTES = 10 * 1024 * 1024
COMMA = {"zh": "、", "en": ", "}
YES_NO = {"zh": ("是", "否"), "en": ("Yes", "No")}
WIDTHS = {"tel": "w-m", "date": "w-m", "integer": "w-s", "number": "w-s", "money": "w-m", "citizen-id": "w-l"}
INPUTS: dict[str, dict[str, str]] = {
    "tel": {"type": "tel", "autocomplete": "tel"},
    "email": {"type": "email", "autocomplete": "email"},
    "date": {"type": "date"},
    "integer": {"inputmode": "numeric"},
    "number": {"inputmode": "decimal"},
    "money": {"inputmode": "decimal"},
    "account": {"inputmode": "numeric", "autocomplete": "off"},
    "citizen-id": {"autocomplete": "off", "maxlength": "20"},
    "uscc": {"autocomplete": "off", "maxlength": "20"},
}


@dataclass(frozen=True, slots=True)
class Error:
    """One thing to mend. field: name in the schema, or of a material; href: "#..." of its first input."""

    field: str
    message: str
    href: str
    page: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a field."""

    id: str
    value: str
    label: str
    hint: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Field:
    """One question as a template draws it (parts/field.html)."""

    name: str
    input: str
    id: str
    kind: str
    widget: str
    label: str
    hint: str
    required: bool
    value: Any
    options: tuple[Option, ...]
    errors: tuple[str, ...]
    attributes: Mapping[str, str]
    unit: str
    width: str
    reloads: bool

    @property
    def grouped(self) -> bool:
        """True when the question needs a fieldset and a legend."""
        return self.widget in ("radio", "checks", "point")

    @property
    def described(self) -> str:
        """Ids for aria-describedby."""
        said = [f"{self.id}-hint"] * bool(self.hint) + [f"{self.id}-error"] * bool(self.errors)
        return " ".join(said)


@dataclass(frozen=True, slots=True)
class MaterialField:
    """One material as a template draws it. `done` lists what was handed in before: {name, size, ...}."""

    id: str
    input: str
    label: str
    hint: str
    accept: str
    max_bytes: int
    required: bool
    errors: tuple[str, ...]
    done: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the check page."""

    label: str
    value: str
    page: str
    page_title: str
    href: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the form. `number` counts from 1; `status` is "todo", "part" or "done"."""

    form: SchemaForm = field(repr=False)
    id: str
    title: str
    hint: str
    number: int
    total: int
    names: tuple[str, ...]
    material_ids: tuple[str, ...]

    @property
    def fields(self) -> list[Field]:
        """The questions that apply now."""
        return [self.form.field(name) for name in self.names if self.form.applies(name)]

    @property
    def materials(self) -> list[MaterialField]:
        """The materials that apply now."""
        return [self.form.material(id_) for id_ in self.material_ids if self.form.material_applies(id_)]

    @property
    def errors(self) -> list[Error]:
        """What to mend on this page; none for a page that was not sent, nor while it is only refreshed."""
        return self.form.shown_errors(self.id)

    @property
    def revealed(self) -> tuple[str, ...]:
        """Questions that came up through the answers just sent, and that the person has not seen yet."""
        return self.form.revealed if self.form.posted_page in ("", self.id) else ()

    @property
    def valid(self) -> bool:
        """True when the page was sent and is complete."""
        form = self.form
        sent = form.bound and not form.refreshing and form.posted_page in ("", self.id)
        return sent and not self.revealed and not form.problems(self.id)

    @property
    def cleaned(self) -> dict[str, Any]:
        """The answers of this page. Raises ValueError while it has errors."""
        if problems := self.form.problems(self.id):
            raise ValueError(f"page {self.id}: not valid: {', '.join(e.field for e in problems)}")
        return {name: value for name, value in self.form.answers.items() if name in self.names}

    @property
    def status(self) -> str:
        """Where the person stands with this page, whether or not it was just sent."""
        if not self.form.problems(self.id):
            return "done"
        return "part" if any(name in self.form.answers for name in self.names) else "todo"

    @property
    def shown(self) -> str:
        """Names of the questions on the page, for the hidden field that tells what the person has seen."""
        return " ".join(name for name in self.names if self.form.applies(name))

    @property
    def total_range(self) -> range:
        """1..total, for the step bar."""
        return range(1, self.total + 1)

    @property
    def previous(self) -> Page | None:
        """The page before."""
        return self.form.pages[self.number - 2] if self.number > 1 else None

    @property
    def next(self) -> Page | None:
        """The page after; None means that the check page follows."""
        return self.form.pages[self.number] if self.number < self.total else None


class SchemaForm:
    """A form over a JSON Schema.

    schema   JSON Schema of an object, with the x- words above
    ui       what only the caller knows:
             places     [(code, name)]            choices  {field: [(value, label)]}
             materials  Materials, or mappings {id, title, note, kinds, required, x-show}
             uploads    {material id: [what was handed in before: {name, size}]}
             on         day of checking, default today       max_bytes  of one file, default 10 MB
             prefix     for several forms on one page        url        where it posts, default here
             page_url   text with {page}, for 修改 links, default "?page={page}"
    data     the POST; `_page` in it tells which page was sent, else all were. None: not sent yet
    files    request.FILES
    initial  the answers stored so far, as JSON values
    lang     "zh" or "en"
    """

    def __init__(
        self,
        schema: Mapping[str, Any],
        ui: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        files: Any = None,
        initial: Mapping[str, Any] | None = None,
        lang: str = "zh",
    ) -> None:
        self.schema, self.ui, self.data, self.files = schema, dict(ui or {}), data, files
        self.initial = dict(initial or {})
        self.lang = "en" if lang.startswith("en") else "zh"
        self.properties: Mapping[str, Mapping[str, Any]] = schema.get("properties", {})
        self.prefix = str(self.ui.get("prefix", ""))
        self.on: date = self.ui.get("on") or timezone.now().astimezone(SHANGHAI).date()
        self.max_bytes = int(self.ui.get("max_bytes", MAX_BYTES))
        self._materials = {_part(one, "id"): one for one in self.ui.get("materials", ())}
        self.bound = data is not None
        self.posted_page = str(data.get(f"{self.prefix}_page", "")) if data is not None else ""
        self.refreshing = data is not None and f"{self.prefix}_refresh" in data
        self.pages = self._pages()
        self._raw, self._values, self._wrong = self._read()
        self.uploads, self._file_errors = self._accept()

    # --- what the schema says -------------------------------------------------------------------------------

    def _pages(self) -> list[Page]:
        given = self.schema.get("x-pages") or [{"id": "all", "fields": list(self.properties)}]
        known = set(self.properties)
        pages = []
        for number, one in enumerate(given, start=1):
            id_ = str(one.get("id") or number)
            names, materials = tuple(one.get("fields", ())), tuple(one.get("materials", ()))
            if lost := [name for name in names if name not in known]:
                raise ValueError(f"x-pages: page {id_} asks {lost}, which properties do not hold")
            if lost := [name for name in materials if name not in self._materials]:
                raise ValueError(
                    f"x-pages: page {id_} asks for materials {lost}, which the matter does not name"
                )
            title, hint = t(one.get("title"), self.lang), t(one.get("hint"), self.lang)
            pages.append(Page(self, id_, title, hint, number, len(given), names, materials))
        if self.posted_page and self.posted_page not in [page.id for page in pages]:
            raise ValueError(
                f"_page: {self.posted_page!r} is no page; pages are {[page.id for page in pages]}"
            )
        return pages

    def page(self, id_: str = "") -> Page:
        """Return a page; the first without an id. Raises KeyError for an unknown one."""
        for page in self.pages:
            if id_ in ("", page.id):
                return page
        raise KeyError(f"{id_!r} is no page; pages are {[page.id for page in self.pages]}")

    def label(self, name: str) -> str:
        """Return the question's title."""
        prop = self.properties[name]
        return str(t(prop.get("x-title") or prop.get("title") or name, self.lang))

    def _page_of(self, name: str) -> str:
        return next((page.id for page in self.pages if name in page.names + page.material_ids), "")

    # --- reading --------------------------------------------------------------------------------------------

    def _posted(self, name: str) -> bool:
        return self.bound and (not self.posted_page or name in self.page(self.posted_page).names)

    def _read(self) -> tuple[dict[str, Any], dict[str, Any], dict[str, Wrong]]:
        raws: dict[str, Any] = {}
        values: dict[str, Any] = {}
        wrong: dict[str, Wrong] = {}
        for name, prop in self.properties.items():
            raw = self._sent(name, prop) if self._posted(name) else self.initial.get(name)
            raws[name] = raw
            try:
                value = read(raw, prop=self._offered(name, prop), on=self.on)
            except Wrong as error:
                wrong[name] = error
                continue
            if value is not None:
                values[name] = value
        return raws, values, wrong

    def _sent(self, name: str, prop: Mapping[str, Any]) -> Any:
        assert self.data is not None
        key = self.prefix + name
        kind = kind_of(prop)
        if kind == "choices":
            return _many(self.data, key)
        if kind == "point":
            return {part: self.data.get(f"{key}.{part}", "") for part in ("lat", "lon", "place")}
        if kind == "boolean" or kind == "consent":
            # An unticked box is sent as nothing: for a consent that is no answer, for a question too.
            return self.data.get(key) or None
        return self.data.get(key, "")

    def _offered(self, name: str, prop: Mapping[str, Any]) -> Mapping[str, Any]:
        """The property with the choices that the caller gave, so that nothing else can be sent."""
        if name in self.ui.get("choices", {}):
            return {**prop, "enum": [value for value, _ in self.ui["choices"][name]]}
        if _asks_place(prop) and "places" in self.ui:
            return {**prop, "enum": [code for code, _ in self.ui["places"]]}
        return prop

    def _accept(self) -> tuple[dict[str, list[uploads.Upload]], dict[str, list[str]]]:
        taken: dict[str, list[uploads.Upload]] = {}
        errors: dict[str, list[str]] = {}
        if self.files is None or self.refreshing:
            return taken, errors
        for page in self.pages:
            if self.posted_page not in ("", page.id):
                continue
            for id_ in page.material_ids:
                if not self.material_applies(id_):
                    continue
                for file in _many(self.files, f"{self.prefix}m-{id_}"):
                    try:
                        kinds = self._kinds(id_)
                        taken.setdefault(id_, []).append(
                            uploads.accept(file, kinds=kinds, max_bytes=self.max_bytes)
                        )
                    except uploads.Refused as refused:
                        errors.setdefault(id_, []).append(refused.said(self.lang))
        return taken, errors

    # --- what applies ---------------------------------------------------------------------------------------

    def applies(self, name: str) -> bool:
        """True when the question is asked, given the answers so far."""
        return self._holds(self.properties[name].get("x-show"), seen=(name,))

    def material_applies(self, id_: str) -> bool:
        """True when the material is asked for, given the answers so far."""
        material = self._materials[id_]
        return self._holds(_part(material, "show") or _part(material, "x-show"), seen=())

    def _holds(self, show: Any, *, seen: tuple[str, ...]) -> bool:
        if not show:
            return True
        for one in [show] if isinstance(show, Mapping) else show:
            name = one["field"]
            if name not in self.properties or name in seen:
                raise ValueError(
                    f"x-show: {name!r} is no other question; give one of {list(self.properties)}"
                )
            if not self._holds(self.properties[name].get("x-show"), seen=(*seen, name)):
                return False
            wanted = one["is"] if isinstance(one["is"], list) else [one["is"]]
            value = self._values.get(name)
            if not any(option in wanted for option in (value if isinstance(value, list) else [value])):
                return False
        return True

    @cached_property
    def answers(self) -> dict[str, Any]:
        """Every answer that applies and could be read, sent or stored: what a draft keeps."""
        return {name: value for name, value in self._values.items() if self.applies(name)}

    def _required(self, schema: Mapping[str, Any]) -> set[str]:
        """Names required now: `required` of the schema and of every branch that the answers lead into."""
        names = set(schema.get("required", ()))
        for part in schema.get("allOf", ()):
            names |= self._required(part)
        if "if" in schema:
            branch = "then" if Draft202012Validator(schema["if"]).is_valid(self.answers) else "else"
            names |= self._required(schema.get(branch, {}))
        for name, others in schema.get("dependentRequired", {}).items():
            if name in self.answers:
                names |= set(others)
        return names

    @cached_property
    def required(self) -> set[str]:
        """Names of the questions that must be answered, given the answers so far."""
        return {
            name for name in self._required(self.schema) if name in self.properties and self.applies(name)
        }

    # --- errors ---------------------------------------------------------------------------------------------

    @cached_property
    def _problems(self) -> list[Error]:
        said: dict[str, str] = {}
        found_by = Draft202012Validator(self.schema)
        for name, wrong in self._wrong.items():
            if self.applies(name):
                said[name] = sentence(wrong.key, lang=self.lang, label=self.label(name), **wrong.facts)
        for error in sorted(found_by.iter_errors(self.answers), key=lambda e: str(e.json_path)):
            for name, message in self._say(error):
                if name in self.properties and self.applies(name):
                    said.setdefault(name, message)
        found = [
            Error(name, said[name], f"#{self.id_of(name)}", self._page_of(name))
            for name in self._order()
            if name in said
        ]
        for page in self.pages:
            for id_ in page.material_ids:
                if self.material_applies(id_):
                    href = f"#{self.prefix}m-{id_}"
                    found += [Error(id_, message, href, page.id) for message in self._material_errors(id_)]
        order = {page.id: page.number for page in self.pages}
        return sorted(found, key=lambda error: order.get(error.page, 0))

    def _order(self) -> Iterable[str]:
        asked = [name for page in self.pages for name in page.names]
        return [*asked, *(name for name in self.properties if name not in asked)]

    def _say(self, error: ValidationError) -> Iterable[tuple[str, str]]:
        """Yield (field, sentence) for one error of jsonschema."""
        path = list(error.absolute_path)
        key, limit = str(error.validator), error.validator_value
        if key == "required" and not path:
            for name in limit:
                if name not in error.instance and name in self.properties:
                    yield name, self._say_required(name)
            return
        if key == "dependentRequired":
            for name, others in limit.items():
                if name in error.instance:
                    yield from ((one, self._say_required(one)) for one in others if one not in error.instance)
            return
        if not path:
            for inner in error.context or ():
                yield from self._say(inner)
            return
        name = str(path[0])
        if name not in self.properties:
            return
        prop, given = self.properties[name], error.instance
        label = self.label(name)
        if key == "required":  # inside a point
            yield name, self._say_required(name)
        elif key == "pattern" and "x-error" in prop:
            yield (
                name,
                f"{label}：{t(prop['x-error'], self.lang)}"
                if self.lang == "zh"
                else f"{label}: {t(prop['x-error'], self.lang)}",
            )
        elif key == "const" and kind_of(prop) == "consent":
            yield name, sentence("required_consent", lang=self.lang, label=label)
        else:
            count = len(given) if isinstance(given, str | list) else 0
            over = count - limit if key == "maxLength" else 0
            shown = mask(given, "id") if prop.get("x-mask") else short(given)
            yield (
                name,
                sentence(key, lang=self.lang, label=label, given=shown, limit=limit, count=count, over=over),
            )

    def _say_required(self, name: str) -> str:
        kind = kind_of(self.properties[name])
        key = {"consent": "required_consent"}.get(kind, "required")
        if kind in ("boolean", "choice", "choices", "place") or name in self.ui.get("choices", {}):
            key = "required_choice"
        return sentence(key, lang=self.lang, label=self.label(name))

    def _material_errors(self, id_: str) -> list[str]:
        errors = list(self._file_errors.get(id_, ()))
        material = self._materials[id_]
        there = self.uploads.get(id_) or self.ui.get("uploads", {}).get(id_)
        if not errors and not there and _part(material, "required", True):
            label = t(_part(material, "title"), self.lang)
            errors.append(sentence("required_file", lang=self.lang, label=label))
        return errors

    def problems(self, page: str = "") -> list[Error]:
        """Everything that is missing or wrong, on one page or on all, sent or not."""
        return [error for error in self._problems if page in ("", error.page)]

    def shown_errors(self, page: str = "") -> list[Error]:
        """The problems to read now: of the page that was sent, without questions just revealed."""
        if not self.bound or self.refreshing:
            return []
        return [
            error
            for error in self.problems(page)
            if self.posted_page in ("", error.page) and error.field not in self.revealed
        ]

    @property
    def errors(self) -> list[Error]:
        """`shown_errors` of everything that was sent: [] before."""
        return self.shown_errors()

    @property
    def valid(self) -> bool:
        """True when every page is complete, whether just sent or stored: the case may be opened."""
        return not self.problems() and not self.refreshing

    @property
    def cleaned(self) -> dict[str, Any]:
        """All answers, complete and in one spelling. Raises ValueError while anything is missing or wrong."""
        if problems := self.problems():
            raise ValueError(f"not valid: {', '.join(e.field for e in problems)}")
        return dict(self.answers)

    @cached_property
    def revealed(self) -> tuple[str, ...]:
        """Questions that the sent answers brought up, and that were not on the page as the person saw it."""
        if self.data is None or f"{self.prefix}_shown" not in self.data:
            return ()
        seen = set(str(self.data[f"{self.prefix}_shown"]).split())
        names = self.page(self.posted_page).names if self.posted_page else tuple(self.properties)
        return tuple(
            name for name in names if name not in seen and self.applies(name) and name not in self.answers
        )

    # --- drawing --------------------------------------------------------------------------------------------

    def id_of(self, name: str) -> str:
        """Return the HTML id of a question's first input."""
        kind = kind_of(self.properties[name])
        return f"{self.prefix}f-{name}" + ("-lat" if kind == "point" else "")

    @cached_property
    def _controls(self) -> set[str]:
        shows = [prop.get("x-show") for prop in self.properties.values()]
        shows += [_part(one, "show") or _part(one, "x-show") for one in self._materials.values()]
        return {
            one["field"] for show in shows if show for one in ([show] if isinstance(show, Mapping) else show)
        }

    def field(self, name: str) -> Field:
        """Return a question ready to draw, with what was answered and what is wrong with it."""
        prop = self.properties[name]
        kind = kind_of(prop)
        options = self._options(name)
        widget = {
            "textarea": "textarea",
            "consent": "consent",
            "boolean": "radio",
            "choices": "checks",
            "point": "point",
        }.get(kind, "input")
        if kind == "choice" or kind == "place" or (widget == "input" and options):
            widget = "radio" if kind != "place" and len(options) <= RADIOS else "select"
        value = self._raw.get(name)
        if value is None or (name in self._values and not self._posted(name)):
            value = self._values.get(name, "")
        attributes = dict(INPUTS.get(kind, {}))
        if "x-autocomplete" in prop:
            attributes["autocomplete"] = str(prop["x-autocomplete"])
        if "maxLength" in prop and kind == "text":
            attributes["data-limit"] = str(prop["maxLength"])
        unit = t(prop.get("x-unit"), self.lang) or (
            {"zh": "元", "en": "yuan"}[self.lang] if kind == "money" else ""
        )
        width = WIDTHS.get(kind, "w-m" if kind == "text" and prop.get("maxLength", 99) <= 12 else "")
        return Field(
            name=name,
            input=self.prefix + name,
            id=f"{self.prefix}f-{name}",
            kind=kind,
            widget=widget,
            label=self.label(name),
            hint=str(t(prop.get("x-hint") or prop.get("description"), self.lang)),
            required=name in self.required,
            value=value if value is not None else "",
            options=options,
            errors=tuple(error.message for error in self.errors if error.field == name),
            attributes=attributes,
            unit=str(unit),
            width=width,
            reloads=name in self._controls,
        )

    def _options(self, name: str) -> tuple[Option, ...]:
        prop = self.properties[name]
        kind = kind_of(prop)
        chosen = self._values.get(name)
        pairs: Sequence[tuple[Any, Any]]
        if name in self.ui.get("choices", {}):
            pairs = self.ui["choices"][name]
        elif kind in ("place", "point"):
            pairs = self.ui.get("places", ()) if _asks_place(prop) else ()
            chosen = chosen.get("place") if isinstance(chosen, Mapping) else chosen
        elif kind == "boolean":
            labels = prop.get("x-labels", {})
            names = zip(("true", "false"), YES_NO[self.lang], strict=True)
            pairs = [(value == "true", labels.get(value, name)) for value, name in names]
        else:
            labels = prop.get("x-labels") or prop.get("items", {}).get("x-labels") or {}
            values = prop.get("items", {}).get("enum", ()) if kind == "choices" else prop.get("enum", ())
            pairs = [(value, labels.get(str(value), value)) for value in values]
        hints = prop.get("x-option-hints", {})
        picked = chosen if isinstance(chosen, list) else [chosen]
        return tuple(
            Option(
                id=f"{self.prefix}f-{name}" + (f"-{n}" if n else ""),
                value=_text(value),
                label=str(t(label, self.lang)),
                hint=str(t(hints.get(_text(value)), self.lang)),
                chosen=any(value == one and type(value) is type(one) for one in picked),
            )
            for n, (value, label) in enumerate(pairs)
        )

    def _kinds(self, id_: str) -> Sequence[str]:
        return tuple(_part(self._materials[id_], "kinds") or ("pdf", "jpeg", "png"))

    def material(self, id_: str) -> MaterialField:
        """Return a material ready to draw."""
        one, kinds = self._materials[id_], self._kinds(id_)
        welcome = uploads.welcome(kinds, max_bytes=self.max_bytes, lang=self.lang)
        note = str(t(_part(one, "note"), self.lang)).rstrip("。.")
        hint = f"{note}{'. ' if self.lang == 'en' else '。'}{welcome}" if note else welcome
        return MaterialField(
            id=id_,
            input=f"{self.prefix}m-{id_}",
            label=str(t(_part(one, "title"), self.lang)),
            hint=hint.strip(),
            accept=uploads.accept_attribute(kinds),
            max_bytes=self.max_bytes,
            required=bool(_part(one, "required", True)),
            errors=tuple(error.message for error in self.errors if error.field == id_),
            done=tuple(self.ui.get("uploads", {}).get(id_, ())),
        )

    # --- check your answers ---------------------------------------------------------------------------------

    def check_rows(self, *, masked: bool = True) -> list[Row]:
        """Return every answered question as a line, identity numbers, accounts and x-mask fields masked."""
        url = str(self.ui.get("page_url", "?page={page}"))
        rows = []
        for page in self.pages:
            for name in page.names:
                if name in self.answers:
                    value = self._said(name, self.answers[name], masked=masked)
                    href = f"{url.replace('{page}', page.id)}#{self.id_of(name)}"
                    rows.append(Row(self.label(name), value, page.id, page.title, href))
            for id_ in page.material_ids:
                files = [*self.ui.get("uploads", {}).get(id_, ()), *self.uploads.get(id_, ())]
                if self.material_applies(id_) and files:
                    names = COMMA[self.lang].join(str(_part(file, "name")) for file in files)
                    href = f"{url.replace('{page}', page.id)}#{self.prefix}m-{id_}"
                    rows.append(
                        Row(
                            str(t(_part(self._materials[id_], "title"), self.lang)),
                            names,
                            page.id,
                            page.title,
                            href,
                        )
                    )
        return rows

    def _said(self, name: str, value: Any, *, masked: bool) -> str:
        prop = self.properties[name]
        kind = kind_of(prop)
        labels = {option.value: option.label for option in self._options(name)}
        if masked and (kind in ("citizen-id", "account") or prop.get("x-mask")):
            return mask(value, {"citizen-id": "id", "account": "account"}.get(kind, ""))
        if kind == "consent":
            return YES_NO[self.lang][0]
        if kind == "point":
            where = labels.get(str(value.get("place", "")), value.get("place", ""))
            if "lat" in value:
                where = f"{where} {value['lat']}, {value['lon']}"
            return where.strip()
        if kind == "choices":
            return COMMA[self.lang].join(labels.get(_text(one), str(one)) for one in value)
        if labels:
            return labels.get(_text(value), str(value))
        if kind == "money":
            return yuan(value, self.lang)
        if kind == "date":
            return date_in_full(date.fromisoformat(value), self.lang)
        unit = t(prop.get("x-unit"), self.lang)
        return f"{value} {unit}" if unit else str(value)


def _asks_place(prop: Mapping[str, Any]) -> bool:
    """A place, or a point that says no better where it is: one whose own schema has no `place` asks none."""
    kind = kind_of(prop)
    return kind == "place" or (kind == "point" and "place" in prop.get("properties", {"place": {}}))


def _part(one: Any, name: str, default: Any = None) -> Any:
    """A part of a mapping or of an object."""
    return one.get(name, default) if isinstance(one, Mapping) else getattr(one, name, default)


def _many(data: Any, key: str) -> list[Any]:
    if hasattr(data, "getlist"):
        return list(data.getlist(key))
    value = data.get(key, [])
    return list(value) if isinstance(value, list | tuple) else [value]


def _text(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else plain(str(value))
