"""The race finder in words: the question, what is known, and all answers in a table."""
from __future__ import annotations

from html import escape

from ..explore.inquiry import Reply
from ..text import capitalise, count
from ..explore.questions import ALWAYS, POSSIBLE, SOMETIMES, WRONG, Question
from . import bench_words
from .bench_static import render_pages
from .cases import Case
from .finder_session import FinderSession
from .static import render_box, render, render_list, render_table

NOT_ASKED, NOT_SEARCHED, CANNOT_RUN = "Not asked yet.", "not searched yet", "cannot run there"
GROUPS = {ALWAYS: "Does it always hold?", SOMETIMES: "Can it happen?", POSSIBLE: "Is it always possible?"}
"""What the front end asks above the questions of a kind."""
NOT_BROKEN, MEANS = "Not broken by hand yet.", "It does if one of these is broken:"


def shorten_answer(reply: Reply) -> str:
    """Return an answer in a few words."""
    return reply.verdict + (f" after {count(reply.steps, 'step')}" if reply.steps is not None else "")


def describe_question(question: Question) -> str:
    """Return the question after its kind, with the properties behind it if it asks whether anything can go wrong."""
    if question.name != WRONG:
        return " ".join(filter(None, [GROUPS.get(question.kind, ""), question.says]))
    return " ".join([question.says, MEANS, *(prop.says for prop in question.properties)])


def describe_by_hand(session: FinderSession) -> str:
    """Return the number of steps by hand, with the fewest possible if the learner has asked for them."""
    if session.by_hand is None or session.place.hand is None:
        return ""
    reply = session.reply
    shortest = f" Shortest: {count(reply.steps, 'step')}." if reply and reply.steps is not None else ""
    return f"You: {count(len(session.place.hand), 'step')}.{shortest}"


def describe_search(session: FinderSession) -> str:
    """Return the question, and the answer if the learner has asked for it."""
    case, reply = session.case, session.reply
    says = capitalise(case.missing) if case.missing else reply.words if reply else NOT_ASKED
    title = f"{case.subject.title.rstrip('.')} ({case.label})."
    return " ".join(filter(None, [title, describe_question(session.question), says, describe_by_hand(session)]))


def describe_game(session: FinderSession) -> str:
    """Return the task and how far the learner is; the explorer's answer only if the learner has asked for it."""
    reply, hand = session.reply, describe_by_hand(session)
    title = f"You are the scheduler: {session.case.subject.title.rstrip('.')} ({session.case.label})."
    task = f"Break this: {' '.join(prop.says for prop in session.question.properties)}"
    return " ".join(filter(None, [title, task, hand or NOT_BROKEN, reply.words if reply else ""]))


def make_answer_rows(session: FinderSession) -> list[list[str]]:
    """Return all answers, head first: a row for each question, or for each subject if there are several."""
    kernels = list(dict.fromkeys(case.label for case in session.cases.values()))
    pairs = [(subject, question) for subject in session.subjects
             for question in (subject.questions if len(session.subjects) == 1 else subject.questions[:1])]
    single = len(session.subjects) == 1
    rows = [[question.name if single else subject.name, question.says if single else subject.title,
             *(describe_cell(session, case, question) for case in session.cases.values() if case.subject is subject)]
            for subject, question in pairs]
    return [["question" if single else "scripts", "in words", *kernels], *rows]


def describe_cell(session: FinderSession, case: Case, question: Question) -> str:
    """Return what is known about a question on a kernel."""
    if case.missing:
        return CANNOT_RUN
    has_asked = f"{case.subject.name}/{case.name}/{question.name}" in session.place.asked
    known = question.name in case.stored or has_asked
    return shorten_answer(case.get_answer(question.name)) if known else NOT_SEARCHED


def describe_finder(session: FinderSession) -> str:
    """Return a sentence and a table of all answers, or of what the bench shows while they are secret."""
    if session.secret:
        return "\n".join([describe_game(session), "", bench_words.describe_bench(session.bench)])
    return "\n".join([describe_search(session), "", *bench_words.align_columns(make_answer_rows(session))])


def render_finder(session: FinderSession) -> str:
    """Return the same as HTML without scripts."""
    if session.secret:
        says = render("p", "says", escape(describe_game(session)))
        shown = render_list(bench_words.describe_state(session.bench)), render_pages(session.bench)
        return render_box("You are the scheduler", session.case.label, says, *shown)
    head, *rows = make_answer_rows(session)
    cells = ("".join([render("th", "cell", escape(row[0]), scope="row"),
                      *(render("td", "cell", escape(text)) for text in row[1:])]) for row in rows)
    says = render("p", "says", escape(describe_search(session)))
    answers = render_table("All answers", head, (f"<tr>{row}</tr>" for row in cells))
    return render_box("Race finder", session.case.label, says, answers)
