"""What anybody opens without signing in."""

from django.urls import path

from yinuo.faces.public import board, data, verifying

app_name = "public"
urlpatterns = [
    path("", verifying.home, name="home"),
    path("receipts/", verifying.home, name="receipts"),
    path("receipts/check/", verifying.upload, name="upload"),
    path("receipts/<str:number>/", verifying.receipt, name="receipt"),
    path("receipts/<str:number>/receipt.json", verifying.receipt_json, name="receipt_json"),
    path("receipt_check.py", verifying.checker, name="checker"),
    path("v/<str:code>/", verifying.record, name="record"),
    path("promises/", board.board, name="board"),
    path("promises.csv", board.board_csv, name="board_csv"),
    path("promises.json", board.board_json, name="board_json"),
    path("promises/<slug:unit>/<slug:standing>/", board.behind, name="behind"),
    path("seals/", verifying.seals, name="seals"),
    path("seals/<int:number>/", verifying.seal, name="seal"),
    path("seals.json", data.seals_json, name="seals_json"),
    path("matters.json", data.matters_json, name="matters_json"),
    path("help/", data.help_page, name="help"),
]
