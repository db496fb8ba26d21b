"""Addresses of the library room."""

from django.urls import path

from mifeng.web.library import views

app_name = "library"
urlpatterns = [
    path("", views.index, name="index"),
    path("new", views.new, name="new"),
    path("draws", views.draws, name="draws"),
    path("experts/<uuid:expert>", views.show, name="expert"),
    path("experts/<uuid:expert>/personal", views.personal, name="personal"),
]
