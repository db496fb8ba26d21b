"""Pages of the desk (评审席页面), one file per noun."""
