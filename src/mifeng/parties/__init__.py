"""Parties (交易主体): organisations, persons, posts (岗位), and how a person signs in."""
