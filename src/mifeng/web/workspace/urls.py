"""Addresses of the workspace room."""

from django.urls import path

from mifeng.web.workspace.views import (
    awards,
    documents,
    draws,
    entry,
    evaluation,
    notices,
    projects,
    representative,
    scoring,
    seats,
    signing,
    stopping,
)

app_name = "workspace"
urlpatterns = [
    path("", projects.index, name="index"),
    path("new", entry.new, name="new"),
    path("<uuid:pk>", projects.show, name="project"),
    path("<uuid:pk>/document", documents.upload, name="upload"),
    path("<uuid:pk>/document/<uuid:document>", documents.download, name="document"),
    path("<uuid:pk>/document/<uuid:document>/approve", documents.approve, name="approve"),
    path("<uuid:pk>/document/<uuid:document>/return", documents.send_back, name="return"),
    path("<uuid:pk>/seats", seats.plan, name="seats"),
    path("<uuid:pk>/seats/release", seats.release, name="release"),
    path("<uuid:pk>/seats/<uuid:request_id>/replan", seats.replan, name="replan"),
    path("<uuid:pk>/lots/<uuid:lot_id>/scoring", scoring.scoring, name="scoring"),
    path("<uuid:pk>/lots/<uuid:lot_id>/award", awards.award, name="award"),
    path("<uuid:pk>/lots/<uuid:lot_id>/award/<slug:name>", awards.carry_out, name="award-act"),
    path("<uuid:pk>/lots/<uuid:lot_id>/evaluation", evaluation.show, name="evaluation"),
    path("<uuid:pk>/lots/<uuid:lot_id>/evaluation/start", evaluation.start, name="start-evaluation"),
    path("<uuid:pk>/lots/<uuid:lot_id>/evaluation/stop", stopping.stop, name="stop-evaluation"),
    path("<uuid:pk>/lots/<uuid:lot_id>/evaluation/silence", signing.deem, name="deem"),
    path("<uuid:pk>/lots/<uuid:lot_id>/evaluation/report", evaluation.report, name="report"),
    path("<uuid:pk>/lots/<uuid:lot_id>/bids/<uuid:bid_id>", evaluation.review, name="review"),
    path(
        "<uuid:pk>/lots/<uuid:lot_id>/bids/<uuid:bid_id>/files/<int:number>",
        evaluation.qualification_file,
        name="qualification-file",
    ),
    path("<uuid:pk>/publish", notices.publish, name="publish"),
    path("<uuid:pk>/draw", draws.draw, name="draw"),
    path("<uuid:pk>/representative", representative.representative, name="representative"),
    path("<uuid:pk>/clarify", notices.issue_clarification, name="clarify"),
]
