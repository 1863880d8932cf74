"""The course as a program: its command line, and a room for each kind of user.

`setup` makes the environment, `learner` works on the learner's copy, `publish` makes pages, slides and bundles, `teach`
reads hand-ins and writes for nbgrader, `dev` builds and tests. Each imports only from those before it; `lab`, `doctor`
and `cli` come last.
"""
