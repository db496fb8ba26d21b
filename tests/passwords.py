"""Passwords of tests (测试口令): the platform's algorithm with little work."""

from django.contrib.auth.hashers import ScryptPasswordHasher


class Cheap(ScryptPasswordHasher):
    """scrypt with the least work that still is scrypt (低成本口令散列)."""

    work_factor = 2**4
