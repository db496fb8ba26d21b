"""Addresses of the desk room."""

from django.urls import path

from mifeng.web.desk.views import entrance, files, room, scores, settling

app_name = "desk"
urlpatterns = [
    path("enter", entrance.enter, name="enter"),
    path("", room.index, name="index"),
    path("call", room.call, name="call"),
    path("<uuid:lot>", room.show, name="show"),
    path("<uuid:lot>/chair", room.vote, name="chair"),
    path("<uuid:lot>/unable", room.unable, name="unable"),
    path("<uuid:lot>/page/<str:code>/<str:key>/<int:number>.png", files.page, name="page"),
    path("<uuid:lot>/file/<str:code>/<str:key>.pdf", files.file, name="file"),
    path("<uuid:lot>/cells/<str:part>", scores.cells, name="cells"),
    path("<uuid:lot>/sheet/<str:part>.json", scores.sheet, name="sheet"),
    path("<uuid:lot>/sign/<str:part>", scores.sign, name="sign"),
    path("<uuid:lot>/bids", settling.bids, name="bids"),
    path("<uuid:lot>/bids/<str:bid>/reject", settling.reject, name="reject"),
    path("<uuid:lot>/bids/<str:bid>/grant/<str:deduction>", settling.grant, name="grant"),
    path("<uuid:lot>/abnormal", settling.abnormal, name="abnormal"),
    path("<uuid:lot>/withdraw", settling.withdraw, name="withdraw"),
    path("<uuid:lot>/correct", settling.correct, name="correct"),
    path("<uuid:lot>/conclude", settling.conclude, name="conclude"),
    path("<uuid:lot>/report.pdf", settling.paper, name="paper"),
    path("<uuid:lot>/report", settling.report, name="report"),
]
