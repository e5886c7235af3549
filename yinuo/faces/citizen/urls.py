"""What citizens and enterprises open. The reserved words under my/<number>/ stand before <slug:move>."""

from django.urls import path

from yinuo.faces.citizen import account, acts, apply, files, home, mine, report

app_name = "citizen"
urlpatterns = [
    path("", home.home, name="home"),
    path("search/", home.search, name="search"),
    path("matters/", home.matter_list, name="matters"),
    path("matters/<path:matter>/start/", apply.start, name="start"),
    path("matters/<path:matter>/", home.guide, name="guide"),
    path("apply/<uuid:id_>/", apply.tasks, name="draft"),
    path("apply/<uuid:id_>/check/", apply.check, name="check"),
    path("apply/<uuid:id_>/discard/", apply.discard, name="discard"),
    path("apply/<uuid:id_>/files/<str:digest>/", files.of_draft, name="draft_file"),
    path("apply/<uuid:id_>/files/<str:digest>/remove/", apply.remove, name="draft_remove"),
    path("apply/<uuid:id_>/<slug:page>/", apply.page, name="page"),
    path("report/", report.choose, name="report"),
    path("report/near/", report.near, name="near"),
    path("report/<path:matter>/", report.report, name="report_matter"),
    path("messages/", account.message_list, name="messages"),
    path("messages/<int:id_>/", account.message, name="message"),
    path("my/", mine.mine, name="mine"),
    path("my/<str:number>/", mine.case, name="case"),
    path("my/<str:number>/done/", mine.done, name="done"),
    path("my/<str:number>/receipt/", mine.receipt, name="receipt"),
    path("my/<str:number>/receipt.json", mine.receipt_json, name="receipt_json"),
    path("my/<str:number>/letters/<int:seq>/", mine.letter, name="letter"),
    path("my/<str:number>/rate/", acts.rate, name="rate"),
    path("my/<str:number>/note/", acts.note, name="note"),
    path("my/<str:number>/<slug:move>/", acts.move, name="move"),
]
