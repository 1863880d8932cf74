"""Visits every state that a machine can reach, and finds the shortest way to a bad one.

The layers, each built on those before it: `engine` searches any machine. `machines` makes machines of the model: the
scripts of a *scene* (a bench prepared on one kernel, from `pkvm_model.scenes`), or a host that may call anything.
`check` asks *properties* about all states of a machine, in an *exploration*; `properties` has the invariants. A
*scenario* is what to explore on any kernel: setup, scripts, what it is about, and the questions about it; on a kernel
it becomes a scene, and so a machine. A race is a scenario with a number (`races`), a good run is one with a goal
(`fixes`), an untrusted host is one without scripts (`invariants`), and a scene can be made one. `outcomes` finds the
worst that can happen in a scenario; `inquiry` answers its questions in words, a slice at a time. On these stand
`mutants`, `fixes` and `compare`; `catalogue` finds scenarios by name.
"""
