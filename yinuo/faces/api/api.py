"""The API: the use cases for programs. Described at /api/openapi.json, to try at /api/docs."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.openapi.docs import Swagger
from ninja.parser import Parser

from yinuo.faces.api import cases, errors, evidence, matters, signing_in

DESCRIPTION = """
Cases, inboxes and receipts of 一诺 Yinuo, under the same rules as the pages: everybody sees their own,
officers see what their units hold or held, and what is not yours is 404.

1. `POST /api/tokens` with name and password gives a key; send it as `Authorization: Bearer …`.
2. Read a case, keep its `seq`, and send it back as `expecting` with every change. 409: somebody was first.
3. Open a case under an `Idempotency-Key` of your own: sending it twice opens one case.

Every answer of 400 and above has the same body: `code`, `message` in Chinese and English, and `errors` naming
each field with what is wrong and what to do. Values of personal fields are not repeated.
Texts such as step names follow `Accept-Language` (zh or en).
"""


class Strict(Parser):
    """JSON without NaN, without characters that no database keeps, and with an object at its top."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        body = json.loads(request.body, parse_constant=_no_number)
        if not isinstance(body, dict):
            raise ValueError("the body is no object")
        text = json.dumps(body, ensure_ascii=False)
        text.encode("utf-8")  # raises for half a character
        if "\\u0000" in text:
            raise ValueError("the body holds the character U+0000")
        return body


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


api = NinjaAPI(
    title="一诺 Yinuo",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    docs=Swagger(settings={"persistAuthorization": False}),
    auth=signing_in.Bearer(),
    parser=Strict(),
)
errors.install(api)
for part in (matters, signing_in, evidence, cases):
    api.add_router("", part.router)
