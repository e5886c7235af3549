"""Every address of the platform, by face."""

from django.urls import include, path

urlpatterns = [
    path("", include("yinuo.faces.citizen.urls")),
    path("office/", include("yinuo.faces.office.urls")),
    path("public/", include("yinuo.faces.public.urls")),
    path("api/", include("yinuo.faces.api.urls")),
    path("look/", include("yinuo.faces.parts.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
]
