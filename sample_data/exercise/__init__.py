"""A synthetic capture that follows the printed listings of five Tranalyzer2 tutorials.

Every address, time, count and protocol line that the tutorials print is kept as data in these modules; what
they do not print (mails, web pages, the transferred program) is made up here.
"""
