"""`path("look/", include("yinuo.faces.parts.urls"))` gives the url name `parts:size`."""

from django.urls import path

from yinuo.faces.parts import views

app_name = "parts"
urlpatterns = [path("size", views.size, name="size")]
