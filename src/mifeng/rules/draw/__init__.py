"""The draw of experts RD1 (专家抽取): random, repeatable by anyone, and not to be repeated by anybody until it pleases.

* the **pool** of a site, all who may and all who may not be drawn, is committed to and logged first (``pool``);
* the **lots**: contributors named in the policy, all of whom count, make the seed from it; everybody's rank follows
  (``lots``, on the verifiable random values of ``rules.vrf``);
* the **walk** goes along the order from the top; nobody is passed over without a recorded outcome (``walk``);
* a **disclosure** is published with the award (``disclosure``), and anyone can verify it (``verification``).

What is shown: everybody's rank is uniform, and a person is passed over only for a recorded reason or because already
accepted in an earlier cell. Who is in the library stays the library's word. ``docs/spec/draw.md`` numbers what a reader
must check.
"""
