"""Addresses of the cockpit room."""

from django.urls import path

from mifeng.web.cockpit import views

app_name = "cockpit"
urlpatterns = [
    path("", views.index, name="index"),
    path("<uuid:pk>", views.project, name="project"),
]
