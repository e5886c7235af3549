"""Every address of the platform, by face."""

from django.urls import include, path

from yinuo.faces.citizen import account, files

urlpatterns = [
    path("", include("yinuo.faces.citizen.urls")),
    path("signin/", account.SignIn.as_view(), name="login"),
    path("signout/", account.SignOut.as_view(), name="logout"),
    path("cases/<str:number>/files/<int:id_>/", files.evidence, name="evidence"),
    path("office/", include("yinuo.faces.office.urls")),
    path("public/", include("yinuo.faces.public.urls")),
    path("api/", include("yinuo.faces.api.urls")),
    path("look/", include("yinuo.faces.parts.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
]

handler400 = "yinuo.faces.parts.errors.wrong"
handler403 = "yinuo.faces.parts.errors.forbidden"
handler404 = "yinuo.faces.parts.errors.missing"
handler500 = "yinuo.faces.parts.errors.failed"
