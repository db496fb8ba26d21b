"""Tests of the house (测试)."""

# Holds the last ledger entry of the sample city, as every copy of a run's database begins; set by ``tests.embedded``.
ENTRIES = "MIFENG_TESTS_ENTRIES"
