"""The screens of the program: one module per screen."""
