"""The mails of the SMTP conversations, all made up: number of the conversation, subject, recipient, text."""

from __future__ import annotations

from typing import NamedTuple


class Mail(NamedTuple):
    """A mail; ``attachment`` is the number of bytes of an attached file, 0 for none."""

    subject: str
    recipient: str
    text: str
    attachment: int = 0


MAILS: dict[int, Mail] = {
    14: Mail(
        "Room for Thursday",
        "alex@domex.example",
        """\
Hello Alex,

the small room is taken on Thursday. I booked the one on the second floor from ten to
twelve. Please bring the projector, the one up there has a broken lamp.

Pat
""",
    ),
    15: Mail(
        "Re: Room for Thursday",
        "pat@domex.example",
        """\
Fine with me, and the projector is in my car already.

Alex
""",
    ),
    17: Mail(
        "Agenda",
        "alex@domex.example",
        """\
Points so far:
  1. minutes of the last meeting
  2. new printer
  3. filing of the older patents
  4. anything else

Tell me by tomorrow noon what is missing.

Pat
""",
    ),
    18: Mail(
        "Re: Agenda",
        "pat@domex.example",
        """\
Could we have the printer first? Half of us will be gone by eleven, and it is the only point that
needs a decision.

Alex
""",
    ),
    19: Mail(
        "Floor plan",
        "facility@building.example",
        """\
Good afternoon,

attached is the floor plan with the desks where we would like to have them. The two
shelves can stay. Please tell us a day before you come.

Kind regards
Pat
""",
        12_000,
    ),
    21: Mail(
        "Lunch",
        "alex@domex.example",
        """\
Pizza or soup? I am ordering at a quarter to twelve.
The soup of today is leeks.

Pat
""",
    ),
    22: Mail(
        "Re: Lunch",
        "pat@domex.example",
        """\
Soup for me, please. Without coriander.
I am in the archive until noon.

Alex
""",
    ),
    23: Mail(
        "Invoice 2009-114",
        "orders@paper.example",
        """\
Dear Sir or Madam,

your invoice 2009-114 lists forty boxes of paper, but we received fourteen. Please
send the others or a corrected invoice. The delivery note is attached.

Alex
""",
        9_000,
    ),
    24: Mail(
        "Backup failed",
        "alex@domex.example",
        """\
The backup of last night stopped at 61 percent: no space left on the tape. I put in a new one and
start it again at six. Please log off before.

Pat
""",
    ),
    26: Mail(
        "Re: Backup failed",
        "pat@domex.example",
        """\
Will do. The old tapes are in the top drawer, the labels are on the short side.

Alex
""",
    ),
    27: Mail(
        "Search terms",
        "alex@domex.example",
        """\
For the novelty search use these words, one per line:

  hinge
  folding wing
  spring return
  detent

and leave out everything before 1985.

Pat
""",
    ),
    28: Mail(
        "The picture you asked for",
        "curator@museum.example",
        """\
Dear curator,

here is the picture of the music box, taken with the lid open. The comb has lost two
teeth, both in the treble; the cylinder is complete. If you need more light on the maker's mark,
I can take another at the weekend.

With kind regards
Alex
""",
        24_000,
    ),
    29: Mail(
        "Keys",
        "alex@domex.example",
        """\
Who has the key of the archive? It is not on the hook, and the book says it was returned on Monday.

Pat
""",
    ),
    30: Mail(
        "Re: Keys",
        "pat@domex.example",
        """\
I do, sorry. On my way back.

Alex
""",
    ),
    32: Mail(
        "Good night",
        "pat@domex.example",
        """\
Everything is filed, the lights are off and the cat of the neighbours is outside again.

Alex
""",
    ),
}
