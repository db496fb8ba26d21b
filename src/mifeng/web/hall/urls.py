"""Addresses of the hall room."""

from django.urls import path

from mifeng.web.hall import views

app_name = "hall"
urlpatterns = [
    path("", views.index, name="index"),
    path("<uuid:lot>", views.show, name="show"),
    path("<uuid:lot>/record", views.record, name="record"),
]
