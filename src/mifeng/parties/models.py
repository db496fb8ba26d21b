"""Facts about organisations, persons and posts (主体库)."""

import secrets
import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


def new_handle() -> str:
    """Return a fresh opaque handle: 16 hex digits that say nothing about the person."""
    return secrets.token_hex(8)


class Organisation(models.Model):
    """An organisation (单位), keyed by its unified social credit code; its name may change."""

    class Kind(models.TextChoices):
        CENTRE = "centre", "公共资源交易中心"
        PURCHASER = "purchaser", "采购人"
        AGENCY = "agency", "社会代理机构"
        CENTRAL_AGENCY = "central-agency", "集中采购机构"
        SUPERVISOR = "supervisor", "监督部门"
        SUPPLIER = "supplier", "供应商"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    code = models.CharField(max_length=18, unique=True)
    name = models.TextField()
    kind = models.CharField(max_length=20, choices=Kind)
    region = models.CharField(max_length=6)
    banned_until = models.DateField(null=True)
    phone = models.TextField(blank=True)


class PersonManager(BaseUserManager["Person"]):
    """Find a person by account, as Django's sign-in asks."""


class Person(AbstractBaseUser):
    """A natural person with an account (自然人)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.CharField(max_length=60, unique=True)
    name = models.TextField()
    is_active = models.BooleanField(default=True)

    USERNAME_FIELD = "account"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[PersonManager] = PersonManager()


class Post(models.Model):
    """A person's post in an organisation (岗位): the unit of entitlement and of responsibility.

    ``site`` names the site of an officer by its id; sites stand in a higher context. ``handle`` is what the ledger
    knows.
    """

    class Role(models.TextChoices):
        AGENCY = "agency", "代理机构经办"
        BUYER = "buyer", "采购人经办"
        HOST = "host", "主场场地岗"
        GUEST = "guest", "副场场地岗"
        SUPERVISOR = "supervisor", "监督岗"
        BIDDER = "bidder", "供应商经办"
        LIBRARIAN = "librarian", "专家库管理岗"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=12, choices=Role)
    title = models.TextField()
    site = models.CharField(max_length=36, blank=True)
    handle = models.CharField(max_length=16, unique=True, default=new_handle)
    active = models.BooleanField(default=True)

    class Meta:
        indexes = [models.Index("organisation", "role", name="post_of"), models.Index("site", name="post_at")]


class SignInAttempt(models.Model):
    """One try to sign in (登录尝试), the ground on which further tries are slowed down."""

    account = models.CharField(max_length=60)
    address = models.GenericIPAddressField()
    at = models.DateTimeField()
    succeeded = models.BooleanField()

    class Meta:
        indexes = [
            models.Index("account", "at", name="attempt_account"),
            models.Index("address", "at", name="attempt_address"),
        ]


class SeatPass(models.Model):
    """A temporary post at one seat for one session (席位岗): opened by a code of one use, known by an opaque handle.

    Who holds it stands nowhere here. Of the code and of the seat's session only keyed hashes are kept; ``code_hash`` is
    empty once the code has been used. ``key`` is the public key of the seat's own client, a point in hexadecimal.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    handle = models.CharField(max_length=16, unique=True, default=new_handle)
    role = models.CharField(max_length=8)
    site = models.CharField(max_length=36)
    seat = models.CharField(max_length=64)
    code_hash = models.CharField(max_length=64, blank=True)
    code_until = models.DateTimeField()
    token_hash = models.CharField(max_length=64, blank=True, db_index=True)
    key = models.CharField(max_length=130, blank=True)
    starts_at = models.DateTimeField()
    until = models.DateTimeField()
    entered_at = models.DateTimeField(null=True)
    ended = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint("code_hash", condition=~models.Q(code_hash=""), name="seat_code_once"),
        ]
