"""Answers that do whatever Python lets them do, each with the beginning of the sentence that it gets.

Each ends by itself, so that no test has to wait for a limit.
"""
# ruff: noqa: E501
from __future__ import annotations

ANSWERS: dict[str, tuple[str, str]] = {
    "raise SystemExit": ("raise SystemExit(0)", "Your code failed: SystemExit"),
    "sys.exit text": ("import sys\nsys.exit('bye')", "Your code failed: SystemExit"),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", "Your code failed: KeyboardInterrupt"),
    "GeneratorExit": ("raise GeneratorExit", "Your code failed: GeneratorExit"),
    "StopIteration": ("raise StopIteration", "Your code failed: StopIteration"),
    "bare BaseException": ("class Mine(BaseException): pass\nraise Mine('x')", "Your code failed: Mine"),
    "exception group": (
        "raise ExceptionGroup('several', [ValueError('a'), TypeError('b')])",
        "Your code failed: ExceptionGroup"),
    "SyntaxError with odd fields": (
        "e = SyntaxError('x')\ne.text = 5\ne.lineno = []\nraise e",
        "Your code failed: SyntaxError"),
    "exec bad": ("exec('1 +')", "Your code failed: SyntaxError"),
    "os._exit": ("import os\nos._exit(0)", "Your answer ended the process that ran it."),
    "os.abort": ("import os\nos.abort()", "Your answer ended the process that ran it."),
    "SIGKILL": (
        "import signal\nsignal.raise_signal(signal.SIGKILL)",
        "Something ended the process that ran your answer:"),
    "SIGSEGV": (
        "import signal\nsignal.raise_signal(signal.SIGSEGV)",
        "Your answer ended the process that ran it."),
    "SIGINT": ("import signal\nsignal.raise_signal(signal.SIGINT)", "Your code failed: KeyboardInterrupt"),
    "deep C recursion": ("x = None\nfor _ in range(100000): x = [x]\nrepr(x)", "Your code failed: RecursionError"),
    "atexit exit": ("import atexit, sys\natexit.register(sys.exit, 5)\nanswer = '0'", "Look at what teardown checks:"),
    "atexit raises": ("import atexit\natexit.register(lambda: 1/0)\nanswer = '0'", "Look at what teardown checks:"),
    "replaced os._exit": ("import os\nos._exit = print\nanswer = '0'", "Look at what teardown checks:"),
    "zero": ("x = 1 / 0", "Your code failed: ZeroDivisionError"),
    "no message": ("assert False", "Your code failed: AssertionError"),
    "long message": ("raise ValueError('x' * 20_000_000)", "Your code failed: ValueError"),
    "message raises": (
        "class E(Exception):\n    def __str__(self): raise ValueError('again')\nraise E",
        "Your code failed: E"),
    "message exits": (
        "class E(Exception):\n    def __str__(self): raise SystemExit\nraise E",
        "Your code failed: E"),
    "message is no text": ("class E(Exception):\n    def __str__(self): return 5\nraise E", "Your code failed: E"),
    "message with controls": ("raise ValueError('\\x1b[31mred\\x07\\n\\r\\x00')", "Your code failed: ValueError"),
    "message with surrogate": ("raise ValueError('\\ud800')", "Your code failed: ValueError"),
    "name with controls": ("raise type('E\\x1b[2J', (Exception,), {})", "Your code failed: E\\x1b[2J."),
    "metaclass name raises": (
        "class M(type):\n    @property\n    def __name__(self): raise ValueError\nclass E(Exception, metaclass=M): pass\nraise E",
        "Your code failed: ValueError"),
    "cyclic chain": (
        "a, b = ValueError('a'), ValueError('b')\na.__cause__, b.__cause__ = b, a\nraise a",
        "Your code failed: ValueError"),
    "notes": ("e = ValueError('x')\ne.add_note('y' * 10 ** 7)\nraise e", "Your code failed: ValueError"),
    "notes no list": ("e = ValueError('x')\ne.__notes__ = 5\nraise e", "Your code failed: ValueError"),
    "memory list": ("x = [0] * 10 ** 10", "Your code failed: MemoryError"),
    "memory string": ("x = 'x' * 10 ** 10", "Your code failed: MemoryError"),
    "memory error raised": ("raise MemoryError", "Your code failed: MemoryError"),
    "int to text": ("str(10 ** 5000)", "Your code failed: ValueError"),
    "unicode": ("'\\ud800'.encode()", "Your code failed: UnicodeEncodeError"),
    "import missing": ("import numpy_of_mine", "Your code failed: ModuleNotFoundError"),
    "import relative": ("from . import x", "Your code failed: "),
    "import star": ("from pkvm_model.kernel import *\nanswer = '0'", "Look at what teardown checks:"),
    "future late": ("x = 1\nfrom __future__ import annotations", "Python cannot read your answer: "),
    "unbound": ("print(y)", "Your code failed: NameError"),
    "return": ("return 5", "Python cannot read your answer: "),
    "null byte": ("x = '\x00'", "Python cannot read your answer: "),
    "surrogate in text": ("x = '\ud800'", "Python cannot read your answer: "),
    "tabs": ("if 1:\n\tx\n        y", "Python cannot read your answer: "),
    "open quote": ("x = '''abc", "Python cannot read your answer: "),
    "nested brackets": ("(" * 1000 + ")" * 1000, "Python cannot read your answer: "),
    "long line": ("x = '" + "y" * 300_000 + "'\nanswer = '0'", "Look at what teardown checks:"),
    "many lines": ("pass\n" * 100_000 + "answer = '0'", "Look at what teardown checks:"),
    "huge int literal": ("x = " + "9" * 5000, "Python cannot read your answer: "),
    "bom": ("\ufeffanswer = '0'", "Python cannot read your answer: "),
    "crlf": ("x = 1\r\nanswer = '0'\r\n", "Look at what teardown checks:"),
    "encoding cookie unknown": ("# -*- coding: klingon -*-\nanswer = '0'", "Look at what teardown checks:"),
    "magic": ("%time x = 1", "Python cannot read your answer: "),
    "empty": ("", "There is no `answer` in your answer."),
    "dots": ("answer = ...", "`answer` is still open. "),
    "none": ("answer = None", "`answer` is None. Choose"),
    "nan": ("answer = float('nan')", "`answer` is nan. Choose "),
    "nested list": ("answer = []\nanswer.append(answer)", "`answer` is [[[[[[[...]]"),
    "huge number": ("answer = 10 ** 5000", "`answer` is something of"),
    "list with huge number": ("answer = [10 ** 5000]", "`answer` is something of"),
    "surrogate value": ("answer = '\\ud800'", "`answer` is '?'. Choose "),
    "controls value": ("answer = '\\x1b]0;x\\x07'", "`answer` is '\\"),
    "huge text": ("answer = 'x' * 10 ** 8", "`answer` is '"),
    "huge dict": ("answer = {n: n for n in range(10 ** 5)}", "`answer` is {0: 0, 1: 1,"),
    "object": ("answer = object()", "`answer` is "),
    "module": ("import os\nanswer = os", "`answer` is '"),
    "class": ("class answer: pass", "`answer` is "),
    "function": ("def answer(): pass", "`answer` is "),
    "generator": ("answer = (n for n in iter(int, 1))", "`answer` is "),
    "lazy range": ("answer = range(10 ** 18)", "`answer` is range(0, 100"),
    "evil repr": ("class A:\n    def __repr__(self): raise ValueError\nanswer = A()", "`answer` is "),
    "repr exits": (
        "class A:\n    def __repr__(self): raise SystemExit\nanswer = A()",
        "Your code failed: SystemExit"),
    "repr is no text": ("class A:\n    def __repr__(self): return 5\nanswer = A()", "`answer` is "),
    "huge repr": ("class A:\n    def __repr__(self): return 'x' * 10 ** 8\nanswer = A()", "`answer` is "),
    "evil eq": (
        "class A(str):\n    def __eq__(self, other): return True\n    def __hash__(self): return 0\n    def lower(self): return self\nanswer = A('0')",
        "`answer` is '0'. Choose "),
    "evil str": (
        "class A(str):\n    def __str__(self): raise ValueError\nanswer = A('0')",
        "`answer` is '0'. Choose "),
    "evil class": (
        "class A:\n    __class__ = property(lambda self: str)\n    def __str__(self): return '0'\nanswer = A()",
        "`answer` is "),
    "subclass of int": ("import enum\nclass A(enum.IntEnum):\n    X = 0\nanswer = A.X", "`answer` is "),
    "numpy-like": (
        "class A:\n    def __array__(self): raise ValueError\n    def __len__(self): return 10 ** 18\nanswer = A()",
        "`answer` is "),
    "names no text": ("globals()[5] = 6\nglobals()[None] = lambda: 0\nanswer = '0'", "Look at what teardown checks:"),
    "no names": ("globals().clear()", "There is no `answer` in your answer."),
    "no builtins": ("del __builtins__\nanswer = '0'", "Look at what teardown checks:"),
    "many names": ("for n in range(10 ** 5): globals()[f'n{n}'] = n\nanswer = '0'", "Look at what teardown checks:"),
    "prints": ("print('x' * 10 ** 7)\nanswer = '0'", "Look at what teardown checks:"),
    "prints of 1 MB": ("for _ in range(100): print('x' * 10 ** 6)\nanswer = '0'", "Look at what teardown checks:"),
    "prints a surrogate": ("print('\\ud800')\nanswer = '0'", "Look at what teardown checks:"),
    "prints controls": ("print('\\x1b[2J\\x07\\x00')\nanswer = '0'", "Look at what teardown checks:"),
    "stderr": ("import sys\nsys.stderr.write('x' * 10 ** 6)\nanswer = '0'", "Look at what teardown checks:"),
    "os.write 1": ("import os\nos.write(1, b'{}' * 10 ** 6)\nanswer = '0'", "Look at what teardown checks:"),
    "sys.__stdout__": (
        "import sys\nsys.__stdout__.write('x')\nsys.__stdout__.flush()\nanswer = '0'",
        "Look at what teardown checks:"),
    "closes stdout": ("import sys\nsys.stdout.close()\nanswer = '0'", "Look at what teardown checks:"),
    "stdout none": ("import sys\nsys.stdout = None\nprint('x')\nanswer = '0'", "Look at what teardown checks:"),
    "stdout seeks": (
        "import sys\nsys.stdout.seek(0)\nsys.stdout.truncate(0)\nfor n in range(1000):\n    sys.stdout.seek(0); print('x' * 100)\nanswer = '0'",
        "Look at what teardown checks:"),
    "input": ("input()", "Your code failed: EOFError"),
    "breakpoint": ("breakpoint()", "Your code failed: "),
    "pdb": ("import pdb\npdb.set_trace()", "Your code failed: "),
    "closes files": (
        "import os\nos.closerange(0, 1000)\nanswer = '0'",
        "Your answer ended the process that ran it."),
    "writes to all files": (
        "import os\nfor fd in range(3, 64):\n    try: os.write(fd, b'x' * 100)\n    except OSError: pass\nanswer = '0'",
        "Your answer disturbed its own check, which got no valid reply."),
    "fork": ("import os\nos.fork()", "Your code failed: PermissionError: an answer may not do this: os.fork."),
    "subprocess": (
        "import subprocess\nsubprocess.run(['true'])",
        "Your code failed: PermissionError: an answer may not do this: "),
    "os.system": (
        "import os\nos.system('true')",
        "Your code failed: PermissionError: an answer may not do this: os.system"),
    "socket": (
        "import socket\nsocket.create_connection(('localhost', 9))",
        "Your code failed: PermissionError: an answer may not do this: socket.getaddrinfo"),
    "kills parent": (
        "import os\nos.kill(os.getppid(), 9)",
        "Your code failed: PermissionError: an answer may not do this: os.kill"),
    "setsid": ("import os\nos.setsid()\nanswer = '0'", "Look at what teardown checks:"),
    "thread goes on": (
        "import threading, time\ntry: threading.Thread(target=time.sleep, args=(100,)).start()\nexcept RuntimeError: pass\nanswer = '0'",
        "Look at what teardown checks:"),
    "many threads": (
        "import threading, time\nfor _ in range(10000): threading.Thread(target=time.sleep, args=(100,), daemon=True).start()\nanswer = '0'",
        "Your code failed: RuntimeError"),
    "opens many files": ("import os\nx = [open(os.devnull) for _ in range(1000)]", "Your code failed: OSError"),
    "writes a file": ("open('mine', 'w')", "Your code failed: PermissionError: an answer may not do this: open"),
    "reads parent": (
        "import os\nopen(f'/proc/{os.getppid()}/mem', 'r+b')",
        "Your code failed: PermissionError: an answer may not do this: open"),
    "sqlite": (
        "import sqlite3\nsqlite3.connect('mine.db').execute('create table x (y)')",
        "Your code failed: PermissionError: an answer may not do this: sqlite3.connect"),
    "logging file": (
        "import logging\nlogging.FileHandler('mine')",
        "Your code failed: PermissionError: an answer may not do this: open"),
    "zipfile": (
        "import zipfile\nzipfile.ZipFile('mine.zip', 'w')",
        "Your code failed: PermissionError: an answer may not do this: open"),
    "mmap": ("import mmap\nmmap.mmap(-1, 10 ** 10)", "Your code failed: OSError"),
    "settrace": (
        "import sys\nsys.settrace(lambda *_: 1 / 0)\nanswer = '0'",
        "Your code failed: ZeroDivisionError"),
    "profile raises": (
        "import sys\ndef f(*_): raise ValueError\nsys.setprofile(f)\nanswer = '0'",
        "Your code failed: ValueError"),
    "ignores alarms": (
        "import signal\nsignal.signal(signal.SIGVTALRM, signal.SIG_IGN)\nanswer = '0'",
        "Look at what teardown checks:"),
    "all signals": (
        "import signal\nfor s in signal.valid_signals():\n    try: signal.signal(s, signal.SIG_IGN)\n    except OSError: pass\nanswer = '0'",
        "Look at what teardown checks:"),
    "blocks signals": (
        "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\nanswer = '0'",
        "Look at what teardown checks:"),
    "warnings": (
        "import warnings\nwarnings.simplefilter('error')\nwarnings.warn('x')",
        "Your code failed: UserWarning"),
    "path empty": ("import sys\nsys.path.clear()\nsys.meta_path.clear()\nanswer = '0'", "Look at what teardown checks:"),
    "import hook": ("import builtins\nbuiltins.__import__ = None\nanswer = '0'", "Look at what teardown checks:"),
    "replaced len": ("import builtins\nbuiltins.len = lambda x: 5\nanswer = '0'", "Look at what teardown checks:"),
    "replaced open": (
        "import builtins, io\nbuiltins.open = io.open = None\nanswer = '0'",
        "Look at what teardown checks:"),
    "audit hook": (
        "import sys\ndef f(*_): raise RuntimeError('no')\nsys.addaudithook(f)\nanswer = '0'",
        "Look at what teardown checks:"),
    "patches a check": (
        "import pkvm_model.practice.checks.one_shot as k\nk.lived_to_see = None\nanswer = '0'",
        "Your code changes the model itself (pkvm_model."),
    "patches a kernel": (
        "import pkvm_model.model.revisions as r\nr.V1 = r.UPSTREAM\nanswer = '0'",
        "Your code changes the model itself (pkvm_model."),
    "patches a call": (
        "from pkvm_model.model.run import CALLS\nCALLS['__pkvm_vcpu_put'] = print\nanswer = '0'",
        "Your code changes the model itself (pkvm_model."),
    "patches a class": (
        "from pkvm_model.model.view import View\nView.warn_on = lambda *_: None\nanswer = '0'",
        "Your code changes the model itself (pkvm_model."),
    "frames": (
        "import sys\nf = sys._getframe()\nwhile f: f.f_globals.clear(); f = f.f_back",
        "Your code failed: NameError"),
    "pickle bomb": (
        "import pickle\npickle.loads(b'cos\\nsystem\\n(S\"true\"\\ntR.')",
        "Your code failed: PermissionError: an answer may not do this: os.system"),
    "ipython": ("get_ipython()", "Your code failed: NameError")}
"""Answers to a question with options. None of them is right: the options begin with 0, and that is wrong."""

FUNCTIONS: dict[str, tuple[str, str]] = {
    "no text": ("def wrong(state): return True", "Your code failed: wrong returns "),
    "none": ("def wrong(state): return None", "Your code failed: wrong returns "),
    "bytes": ("def wrong(state): return b'x'", "Your code failed: wrong returns "),
    "huge text": ("def wrong(state): return 'x' * 10 ** 8", "Your code failed: wrong returns "),
    "long text": (
        "def wrong(state): return 'x' * 10 ** 5",
        "Your check reports a fault in upstream, where nothing is wrong."),
    "controls": (
        "def wrong(state): return '\\x1b[2J\\ud800'",
        "Your check reports a fault in upstream, where nothing is wrong."),
    "str subclass": (
        "class S(str):\n    def __eq__(self, o): return True\ndef wrong(state): return S('x')",
        "Your code failed: wrong returns "),
    "raises": ("def wrong(state): raise ValueError('x' * 10 ** 7)", "Your code failed: wrong raises ValueError"),
    "raises evil": (
        "class E(Exception):\n    def __str__(self): raise E\ndef wrong(state): raise E",
        "Your code failed: wrong raises E"),
    "exits": ("import sys\ndef wrong(state): sys.exit(1)", "Your code failed: SystemExit"),
    "interrupts": ("def wrong(state): raise KeyboardInterrupt", "Your code failed: KeyboardInterrupt"),
    "os._exit": ("import os\ndef wrong(state): os._exit(0)", "Your answer ended the process that ran it."),
    "generator": ("def wrong(state): yield 1", "Your code failed: wrong returns "),
    "async": ("async def wrong(state): return ''", "Your code failed: wrong returns "),
    "no argument": ("def wrong(): return ''", "Your code failed: wrong raises TypeError"),
    "two arguments": ("def wrong(state, other): return ''", "Your code failed: wrong raises TypeError"),
    "class": ("class wrong:\n    def __init__(self, state): pass", "Your code failed: wrong returns "),
    "lambda": ("wrong = lambda state: ''", "It does not notice M15:"),
    "builtin": ("wrong = str", "Your check reports a fault in upstream, where nothing is wrong."),
    "print": ("wrong = print", "Your code failed: wrong returns "),
    "state attribute": ("def wrong(state): return state.nothing", "Your code failed: wrong raises AttributeError"),
    "clears the state": ("def wrong(state):\n    state.table.clear()\n    return ''", "It does not notice M15:"),
    "writes the state": (
        "def wrong(state):\n    for key in list(state.table): state.table[key] = None\n    return ''",
        "It does not notice M15:"),
    "reads all": (
        "def wrong(state):\n    return '' if len(list(state.table)) > 10 ** 6 else ''",
        "It does not notice M15:"),
    "changes records": (
        "def wrong(state):\n    for key in list(state.table): object.__setattr__(state.table[key], 'x', 1)\n    return ''",
        "Your code failed: wrong raises AttributeError"),
    "counts": (
        "n = 0\ndef wrong(state):\n    global n\n    n += 1\n    return '' if n % 2 else 'odd'",
        "Your check reports a fault in v1, where nothing is wrong."),
    "memory": ("def wrong(state): return [0] * 10 ** 10", "Your code failed: wrong raises MemoryError"),
    "closes files": (
        "import os\ndef wrong(state):\n    os.closerange(3, 100)\n    return ''",
        "Your answer ended the process that ran it."),
    "writes replies": (
        "import os\ndef wrong(state):\n    for fd in range(3, 64):\n        try: os.write(fd, b'\\0' * 8)\n        except OSError: pass\n    return ''",
        "Your answer disturbed its own check, which got no valid reply."),
    "huge reply": (
        "import os\ndef wrong(state):\n    for fd in range(3, 64):\n        try: os.write(fd, b'\\xff' * 8)\n        except OSError: pass\n    return ''",
        "Your answer disturbed its own check, which got no valid reply."),
    "deep reply": (
        "import os\ndef wrong(state):\n    d = b'[' * 100000\n    for fd in range(3, 64):\n        try: os.write(fd, len(d).to_bytes(8, 'big') + d)\n        except OSError: pass\n    return ''",
        "Your answer disturbed its own check, which got no valid reply."),
    "forged reply": (
        "import os, json\ndef wrong(state):\n    d = json.dumps({'value': ['Page', 1, 2], 'read': 5, 'kinds': ['x'], 'all': 1}).encode()\n    for fd in range(3, 64):\n        try: os.write(fd, len(d).to_bytes(8, 'big') + d)\n        except OSError: pass\n    return ''",
        "Your answer disturbed its own check, which got no valid reply."),
    "changes the model": (
        "def wrong(state):\n    import pkvm_model.model.revisions as r\n    r.V1 = 5\n    return ''",
        "Your code changes the model itself (pkvm_model."),
    "raises LearnerError": (
        "from pkvm_model.explore.learner_calls import LearnerError\ndef wrong(state): raise LearnerError('x' * 10 ** 6, 5)",
        "Your code failed: wrong raises LearnerError"),
    "raises Waits": (
        "from pkvm_model.kernel import Waits\ndef wrong(state): raise Waits('x')",
        "Your code failed: wrong raises Waits"),
    "raises Elsewhere": (
        "from pkvm_model.model.view import Elsewhere\ndef wrong(state): raise Elsewhere(print)",
        "Your code failed: Elsewhere"),
    "raises NotYet": (
        "from pkvm_model.practice.verdict import NotYet\ndef wrong(state): raise NotYet('solved')",
        "Your code failed: wrong raises NotYet")}
"""Functions of a state."""

CALL = """from pkvm_model.kernel import EBUSY, ENOENT, destroy_hyp_vm, get_vm_by_handle, hyp_page_count, remove_vm_table_entry
def __pkvm_finalize_teardown_vm(view, handle):
    yield "L", "check"
    vm = get_vm_by_handle(view, handle)
    view.check(vm, -ENOENT, "there is no such VM")
    view.check(vm.is_dying, -EBUSY, "the VM is not dying yet")
    view.check(hyp_page_count(view, vm) == 0, -EBUSY, "the VM is in use")
    {}
    remove_vm_table_entry(view, vm)
    yield from destroy_hyp_vm(view, vm)
    return 0
"""
"""A repair that is right but for one more line."""
CALLS: dict[str, tuple[str, str]] = {
    "no records": ("view.records = None", "Your code failed: __pkvm_finalize_teardown_vm: AttributeError"),
    "clears reads": ("view.reads.clear()", "Your code failed: __pkvm_finalize_teardown_vm: ValueError"),
    "no revision": ("view.revision = None", "Your code failed: __pkvm_finalize_teardown_vm: AttributeError"),
    "view.state": ("view.state", "Your code failed: view.state shows what other CP"),
    "writes text": ("vm.is_dying = 'x'", "Your code failed: a call writes "),
    "writes list": ("vm.vcpus = [1]", "Your code failed: a call writes "),
    "writes huge": (
        "vm.pool = 10 ** 5000",
        "Your code failed: a call keeps, writes or returns something of type int that raises "),
    "writes float": ("vm.pool = 1.5", "Your code failed: a call writes "),
    "writes object": ("vm.pool = object()", "Your code failed: a call keeps, writes or returns "),
    "writes no leaf": ("vm.maps = (1, 2)", "Your code failed: a call writes "),
    "writes no field": ("vm.nothing = 1", "Your code failed: __pkvm_finalize_teardown_vm: "),
    "reads no field": ("vm.nothing", "Your code failed: __pkvm_finalize_teardown_vm: AttributeError"),
    "keeps a list": ("x = [1]\n    yield 'L', 'go on'", "Your code failed: unhashable type: 'list'; keep "),
    "yields nothing": ("yield", "Your code failed: 'NoneType' object is not subsc"),
    "yields a number": ("yield 5", "Your code failed: 'int' object is not subscripta"),
    "yields three": ("yield 1, 2, 3", "Your code failed: ValueError"),
    "returns text": ("return 'x'", "Your code failed: __pkvm_finalize_teardown_vm re"),
    "returns huge": (
        "return 10 ** 5000",
        "Your code failed: a call keeps, writes or returns something of type int that raises "),
    "raises": ("raise ValueError('x')", "Your code failed: __pkvm_finalize_teardown_vm: ValueError"),
    "raises StopIteration": ("raise StopIteration", "Your code failed: __pkvm_finalize_teardown_vm: RuntimeError"),
    "raises GeneratorExit": ("raise GeneratorExit", "Your code failed: GeneratorExit"),
    "raises SystemExit": ("raise SystemExit(5)", "Your code failed: SystemExit"),
    "raises Refused huge": (
        "from pkvm_model.kernel import Refused\n    raise Refused(10 ** 5000, 'x')",
        "Your code failed: a call keeps, writes or returns something of type int that raises "),
    "raises Refused odd": (
        "from pkvm_model.kernel import Refused\n    raise Refused('x', 5)",
        "Your code failed: a call leaves something in the view that does not belong there"),
    "raises Ended odd": (
        "from pkvm_model.kernel import Ended\n    raise Ended(5)",
        "Your code failed: AttributeError"),
    "raises Waits": ("from pkvm_model.kernel import Waits\n    raise Waits('x')", "Your code failed: x."),
    "raises ModelError": (
        "from pkvm_model.kernel import ModelError\n    raise ModelError('x')",
        "Your code failed: __pkvm_finalize_teardown_vm: ModelError"),
    "raises Spinning": ("from pkvm_model.explore.learner_calls import Spinning\n    raise Spinning", "Deadlock:"),
    "loops and reads": ("while True: vm.is_dying", "Deadlock:"),
    "loops and yields": ("while True: yield 'L', 'x'", "__pkvm_finalize_teardown_vm:"),
    "exits": ("import os; os._exit(0)", "Your answer ended the process that ran it."),
    "counts": (
        "global n\n    n = globals().get('n', 0) + 1\n    if n % 2: yield 'L', 'x'",
        "Your code failed: __pkvm_finalize_teardown_vm: it"),
    "events": (
        "view.events.append(5)",
        "Your code failed: a call leaves something in the view that does not belong there"),
    "flushes": (
        "view.flushed.append('x')",
        "Your code failed: a call leaves something in the view that does not belong there"),
    "answers": (
        "view.answers.append(5)",
        "Your code failed: a call leaves something in the view that does not belong there"),
    "references": ("view.references.append(5)", "Your code failed: 'int' object is not iterable; "),
    "earlier": ("view.earlier = (1, 2)", "Your code failed: __pkvm_finalize_teardown_vm: it"),
    "config": ("view.config = None", "Your code failed: __pkvm_finalize_teardown_vm: AttributeError"),
    "wrong arguments": ("get_vm_by_handle()", "Your code failed: __pkvm_finalize_teardown_vm: TypeError"),
    "no generator kept": (
        "g = destroy_hyp_vm(view, vm)\n    yield 'L', 'x'",
        "Your code failed: a call keeps, writes or returns ")}
"""That line."""
