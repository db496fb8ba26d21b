"""The story that several proofs read (受扰演示): played once, from entry to verified evidence, under all kills."""

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from mifeng.sample.demo.story import Scene, play
from mifeng.sample.demo.timeline import Timeline
from tests.prove.shaken import Killer, Shaken, planned, planned_scoring
from tests.stack import Stack

VICTIMS = ("worker", "sequencer", "witness", "witness-2", "trustee-1", "trustee-2", "trustee-3", "postgres")


@dataclass
class Told:
    """A story that was played to its end although programs died (受扰演示)."""

    stack: Stack
    stage: Shaken
    scene: Scene
    sealed: list[str]
    scored: list[str]


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Play the story in test mode, as its clock is moved; its platform is there until the last proof is over."""
    stack = Stack(tmp_path_factory.mktemp("told"), test_mode=True)
    stack.start()
    seed = int(os.environ.get("MIFENG_SEED", "0")) or random.randrange(10**6)  # noqa: S311 - moments, no secrets
    drawn, share = random.Random(seed), float(os.environ.get("MIFENG_PROVE", "1"))  # noqa: S311 - as above
    sealed, scored = planned(drawn, VICTIMS, share), planned_scoring(drawn, share)
    plan = sealed | scored
    shown = ", ".join(f"{name}: {victim} +{delay:.2f} s" for name, (_, victim, delay) in plan.items())
    print(f"MIFENG_SEED={seed}: {shown}")
    killer = Killer(stack, plan)
    stage = Shaken(stack.base, stack.data, stack.variables, Timeline())
    scenes: list[Scene] = []
    killer.start()
    try:
        play(stage, lambda _chapter, scene: scenes.append(scene))
        assert (killer.failure, sorted(killer.done)) == (None, sorted(plan))
        stack.until(stack.ready, "the platform is ready after the last kill")
        print(f"{len(plan)} kills, {stage.repeated} commands given again")
        yield Told(stack, stage, scenes[-1], list(sealed), list(scored))
    finally:
        killer.stopping.set()
        killer.join(90)
        stage.leave()
        stack.stop()
