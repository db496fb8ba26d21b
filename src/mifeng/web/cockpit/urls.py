"""Addresses of the cockpit room."""

from django.urls import path

from mifeng.web.cockpit import evidence, judged, views

app_name = "cockpit"
urlpatterns = [
    path("", views.index, name="index"),
    path("<uuid:pk>", views.project, name="project"),
    path("<uuid:pk>/lots/<uuid:lot_id>", judged.evaluation, name="evaluation"),
    path("<uuid:pk>/lots/<uuid:lot_id>/report", judged.report, name="report"),
    path("<uuid:pk>/evidence", evidence.evidence_file, name="evidence"),
]
