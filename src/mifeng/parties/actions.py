"""Acts about organisations, persons and posts (主体办理)."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cache
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password

from mifeng.kernel import clock, reads
from mifeng.kernel.acting import acting
from mifeng.kernel.actors import Actor
from mifeng.kernel.wording import check_wording
from mifeng.parties.guards import check_appointment, check_operator, check_organisation
from mifeng.parties.models import Organisation, Person, Post, SignInAttempt
from mifeng.parties.queries import as_actor
from mifeng.rules.errors import NotEntitled, Reason

MAX_NAME = 200
MAX_ACCOUNT = 60
WINDOW = timedelta(minutes=15)
TRIES_PER_ACCOUNT = 5
TRIES_PER_ADDRESS = 50
# No account can be typed that begins with a control character, so nobody slows a seat down by signing in.
PLACE = "\x01"


class Hashed(str):
    """A password as it is kept (散列值), made before the act that keeps it."""

    __slots__ = ()


def hashed(passwords: Iterable[str]) -> list[Hashed]:
    """Return passwords as they are kept (计算散列); several at once, since each costs a quarter of a second."""
    with ThreadPoolExecutor() as pool:
        return [Hashed(one) for one in pool.map(make_password, passwords)]


def register_organisation(facts: Mapping[str, str], *, by: Actor) -> Organisation:
    """Register an organisation (主体登记).

    Args:
        facts: ``code`` (18 characters), ``name``, ``kind``, ``region`` (6 digits), ``phone``.
        by: the operator who sets the platform up.

    Raises:
        NotEntitled: ``wrong-post``.
        Unfair: ``malformed`` for each field at fault, ``too-large``.
    """
    check_operator(by, step="register_organisation")
    check_wording(facts["name"], field="name", limit=MAX_NAME, empty="malformed")
    with acting("register_organisation", by=by) as act:
        check_organisation(facts)
        return act.add(Organisation(**facts), "register", **facts)


def appoint(organisation: UUID, facts: Mapping[str, str], *, by: Actor) -> Post:
    """Give a person a post (设岗): a new account, its password and the post in one act.

    Args:
        organisation: the organisation's id.
        facts: ``account``, ``name``, ``password`` as typed or ``Hashed``, ``role``, ``title``, ``site`` for officers.
        by: the operator.

    Raises:
        NotEntitled: ``wrong-post``.
        Unfair: ``malformed`` for each field at fault, ``too-large``.
    """
    check_operator(by, step="appoint")
    for field, limit in (("account", MAX_ACCOUNT), ("name", MAX_NAME), ("title", MAX_NAME)):
        check_wording(facts[field], field=field, limit=limit, empty="malformed")
    given = facts["password"]
    password = given if isinstance(given, Hashed) else make_password(given)
    with acting("appoint", by=by) as act:
        check_appointment(organisation, facts)
        person = Person(account=facts["account"], name=facts["name"], password=password)
        act.add(person, "account")
        post = Post(
            person=person,
            organisation_id=organisation,
            role=facts["role"],
            title=facts["title"],
            site=facts.get("site", ""),
        )
        return act.add(post, "appoint", role=facts["role"], organisation=organisation)


def sign_in(account: str, password: str, *, address: str) -> Post:
    """Check account and password and return the person's post (登录); what came of it is in the next minute's digest.

    Args:
        account: as typed.
        password: as typed.
        address: the client's address, for slowing down guessing.

    Raises:
        NotEntitled: ``too-many-attempts`` with the moment at which the next try is heard, ``sign-in-failed``.
        Unfair: ``malformed`` for an account that nobody can have typed.
    """
    at = clock.now()
    check_wording(account[: MAX_ACCOUNT + 1], field="account", limit=MAX_ACCOUNT + 1)
    check_attempts(account, address)
    nobody = _nobody()
    post = Post.objects.select_related("person", "organisation").filter(
        person__account=account, person__is_active=True, active=True
    ).first()  # fmt: skip
    right = check_password(password, post.person.password if post else nobody) and post is not None
    SignInAttempt.objects.create(account=account[:MAX_ACCOUNT], address=address, at=at, succeeded=right)
    if not right or post is None:
        raise NotEntitled(Reason("sign-in-failed"))
    reads.note("signed-in", as_actor(post), f"parties.post:{post.pk}")
    return post


def check_attempts(account: str, address: str = "", *, tries: int = TRIES_PER_ACCOUNT) -> None:
    """Refuse a sign-in after too many failures for the account or from the address (登录限制).

    Args:
        account: as typed; for a seat ``PLACE`` and its computer.
        address: the client's address; empty where it does not count, as at seats, which may share one.
        tries: failures of one account after which the next try waits.

    Raises:
        NotEntitled: ``too-many-attempts``.

    Source: our choice (ADR-1)
    """
    since = clock.now() - WINDOW
    failures = SignInAttempt.objects.filter(at__gt=since, succeeded=False)
    counted = [(failures.filter(account=account[:MAX_ACCOUNT]), tries)]
    if address:
        elsewhere = failures.filter(address=address).exclude(account__startswith=PLACE)
        counted.append((elsewhere, TRIES_PER_ADDRESS))
    for rows, limit in counted:
        times = list(rows.order_by("-at").values_list("at", flat=True)[:limit])
        if len(times) == limit:
            raise NotEntitled(Reason("too-many-attempts", until=times[-1] + WINDOW))


@cache
def _nobody() -> str:
    """Return a password that nobody has.

    A sign-in with an unknown account must take as long as one with a known account, or the difference names the
    accounts. So the first sign-in of a process pays for this, whoever it is, and the start of a process does not.
    """
    return make_password("nobody signs in with this")
