"""Addresses of the supplier's room."""

from django.urls import path

from mifeng.web.supplier import results, views

app_name = "supplier"
urlpatterns = [
    path("", views.index, name="index"),
    path("<uuid:tender>", views.project, name="project"),
    path("<uuid:tender>/lots/<uuid:lot>/result", results.result, name="result"),
    path("<uuid:tender>/ticket", views.ticket, name="ticket"),
]
