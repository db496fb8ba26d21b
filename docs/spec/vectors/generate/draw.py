"""Vectors of ``draw.md``."""

from ecvrf import vrf


def draw():
    return {"vrf": vrf()}
