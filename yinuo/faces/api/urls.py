"""What programs open; everything else under /api/ answers 404 in the same words."""

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt

from yinuo.faces.api.api import api
from yinuo.faces.api.errors import not_found

app_name = "api"


@csrf_exempt
def nothing(request: HttpRequest) -> HttpResponse:
    """The answer to an address that is none, in the API's own words (404)."""
    return api.on_exception(request, not_found())


urlpatterns = [
    *(each for each in api.urls[0] if each.name != "api-root"),
    path("", nothing, name="api-root"),
    re_path(r"^", nothing),
]
