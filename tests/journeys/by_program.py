"""What happened before the story begins, done over the API of the running site."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from typing import Any

from PIL import Image

SIGN = {
    "shop_name": "核验面馆",
    "place": "140502003",
    "address": "演示街 12 号一层",
    "sign_text": "核验面馆",
    "width": "3.60",
    "height": "0.90",
    "lit": False,
    "phone": "13855556666",
}
MATERIALS = ("effect_picture", "site_photo", "right_to_use")


class Api:
    """Somebody's program on the running site."""

    def __init__(self, site: Any, username: str) -> None:
        self.site, self.key = site, ""
        body = {"username": username, "password": site.passwords[username]}
        self.key = self.call("tokens", body)["token"]

    def call(self, path: str, body: Any = None, *, raw: bytes = b"", **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        data = raw or (json.dumps(body).encode() if body is not None else None)
        if data is not None and "content_type" not in headers:
            sent["Content-Type"] = "application/json"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(f"{self.site.url}/api/{path}", data=data, headers=sent)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error.code} {error.read().decode()}") from error

    def photo(self) -> str:
        """Sends a small picture; returns the id to hand it in with."""
        out = io.BytesIO()
        Image.new("RGB", (16, 16), "white").save(out, "PNG")
        head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        body = head + out.getvalue() + b"\r\n--b--\r\n"
        return self.call("evidence", raw=body, content_type="multipart/form-data; boundary=b")["id"]

    def apply(self, **changes: Any) -> str:
        """An application for a shop sign; returns its number."""
        photo = self.photo()
        body = {
            "matter": "approvals/shop_sign",
            "party": self.call("me")["parties"][0]["id"],
            "form": SIGN | changes,
            "evidence": [{"id": photo, "material": each} for each in MATERIALS],
        }
        return str(self.call("cases", body, Idempotency_Key=str(uuid.uuid4()))["number"])

    def move(self, number: str, move: str, **data: str) -> Any:
        seq = self.call(f"cases/{number}")["seq"]
        return self.call(f"cases/{number}/moves", {"move": move, "expecting": seq, "data": data})


def granted_sign(site: Any, owner: str, **changes: Any) -> tuple[str, str]:
    """A shop sign applied for and granted: the case's number and the licence's code."""
    number = Api(site, owner).apply(**changes)
    Api(site, "chuangkou").move(number, "accept")
    Api(site, "shencha").move(number, "pass", opinion="建议准予")
    done = Api(site, "shenpi").move(number, "grant")
    return number, str(done["records"][0]["code"])


def run(site: Any, script: str) -> None:
    """Runs a few lines of Python on the site's database."""
    head = "import django; django.setup()\n"
    environ = {**os.environ, "DATABASE_URL": site.city.dsn_run}
    done = subprocess.run([sys.executable, "-c", head + script], env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def revoke(site: Any, code: str, reason: str) -> None:
    """The supervising bureau takes the licence away."""
    run(
        site,
        "from yinuo.registers import records\n"
        f"records.revoke(records.by_code({code!r}), {reason!r}, by='system')\n",
    )
