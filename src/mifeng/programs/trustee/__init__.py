"""The trustee (开标受托人): keeps one share of every bid's opening number and releases it once, after the close.

It runs at another body than the platform, on another machine, with its own keys, its own clock and its own small
database. It believes the platform nothing but its witnessed log: a package is known to it by the notice, closes by one
list, for ever, not before the deadline by its own clock, and opens by one release. That it never forgets is its whole
worth. It needs neither the platform nor its framework.
"""
