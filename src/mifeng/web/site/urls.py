"""Addresses of the site room."""

from django.urls import path

from mifeng.web.site import views

app_name = "site"
urlpatterns = [
    path("", views.index, name="index"),
    path("requests/<uuid:request_id>", views.asked, name="request"),
    path("projects/<uuid:tender>", views.project, name="project"),
    path("seats", views.seats, name="seats"),
    path("board", views.board, name="board"),
]
