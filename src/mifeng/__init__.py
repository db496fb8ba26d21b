"""弥封 Mifeng: public-resource trading with remote, distributed bid evaluation (远程异地评标), checked, not trusted."""
