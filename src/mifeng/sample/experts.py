"""The library of the sample municipality (示范专家库): 120 invented persons, seen at a glance to be so.

Their names join a heavenly stem, the word 虚 and an earthly branch. Telephones lie in a range that no mobile number
has, identity numbers pass their check in a region that is not assigned. Half of them know furniture, half know property
management; some stand in the city's library, some in a county's. A few work for organisations of the sample city or
have declared a relation to one, so that somebody has to stand aside.
"""

from collections.abc import Sequence

from stdnum.cn import ric

from mifeng.experts.actions import NewExpert, add_experts
from mifeng.experts.models import Expert
from mifeng.kernel.actors import Actor
from mifeng.parties.models import Organisation

KEEPER = Actor(role="librarian", handle="operator")
STEMS = "甲乙丙丁戊己庚辛壬癸"
BRANCHES = "子丑寅卯辰巳午未申酉戌亥"
CITY = "150800"
# Where the persons of one speciality stand, 60 in all: region, tier, how many.
PLACES = (("150800", "city", 27), ("150826", "county", 12), ("150821", "county", 11), ("150822", "county", 10))
SPECIALITIES = (
    ("A080101", "A080102", "A080201"),  # desks, cabinets, seating
    ("C040101", "C040201", "C040202"),  # cleaning, guarding, repairs
)
EMPLOYERS = ("辛河设计研究所", "壬沙职业学院", "癸原质检中心", "庚阴物业协会")
EVERY_EMPLOYED, EVERY_RELATED, EVERY_UNTRAINED = 17, 13, 37


def build() -> None:
    """Fill the library once (建立示范专家库); one that holds somebody is left as it is."""
    if not Expert.objects.exists():
        add_experts(people(list(Organisation.objects.order_by("code"))), by=KEEPER)


def people(organisations: Sequence[Organisation]) -> list[NewExpert]:
    """Return the invented persons; those tied to an organisation of the city are spread over all of them."""
    firms = [one for one in organisations if one.kind not in (Organisation.Kind.CENTRE, Organisation.Kind.SUPERVISOR)]
    places = [(region, tier) for region, tier, number in PLACES for _ in range(number)]
    found = []
    for index in range(len(STEMS) * len(BRANCHES)):
        region, tier = places[index // 2 % len(places)]
        classes = SPECIALITIES[index % 2]
        firm = firms[index // EVERY_EMPLOYED % len(firms)] if firms and index % EVERY_EMPLOYED == 0 else None
        related = firms and index % EVERY_RELATED == 0
        found.append(
            NewExpert(
                name=f"{STEMS[index // len(BRANCHES)]}虚{BRANCHES[index % len(BRANCHES)]}",
                phone=f"104{index:08d}",
                number=identity_number(region, index),
                employer=firm.name if firm else EMPLOYERS[index % len(EMPLOYERS)],
                employer_code=firm.code if firm else "",
                relations=(firms[index // EVERY_RELATED % len(firms)].code,) if related else (),
                region=region,
                tier=tier,
                specialities=(classes[index // 2 % len(classes)],),
                trained=index % EVERY_UNTRAINED != EVERY_UNTRAINED - 1,
            )
        )
    return found


def identity_number(region: str, index: int) -> str:
    """Return an identity number with a right check digit in a region that is not assigned (59xxxx)."""
    body = f"59{region[2:]}{1960 + index % 30}{1 + index % 12:02d}{1 + index % 28:02d}{index:03d}"
    return f"{body}{ric.calc_check_digit(f'{body}0')}"
