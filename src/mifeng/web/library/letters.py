"""Addresses of an expert's own page: no sign-in, the secret in the link is all there is."""

from django.urls import path

from mifeng.web.library import invitation

app_name = "invitation"
urlpatterns = [path("<str:token>", invitation.answer, name="answer")]
