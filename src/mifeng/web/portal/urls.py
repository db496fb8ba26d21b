"""Addresses of the portal room."""

from django.urls import path

from mifeng.web.portal import draws, evidence, proofs, results, views

app_name = "portal"
urlpatterns = [
    path("", views.index, name="index"),
    path("projects/<uuid:tender>", views.project, name="project"),
    path("projects/<uuid:tender>/draw", draws.draw, name="draw"),
    path("projects/<uuid:tender>/draw.json", draws.draw_file, name="draw-file"),
    path("projects/<uuid:tender>/evidence", evidence.file, name="evidence"),
    path("projects/<uuid:tender>/verification", evidence.page, name="verification"),
    path("projects/<uuid:tender>/lots/<uuid:lot>/result", results.result, name="result"),
    path("projects/<uuid:tender>/lots/<uuid:lot>/result.json", results.file, name="result-file"),
    path("documents/<uuid:document>", views.document, name="document"),
    path("sites", views.sites, name="sites"),
    path("rules", views.rules, name="rules"),
    path("verify", proofs.verify, name="verify"),
    path("checkpoint", proofs.checkpoint, name="checkpoint"),
]
