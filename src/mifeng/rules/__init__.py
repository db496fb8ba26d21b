"""Rules and proofs (法规与凭证): value types and pure functions.

Nothing in this package reads a file, a clock, a database or a source of randomness; what it needs comes in as an
argument. That is why the same code can decide inside the platform and be replayed by a bidder, a witness or a court.
"""
