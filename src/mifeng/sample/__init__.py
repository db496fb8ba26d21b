"""The sample municipality (示范城市): invented organisations and people on real place names, made by the same acts as real ones."""
