"""The search itself, for any machine: breadth-first, with states as numbers and recorded steps.

**Breadth first.** `Search` (search.py) visits all states one step away, then all states two steps away, and so on, each
state once. So a shortest run leads to the first bad state. The search is a loop over a set; everything else makes it
fast.

**The trick.** Running a hypercall in Python takes some 20 microseconds. A small scenario has thousands of states, an
untrusted host hundreds of thousands. But a step of a hypercall *reads only a few things*: finalise's first region reads
the slot, the VM's struct and the count of its page. In every other state with the same slot, struct and count, it does
the same.

1. *A step is run once for each combination of values that it reads* (`Tree`, tables.py). It is the model's own
   function, and does not know that it runs on a table that traces what is read (`TracingTable`, packing.py). What it
   reads, value by value, is a path in a tree; what it writes is the leaf. From then on the search follows the path.
2. *A state is one whole number* (`Packing`, packing.py). Each part of the state has a few bits of the number, and each
   value that this part has had is a pattern of these bits. So a leaf replaces some bits by others; for a given state,
   that means *adding* a number.
3. *A part that runs out of patterns gets one more bit, at the top.* What was recorded about smaller numbers stays true,
   since the new bit is 0 in all of them: nothing is ever thrown away or moved.
4. *Whole answers are looked up by masked bits* (`LookupTable`, tables.py): the parts that a tree has ever read form a
   mask, and one look-up of `number & mask` finds what to add. A predicate about states is evaluated in the same way:
   once for each combination of the values that it reads.
5. *What is asked about each VM is asked about one VM at a time* (`Each`, cases.py): two VMs together have far more
   combinations of values than the two have one at a time.
6. *Trees that read mostly the same bits share a table* (`group_tables`, tables.py) once there are a few dozen states:
   one look-up for many actions.

No state stores where it came from. A run to a bad state is found backwards, level by level: for each edge that could
have led there, the search looks for states that differ only in the edge's bits.

**Whole levels.** With numpy the same trees are applied to whole levels at a time (`LevelSearch`, levels.py).

1. *What changes together is numbered together* (`Fields`, fields.py). Everything that belongs to a VM occurs in a few
   hundred combinations of values, so it needs about ten bits, not thirty. So two VMs fit into one machine number.
   Where a state needs more, its number becomes a pair (`TwoWords`, words.py).
2. *Answers become rows of an array* (`Rows`, rows.py), found by what was read (`Projection`, places.py). What a step
   reads depends on what it reads first, which is a CPU with its call under way. So each value of that part is a branch
   with rows of its own.
3. *A property is asked once for each combination of values that it reads* (`Unanswered`, asked.py).
4. *Of the states that differ only in names, one is explored* (`Symmetry`, symmetry.py), if the caller asks for that
   and the machine says which names can be exchanged. To exchange names in a short number, the search exchanges the
   values of its fields: the result is a sum of numbers from arrays. An explored state counts as all that it stands for.

**Fewer orders.** Most steps of different CPUs touch nothing in common, and then their order does not matter. A reduced
search (independence.py) takes one step alone in a state in which nothing conflicts with it: no step of the others that
can come before it changes what it does, writes what it writes, or does something else after it. The trees say what
each step reads and writes. They learn during the search, so every step that was taken alone is judged again at the end.
Where a tree does not know what another step would do after this one, it is run there, even if no run may lead there.

None of this changes an answer: `tests/explore` repeats small searches without any of it, one plain step at a time, and
compares states, transitions and verdicts.
"""
