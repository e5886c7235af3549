"""Files: the same bytes once, never half, and a changed one is found."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from yinuo.ledger import evidence, models

PHOTO = b"\x89PNG a sign above a door"
DIGEST = hashlib.sha256(PHOTO).hexdigest()


@pytest.fixture
def root(db: None, settings: Any, tmp_path: Path) -> Path:
    settings.EVIDENCE_ROOT = tmp_path / "evidence"
    return tmp_path / "evidence"


def files(root: Path) -> list[str]:
    return sorted(path.name for path in root.rglob("*") if path.is_file())


def test_the_same_bytes_handed_in_twice_are_one_file_and_one_row(root: Path) -> None:
    first = evidence.keep([PHOTO], mime="image/png")
    again = evidence.keep([PHOTO[:5], b"", PHOTO[5:]], mime="image/png")
    assert first.digest == again.digest == DIGEST and first.size == len(PHOTO)
    assert files(root) == [DIGEST]
    assert models.Evidence.objects.filter(digest=DIGEST).count() == 1
    with evidence.open_file(DIGEST) as file:
        assert file.read() == PHOTO


def test_a_file_lies_under_its_digest(root: Path) -> None:
    evidence.keep([PHOTO], mime="image/png")
    assert evidence.path(DIGEST) == root / DIGEST[:2] / DIGEST[2:4] / DIGEST


@pytest.mark.parametrize(
    "name", ["", "../../etc/passwd", DIGEST[:-1], DIGEST.upper(), f"{DIGEST}0", "/" * 64]
)
def test_what_is_no_digest_is_no_path(root: Path, name: str) -> None:
    with pytest.raises(ValueError, match="is not a SHA-256 in hex"):
        evidence.path(name)


def test_an_upload_that_breaks_off_leaves_nothing(root: Path) -> None:
    def breaking() -> Iterator[bytes]:
        yield PHOTO
        raise ConnectionError("the telephone went out of reach")

    with pytest.raises(ConnectionError):
        evidence.keep(breaking(), mime="image/png")
    assert files(root) == [] and models.Evidence.objects.count() == 0


def test_a_file_that_is_half_written_cannot_be_opened_by_its_digest(root: Path) -> None:
    seen: list[list[str]] = []

    def slow() -> Iterator[bytes]:
        for start in range(0, len(PHOTO), 4):
            yield PHOTO[start : start + 4]
            seen.append([name for name in files(root) if not name.startswith(".incoming-")])
            with pytest.raises(FileNotFoundError):
                evidence.open_file(DIGEST)

    evidence.keep(slow(), mime="image/png")
    assert seen and not any(seen)
    assert evidence.intact(DIGEST)


def test_eight_people_hand_in_the_same_picture_at_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Row:
        @staticmethod
        def get_or_create(digest: str, defaults: Any) -> tuple[str, bool]:
            return digest, True  # the row is PostgreSQL's business; here it is the file's

    monkeypatch.setattr(models.Evidence, "objects", Row)
    gate, kept = threading.Barrier(8), []

    def hand_in() -> None:
        gate.wait()
        kept.append(evidence.keep([PHOTO] * 200, mime="image/png"))

    threads = [threading.Thread(target=hand_in) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    digest = hashlib.sha256(PHOTO * 200).hexdigest()
    assert kept == [digest] * 8 and files(root) == [digest]


def test_a_changed_a_shortened_and_a_lost_file_are_found(root: Path) -> None:
    evidence.keep([PHOTO], mime="image/png")
    place = evidence.path(DIGEST)
    assert evidence.intact(DIGEST)
    for data in (PHOTO.replace(b"door", b"roof"), PHOTO[:-1], b""):
        place.write_bytes(data)
        assert not evidence.intact(DIGEST)
    place.unlink()
    assert not evidence.intact(DIGEST)


def test_an_empty_file_is_a_file(root: Path) -> None:
    assert evidence.intact(evidence.keep([], mime="text/plain").digest)
