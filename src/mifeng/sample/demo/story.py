"""The story of the demo (演示情节): one project from its entry to its verified evidence, as its people play it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from mifeng.sample.demo.arrival import Card, Sit, authorise, let_in
from mifeng.sample.demo.bids import Bidder, confirm_keys, hand_in
from mifeng.sample.demo.desk import Slip, elect_chair, review_business, review_technical, settle
from mifeng.sample.demo.draw import Invited, draw_experts
from mifeng.sample.demo.entry import Project, bring_in
from mifeng.sample.demo.evidence import verify
from mifeng.sample.demo.opening import close_bidding, show_opening
from mifeng.sample.demo.result import award
from mifeng.sample.demo.review import examine
from mifeng.sample.demo.seat import Seat, take_seat
from mifeng.sample.demo.stage import Stage


@dataclass
class Scene:
    """What the story has brought about so far (剧情进展); a chapter finds here what earlier ones left.

    Args:
        stage: where it is played.
        sit: opens the computer of a seat with its code.
    """

    stage: Stage
    sit: Sit = take_seat
    project: Project = field(init=False)
    bidders: list[Bidder] = field(default_factory=list)
    coming: list[Invited] = field(default_factory=list)
    deputy: Card = field(default_factory=dict)
    seats: list[Seat] = field(default_factory=list)
    slip: Slip = field(init=False)

    def enter(self) -> None:
        """From the entry of the project to its notice (进场至公告)."""
        self.project = bring_in(self.stage)

    def bid(self) -> None:
        """Four suppliers hand in (投标)."""
        self.bidders = hand_in(self.stage, self.project)

    def draw(self) -> None:
        """The experts are drawn, the purchaser names its representative (抽取)."""
        self.coming = draw_experts(self.stage, self.project)
        self.deputy = authorise(self.stage, self.project)

    def open(self) -> None:
        """The deadline passes, all bids open at once (开标)."""
        close_bidding(self.stage, self.project)
        confirm_keys(self.stage, self.project, self.bidders)
        show_opening(self.stage, self.project)

    def examine(self) -> None:
        """The agency looks at everybody's papers (资格审查)."""
        examine(self.stage, self.project)

    def arrive(self) -> None:
        """The committee checks in and takes its seats (签到)."""
        self.seats = let_in(self.stage, self.coming, self.deputy, self.sit)

    def elect(self) -> None:
        """The committee elects its chair and is given its codes (推选组长)."""
        elect_chair(self.stage, self.seats)

    def review(self) -> None:
        """Technical files are scored under codes, and the scores locked (技术评审)."""
        self.slip = review_technical(self.stage, self.project, self.seats)

    def weigh(self) -> None:
        """The business part is scored, everything shown at once (商务评审)."""
        review_business(self.stage, self.project, self.seats)

    def settle(self) -> None:
        """A slip is corrected, the report signed (汇总与报告)."""
        settle(self.stage, self.project, self.seats, self.slip)

    def award(self) -> None:
        """The result is decided and published (定标)."""
        award(self.stage, self.project)

    def verify(self) -> None:
        """The evidence is exported and checked (核验)."""
        verify(self.stage, self.project)


CHAPTERS: tuple[Callable[[Scene], None], ...] = (
    Scene.enter,
    Scene.bid,
    Scene.draw,
    Scene.open,
    Scene.examine,
    Scene.arrive,
    Scene.elect,
    Scene.review,
    Scene.weigh,
    Scene.settle,
    Scene.award,
    Scene.verify,
)
Look = Callable[[str, Scene], None]


def play(stage: Stage, look: Look | None = None) -> Project:
    """Play it from the entry of the project to the evidence of its result, and return the project.

    Args:
        stage: where it is played.
        look: called behind each chapter with its name, for somebody who looks around meanwhile.

    Raises:
        Unexpected: as soon as the platform answers other than the story says; ``Fault`` when a check fails.
    """
    scene = Scene(stage)
    for chapter in CHAPTERS:
        chapter(scene)
        if look:
            look(chapter.__name__, scene)
    return scene.project
