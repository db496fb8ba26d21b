"""Figures (性能数据): ``make bench`` writes them to ``build/bench.json``; nothing here is a test with a clock."""
