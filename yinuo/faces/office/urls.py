"""The office: inbox, cases and what may be done with them, matters, figures, the ledger's own pages."""

from django.urls import path

from . import act, cases, figures, inbox, ledger, matters, record

app_name = "office"
urlpatterns = [
    path("", inbox.show, name="inbox"),
    path("claim/", inbox.claim, name="claim_many"),
    path("cases/", cases.show, name="cases"),
    path("cases/export.csv", cases.export, name="export"),
    path("cases/<str:number>/", record.show, name="case"),
    path("cases/<str:number>/act/claim/", act.claim, name="claim"),
    path("cases/<str:number>/act/assign/", act.assign, name="assign"),
    path("cases/<str:number>/act/note/", act.note, name="note"),
    path("cases/<str:number>/act/correct/", act.correct, name="correct"),
    path("cases/<str:number>/<slug:move>/", act.move, name="move"),
    path("matters/", matters.every, name="matters"),
    path("matters/<path:matter>/", matters.one, name="matter"),
    path("figures/", figures.show, name="figures"),
    path("ledger/", ledger.show, name="ledger"),
    path("ledger/seal/", ledger.seal, name="seal"),
]
