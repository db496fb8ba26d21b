"""Tests of the house (测试)."""
