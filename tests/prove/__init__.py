"""Long proofs (长时验证): ``make prove`` runs them, ``MIFENG_PROVE=0.1`` a tenth of them."""
