"""Files that people hand in: told by their content, never by their name; digested while they stream."""

from __future__ import annotations

import hashlib
import os
import tempfile
import warnings
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from PIL import Image, UnidentifiedImageError

from yinuo.faces.parts.templatetags.parts import filesize

MIME = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "heic": "image/heic",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
SUFFIXES = {"jpeg": (".jpg", ".jpeg"), "heic": (".heic", ".heif")}
NAMES: dict[str, tuple[str, str]] = {
    "pdf": ("PDF", "PDF"),
    "png": ("PNG 图片", "PNG"),
    "jpeg": ("JPG 图片", "JPG"),
    "webp": ("WebP 图片", "WebP"),
    "heic": ("HEIC 照片", "HEIC"),
    "docx": ("Word 文档（docx）", "Word (docx)"),
    "xlsx": ("Excel 表格（xlsx）", "Excel (xlsx)"),
    "exe": ("可执行程序", "a program"),
    "script": ("程序脚本", "a script"),
    "zip": ("压缩包", "a ZIP archive"),
    "rar": ("压缩包", "an archive"),
    "gif": ("GIF 动图", "a GIF"),
    "html": ("网页文件", "a web page"),
    "svg": ("SVG 图形", "an SVG drawing"),
    "ole": ("旧版 Office 文档（doc、xls）", "an old Office file (doc, xls)"),
    "video": ("视频", "a video"),
    "text": ("文本文件", "a text file"),
    "unknown": ("无法识别的文件", "a file of unknown type"),
}
HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
PIXELS = 80_000_000  # a decompression bomb is larger; the largest phone photo smaller
IN_MEMORY = 256 * 1024


class Sent(Protocol):
    """What Django's UploadedFile offers."""

    name: str | None
    size: int | None

    def chunks(self) -> Iterable[bytes]: ...


class Refused(ValueError):
    """A file cannot be accepted. `zh` and `en` name the file, what it is, and what would be right."""

    def __init__(self, *, name: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.name, self.zh, self.en = name, zh, en

    def said(self, lang: str) -> str:
        """Return the sentence in the reader's language."""
        return self.en if lang == "en" else self.zh


@dataclass(frozen=True, slots=True)
class Upload:
    """An accepted file: its name for people, kind ("pdf", ...), MIME, size in bytes, SHA-256 in hex.

    Small files are in `data`; larger ones lie at `path`, a file that the caller moves or `discard`s.
    """

    name: str
    kind: str
    mime: str
    size: int
    sha256: str
    data: bytes | None = None
    path: str | None = None

    def read(self) -> bytes:
        """Return the whole content."""
        if self.data is not None:
            return self.data
        assert self.path is not None
        with open(self.path, "rb") as file:
            return file.read()

    def discard(self) -> None:
        """Remove the temporary file, if there is one."""
        if self.path is not None and os.path.exists(self.path):
            os.unlink(self.path)

    def as_json(self) -> Mapping[str, Any]:
        """What an entry may hold about the file: not its content."""
        return {"name": self.name, "mime": self.mime, "size": self.size, "sha256": self.sha256}


def accept(file: Sent, *, kinds: Iterable[str], max_bytes: int) -> Upload:
    """Stream a sent file once, digest it, tell its type by content, check images by opening them.

    kinds: names of MIME's keys that are welcome; "jpg" is "jpeg". Raises Refused, and leaves nothing behind.
    """
    welcome = tuple(dict.fromkeys("jpeg" if kind == "jpg" else kind for kind in kinds))
    strange = [kind for kind in welcome if kind not in MIME]
    if strange:
        raise ValueError(f"kinds: {strange} is not known; give some of {', '.join(MIME)}")
    name = clean_name(file.name or "")
    if file.size is not None and file.size > max_bytes:
        raise _too_large(name, size=file.size, kinds=welcome, max_bytes=max_bytes)
    digest, size = hashlib.sha256(), 0
    spool = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  closed below, kept on success
    try:
        for chunk in file.chunks():
            size += len(chunk)
            if size > max_bytes:
                raise _too_large(name, size=size, kinds=welcome, max_bytes=max_bytes)
            digest.update(chunk)
            spool.write(chunk)
        if size == 0:
            raise Refused(
                name=name,
                zh=f"“{name}”是空文件（0 字节），请重新选择{_wanted(welcome, max_bytes, 'zh')}",
                en=f"“{name}” is empty (0 bytes); choose {_wanted(welcome, max_bytes, 'en')}",
            )
        kind = sniff(spool)
        if kind not in welcome:
            found = NAMES[kind]
            raise Refused(
                name=name,
                zh=f"“{name}”（{filesize(size)}）是{found[0]}，不能上传；"
                f"请上传{_wanted(welcome, max_bytes, 'zh')}",
                en=f"“{name}” ({filesize(size)}) is {found[1]} and cannot be taken; "
                f"upload {_wanted(welcome, max_bytes, 'en')}",
            )
        if kind in ("png", "jpeg", "webp"):
            _check_image(spool, name=name)
        spool.seek(0)
        data = spool.read() if size <= IN_MEMORY else None
        path = None if data is not None else _keep(spool)
    finally:
        spool.close()
    return Upload(
        name=name, kind=kind, mime=MIME[kind], size=size, sha256=digest.hexdigest(), data=data, path=path
    )


def sniff(file: Any) -> str:
    """Return the kind of an open binary file by its content: a key of NAMES."""
    file.seek(0)
    head = file.read(1024)
    bare = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if bare.startswith(b"%pdf-"):
        return "pdf"
    for mark, kind in (
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\xff\xd8\xff", "jpeg"),
        (b"GIF8", "gif"),
        (b"MZ", "exe"),
        (b"\x7fELF", "exe"),
        (b"#!", "script"),
        (b"Rar!", "rar"),
        (b"7z\xbc\xaf", "rar"),
        (b"\xd0\xcf\x11\xe0", "ole"),
    ):
        if head.startswith(mark):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp":
        return "heic" if head[8:12] in HEIF_BRANDS else "video"
    if head.startswith(b"PK\x03\x04"):
        return _office(file)
    if bare.startswith((b"<!doctype html", b"<html", b"<script")):
        return "html"
    if b"<svg" in bare:
        return "svg"
    return "text" if head and b"\x00" not in head and _is_text(head) else "unknown"


def _is_text(head: bytes) -> bool:
    try:
        head[:-3].decode("utf-8") if len(head) > 3 else head.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _office(file: Any) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return "zip"
    if "[Content_Types].xml" in names and not any(name.endswith("vbaProject.bin") for name in names):
        if "word/document.xml" in names:
            return "docx"
        if "xl/workbook.xml" in names:
            return "xlsx"
    return "zip"


def _check_image(file: Any, *, name: str) -> None:
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=("PNG", "JPEG", "WEBP")) as image:
                if image.width * image.height > PIXELS:
                    raise Refused(
                        name=name,
                        zh=f"“{name}”有 {image.width}×{image.height} 像素，超过 8000 万，请缩小后上传",
                        en=f"“{name}” has {image.width}×{image.height} pixels, above 80 million; shrink it",
                    )
                image.verify()
            file.seek(0)
            with Image.open(
                file, formats=("PNG", "JPEG", "WEBP")
            ) as image:  # verify() does not read the pixels of a JPEG: a cut one passes it
                image.load()
    except Refused:
        raise
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ):
        raise Refused(
            name=name,
            zh=f"“{name}”是损坏的图片，打不开；请重新拍照或另存后上传",
            en=f"“{name}” is a damaged picture that cannot be opened; take it again or save it anew",
        ) from None


def _keep(spool: Any) -> str:
    handle, path = tempfile.mkstemp(prefix="yinuo-upload-")
    with os.fdopen(handle, "wb") as kept:
        while chunk := spool.read(1024 * 1024):
            kept.write(chunk)
    return path


def clean_name(name: str) -> str:
    """Return a name for people: no folders, no control or direction-changing characters, at most 120 long."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(c for c in last if c.isprintable() and c not in '<>:"|?*').strip(" .")
    if len(plain) > 120:
        stem, dot, suffix = plain.rpartition(".")
        plain = f"{stem[: 119 - len(suffix)]}.{suffix}" if dot and len(suffix) <= 8 else plain[:120]
    return plain or "file"


def _wanted(kinds: tuple[str, ...], max_bytes: int, lang: str) -> str:
    names = [NAMES[kind][1 if lang == "en" else 0] for kind in kinds]
    first, last, size = names[:-1], names[-1], filesize(max_bytes)
    if lang == "en":
        return f"{', '.join(first)}{' or ' if first else ''}{last}, each at most {size}"
    return f" {'、'.join(first)}{'或 ' if first else ''}{last}，每个不超过 {size}"


def _too_large(name: str, *, size: int, kinds: tuple[str, ...], max_bytes: int) -> Refused:
    return Refused(
        name=name,
        zh=f"“{name}”有 {filesize(size)}，超过 {filesize(max_bytes)}；"
        f"请压缩或分开后上传{_wanted(kinds, max_bytes, 'zh')}",
        en=f"“{name}” has {filesize(size)}, above {filesize(max_bytes)}; "
        f"compress or split it and upload {_wanted(kinds, max_bytes, 'en')}",
    )


def welcome(kinds: Iterable[str], *, max_bytes: int, lang: str) -> str:
    """Say what may be uploaded, for a hint: 「可上传 PDF、JPG 图片或 PNG 图片，每个不超过 10 MB」."""
    wanted = _wanted(tuple("jpeg" if kind == "jpg" else kind for kind in kinds), max_bytes, lang).strip()
    return f"You may upload {wanted}" if lang == "en" else f"可上传 {wanted}"


def accept_attribute(kinds: Iterable[str]) -> str:
    """Return the accept="" text of a file input."""
    found: list[str] = []
    for kind in kinds:
        kind = "jpeg" if kind == "jpg" else kind
        found += [*SUFFIXES.get(kind, (f".{kind}",)), MIME[kind]]
    return ",".join(found)
