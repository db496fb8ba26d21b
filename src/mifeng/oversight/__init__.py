"""Oversight (监督): what a supervisor finds and records. It reads all, and writes its own findings only."""
