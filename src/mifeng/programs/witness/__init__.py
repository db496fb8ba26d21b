"""The witness (见证人): remembers how far it saw each log and cosigns only what continues it.

It runs at another body than the platform, on another machine, with its own key and its own small database. That it
never forgets is its whole worth: a log that once got its signature under one history can never get it under another.
It speaks C2SP tlog-witness over HTTP and needs neither the platform nor its framework. The same memory makes it a
contributor to draws of experts: it gives one random value for each draw that a notice listed, and never a second one.
"""
