"""The shell (页面外壳): base templates, the one stylesheet, words, and what every room needs around its pages."""
