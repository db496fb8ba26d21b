"""Figures (性能数据): ``make bench`` measures them and writes ``build/bench.json``; nothing here is a test with a clock."""
