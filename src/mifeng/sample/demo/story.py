"""The story of the demo (演示情节): one project from entry to the opening, act by act, as its people would play it."""

from mifeng.sample.demo.bids import confirm_keys, hand_in
from mifeng.sample.demo.draw import draw_experts
from mifeng.sample.demo.entry import bring_in
from mifeng.sample.demo.opening import close_bidding, show_opening, verify_log
from mifeng.sample.demo.stage import Stage


def play(stage: Stage) -> None:
    """Play it from the entry of the project to its opened bids.

    Raises:
        Unexpected: as soon as the platform answers other than the story says.
    """
    project = bring_in(stage)
    bidders = hand_in(stage, project)
    draw_experts(stage, project)
    close_bidding(stage, project)
    confirm_keys(stage, project, bidders)
    show_opening(stage, project)
    verify_log(stage)
