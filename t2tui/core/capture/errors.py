"""What goes wrong when a capture is opened."""


class CaptureError(Exception):
    """A capture cannot be read at all.

    Attributes:
        message: what is wrong and with which file, in the words of the reference's ``[ERR]`` lines
            (without the mark).
        hint: what to do about it, a sentence.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
