"""Sittings (评审委员会): the panel of a project; it brings people, places and bids together.

A sitting asks for one draw per site, tells each draw whom to keep apart from, and shows counts; who the people are
stays in the context of the experts.
"""
