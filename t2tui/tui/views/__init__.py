"""What stands below the tabs: one module per view."""
