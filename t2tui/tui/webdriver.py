"""The driver of a program whose terminal is a page in a browser."""

from textual import messages
from textual.drivers.web_driver import WebDriver


class PageDriver(WebDriver):
    """Textual's driver for browsers, which ends the program when the server is gone."""

    def run_input_thread(self) -> None:
        """Hand on what comes from the page; its end is that of the program."""
        super().run_input_thread()
        if not self.exit_event.is_set():
            self._app.post_message(messages.ExitApp())
