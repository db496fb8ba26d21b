"""Evaluation (评标): the committee's judgement of the bids, from the qualification review to the signed report.

It only judges. Who the members are it does not know, nor does a seat learn whose file it reads: what a desk may see
comes from ``blind``, which has no way to bids, prices or names. Codes, cells and sheets that must stay closed are kept
under the desk's own key, outside the database.
"""
