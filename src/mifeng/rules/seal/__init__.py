"""The sealed bid (密封, 投标文件加密): the envelope BE1, suite I1, mode A, one stage.

A bid is sealed on the bidder's own machine so that nobody can read it before the opening, and so that its bidder can no
longer change what it says. To open it, two things must come together: the bidder's own key ``s_B`` and the shares of t
of n trustees, who release them only after the deadline and after the bidders' keys are closed.

* the **policy** says who the trustees are (``policy``);
* a number ``a0`` is **shared** among them, each share verifiable against public points (``sharing``);
* the **envelope** carries those points, a commitment to ``s_B``, the wrapped shares and the encrypted parts; its hash
  is what receipts and lists name (``envelope``);
* **sealing** makes one, **opening** reads one and says whose fault it is when that fails (``sealing``, ``opening``);
* **statements** are what bidder and trustees sign about it (``statements``).

For a logged envelope there is at most one content: ``sB_commit`` fixes ``s_B``, ``C_0`` fixes ``a0``, both fix the key
of every part, and every part commits to its key. ``docs/spec/envelope.md`` numbers what a reader must check.
"""
