"""The search itself, for any machine: states as numbers, recorded steps, breadth first.

**Breadth first.** `Search` (search.py) visits all states one step away, then all that are two steps away, and so on,
each state once. So the first bad state is one that a shortest run leads to. It is a loop over a set; the rest makes it
quick.

**The trick.** Running a hypercall in Python takes some 20 microseconds. A small scenario has thousands of states, an
untrusted host hundreds of thousands. But a step of a hypercall *reads only a few things*: finalise's first region reads
the slot, the VM's struct and the count of its page. In every other state in which those few are the same, it does the
same.

1. *A step is run once for each combination of values that it reads* (`Tree`, tables.py). It runs on a table that traces
   what is read (`TracingTable`, packing.py) and does not know it: it is the model's own function. What it reads, value
   by value, is a path in a tree; what it writes is the leaf. Next time the search follows the path instead.
2. *A state is one whole number* (`Packing`, packing.py). Each part of the state has a few bits of it, and each value
   that was met there is a pattern of these bits. So a leaf replaces some bits by others, and for one state that is a
   number to *add*.
3. *A part that runs out of patterns gets one more bit, at the top.* What was recorded about smaller numbers stays true,
   since the new bit is 0 in all of them: nothing is ever thrown away or moved.
4. *Whole answers are looked up by masked bits* (`LookupTable`, tables.py): the parts that a tree has ever read are a
   mask, and `number & mask` finds what to add at once. A predicate about states is evaluated in the same way: once for
   each combination of the values that it reads.
5. *What is asked about each VM is asked about one VM at a time* (`Each`, cases.py): two VMs together have far more
   combinations of values than one has, taken twice.
6. *Trees that read mostly the same bits share a table* (`group_tables`, tables.py) once there are some dozens of
   states: one look-up for many actions.

No state keeps where it came from. A run to a bad state is found backwards, level by level: for each edge that could
have led there, the search looks for states that differ in the edge's bits only.

**Whole levels.** With numpy the same trees are applied to whole levels at a time (`LevelSearch`, levels.py).

1. *What changes together is numbered together* (`Fields`, fields.py). All that belongs to a VM takes a few hundred
   combinations of values, so it needs some ten bits, not thirty. So two VMs fit into one machine number.
2. *Answers become rows of an array* (`Rows`, rows.py), found by what was read (`Projection`, places.py). What a step
   reads depends on what it reads first: so each value of that part, which is a CPU with its call under way, is a branch
   with rows of its own.
3. *A property is asked once for each combination of values that it reads* (`Unanswered`, asked.py).
4. *Of states that differ in names only, one is explored* (`Symmetry`, symmetry.py), if somebody asks for that and the
   machine says which names can be exchanged. To exchange names in a short number is to exchange the values of its
   fields: a sum of numbers from arrays. Each state that is explored counts for all that it stands for.

**Fewer orders.** Most steps of different CPUs touch nothing in common, and then their order does not matter. A reduced
search (independence.py) takes one step alone in a state in which nothing meets it: no step of the others that can come
before it writes what it reads, or does anything else behind it than before it. Who writes and reads what is in the
trees. They know more and more, so what was taken alone is judged again at the end. Where a tree does not know what a
step does on the other side, the step is run there, though nobody may ever come there.

None of this changes an answer: `tests/explore` runs small searches without any of it, one plain step after the other,
and compares states, transitions and verdicts.
"""
