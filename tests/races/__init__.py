"""Races (并发): each is shown to happen with a guard taken away, then not to happen with it."""
