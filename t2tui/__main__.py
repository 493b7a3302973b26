"""`python -m t2tui` is `t2tui`."""

import sys

from t2tui.cli import main

sys.exit(main())
