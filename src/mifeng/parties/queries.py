"""Reads about parties (主体查询)."""

from collections.abc import Iterable
from uuid import UUID

from mifeng.kernel.actors import Actor
from mifeng.parties.models import Organisation, Post


def actor_of(person_id: UUID | str) -> tuple[Actor, Post] | None:
    """Return the actor and the post of a signed-in person; None when the post or the account has ended."""
    posts = Post.objects.select_related("organisation").filter(person__is_active=True, active=True)
    post = posts.filter(person_id=person_id).first()
    if post is None:
        return None
    return as_actor(post), post


def as_actor(post: Post) -> Actor:
    """Return the actor that a post is."""
    return Actor(
        role=post.role,
        handle=post.handle,
        organisation=str(post.organisation_id),
        site=post.site,
        region=post.organisation.region,
        post=str(post.pk),
    )


def handles(*, organisation: UUID | str | None = None, site: str = "", role: str = "") -> list[str]:
    """Return the handles of the active posts of an organisation or a site."""
    posts = Post.objects.filter(active=True)
    if organisation:
        posts = posts.filter(organisation_id=organisation)
    if site:
        posts = posts.filter(site=site)
    if role:
        posts = posts.filter(role=role)
    return list(posts.order_by("handle").values_list("handle", flat=True)) if organisation or site else []


def roles(handles: Iterable[str]) -> dict[str, str]:
    """Return the role behind each handle that belongs to a post; who the person is stays unsaid."""
    return dict(Post.objects.filter(handle__in=list(handles)).values_list("handle", "role"))


def purchasers(by: Actor) -> list[Organisation]:
    """Return the purchasers an agency may enter a project for, by name."""
    if by.role != "agency":
        return []
    return list(Organisation.objects.filter(kind=Organisation.Kind.PURCHASER).order_by("name"))


def supervisors() -> list[Organisation]:
    """Return the supervising authorities (监督部门), by name."""
    return list(Organisation.objects.filter(kind=Organisation.Kind.SUPERVISOR).order_by("name"))


def organisation(pk: UUID | str) -> Organisation:
    """Return an organisation; organisations are public facts.

    Raises:
        DoesNotExist: when there is none.
    """
    return Organisation.objects.get(pk=pk)


def shares_organisation(by: Actor, handle: str) -> bool:
    """Tell whether a handle is that of a post like the actor's, past or present, in its own organisation.

    A centre keeps officers and the library's keeper under one roof; what one of them did is no business of the other.
    """
    if not by.organisation:
        return False
    return Post.objects.filter(handle=handle, organisation__pk=by.organisation, role=by.role).exists()


def post_titles(by: Actor) -> dict[str, str]:
    """Return handle → title of all posts, past and present, of the actor's own organisation."""
    if not by.organisation:
        return {}
    return dict(Post.objects.filter(organisation__pk=by.organisation).values_list("handle", "title"))
