"""Tests of rules: tables and properties, touching nothing outside."""
