"""Addresses of the site room."""

from django.urls import URLPattern

app_name = "site"
urlpatterns: list[URLPattern] = []
