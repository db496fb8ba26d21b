"""Fixtures of the rooms' tests (页面测试设施): the open check-in is that of the acts' tests."""

from tests.actions.conftest import at_the_door, door

__all__ = ["at_the_door", "door"]
