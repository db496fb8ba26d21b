"""Pages of the workspace (办理页面), one module per noun."""
