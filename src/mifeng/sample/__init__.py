"""The sample municipality (示范城市): invented organisations and people, made by the same acts as real ones."""
