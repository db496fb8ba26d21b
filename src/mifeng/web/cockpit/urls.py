"""Addresses of the cockpit room."""

from django.urls import URLPattern

app_name = "cockpit"
urlpatterns: list[URLPattern] = []
