"""A made-up news web, written for this project, that can be served on loopback and crawled.

Every outlet, person, company, place and event in it is invented. What is true of it (who covered
what, in which event and story, leaning which way) stands in `truth.json`.
"""
