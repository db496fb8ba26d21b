"""Addresses of the site room."""

from django.urls import path

from mifeng.web.site import computers, doors, kiosk, views

app_name = "site"
urlpatterns = [
    path("", views.index, name="index"),
    path("requests/<uuid:request_id>", views.asked, name="request"),
    path("projects/<uuid:tender>", views.project, name="project"),
    path("seats", views.seats, name="seats"),
    path("board", views.board, name="board"),
    path("door", doors.door, name="door"),
    path("gate", doors.gate, name="gate"),
    path("gate/open", doors.open_checkin, name="open-checkin"),
    path("gate/absent", doors.absent, name="absent"),
    path("gate/vouch", doors.vouch, name="vouch"),
    path("calls/answer", doors.answer, name="answer-call"),
    path("computers/open", computers.open_here, name="open-computer"),
    path("computers/close", computers.close, name="close-computer"),
    path("kiosk", kiosk.show, name="kiosk"),
    path("kiosk/open", kiosk.open_here, name="open-kiosk"),
    path("kiosk/close", kiosk.close, name="close-kiosk"),
    path("kiosk/call", kiosk.call, name="kiosk-call"),
    path("kiosk/done", kiosk.done, name="kiosk-done"),
    path("kiosk/<slug:step>", kiosk.take, name="kiosk-step"),
]
