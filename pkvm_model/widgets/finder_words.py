"""The race finder without a screen: what is asked, what is known, and all answers in a table."""

from html import escape

from ..graphs.hunt import Found, count, upper
from ..graphs.questions import WRONG, Question
from . import bench_words
from .bench_static import page_table
from .cases import Case
from .finding import Finding
from .static import box, element, listed, table

NOT_ASKED, NOT_SEARCHED, CANNOT_RUN = "Nobody has asked yet.", "not searched yet", "cannot run there"
NOT_BROKEN, MEANS = "Not broken by hand yet.", "It does where one of these is broken:"


def short_answer(found: Found) -> str:
    """An answer in a few words."""
    return found.verdict + (f" after {count(found.steps, 'step')}" if found.steps is not None else "")


def asked_words(question: Question) -> str:
    """What is asked; of the question whether something goes wrong, what that means."""
    if question.name != WRONG:
        return question.says
    return " ".join([question.says, MEANS, *(one.says for one in question.properties)])


def hand_words(finding: Finding) -> str:
    """In how many steps it was broken by hand, beside the fewest where somebody has asked for them."""
    if finding.by_hand is None or finding.stands.hand is None:
        return ""
    found = finding.found
    shortest = f" Shortest: {count(found.steps, 'step')}." if found and found.steps is not None else ""
    return f"You: {count(len(finding.stands.hand), 'step')}.{shortest}"


def finder_headline(finding: Finding) -> str:
    """What is asked, and the answer if somebody has asked for it."""
    case, found = finding.case, finding.found
    says = upper(case.missing) if case.missing else found.words if found else NOT_ASKED
    title = f"{case.subject.title.rstrip('.')} ({case.label})."
    return " ".join(filter(None, [title, asked_words(finding.question), says, hand_words(finding)]))


def scheduler_headline(finding: Finding) -> str:
    """What is to be broken, and how far the learner is; the machine's answer only when it was asked for."""
    found, hand = finding.found, hand_words(finding)
    title = f"You are the scheduler: {finding.case.subject.title.rstrip('.')} ({finding.case.label})."
    task = f"Break this: {' '.join(one.says for one in finding.question.properties)}"
    return " ".join(filter(None, [title, task, hand or NOT_BROKEN, found.words if found else ""]))


def answer_rows(finding: Finding) -> list[list[str]]:
    """All answers, head first: a row for each question, or, of several subjects, for each the first question."""
    kernels = list(dict.fromkeys(case.label for case in finding.cases.values()))
    asked = [(subject, question) for subject in finding.subjects
             for question in (subject.questions if len(finding.subjects) == 1 else subject.questions[:1])]
    one = len(finding.subjects) == 1
    rows = [[question.name if one else subject.name, question.says if one else subject.title,
             *(cell(finding, case, question) for case in finding.cases.values() if case.subject is subject)]
            for subject, question in asked]
    return [["question" if one else "scripts", "in words", *kernels], *rows]


def cell(finding: Finding, case: Case, question: Question) -> str:
    """What is known about one question on one kernel."""
    if case.missing:
        return CANNOT_RUN
    asked = f"{case.subject.name}/{case.name}/{question.name}" in finding.stands.asked
    known = question.name in case.stored or asked
    return short_answer(case.found(question.name)) if known else NOT_SEARCHED


def describe(finding: Finding) -> str:
    """A sentence, and a table: of all answers, or while they are secret of what the bench shows."""
    if finding.secret:
        return "\n".join([scheduler_headline(finding), "", bench_words.describe(finding.bench)])
    return "\n".join([finder_headline(finding), "", *bench_words.columns(answer_rows(finding))])


def static_html(finding: Finding) -> str:
    """The same, as HTML without scripts."""
    if finding.secret:
        says = element("p", "says", escape(scheduler_headline(finding)))
        shown = listed(bench_words.lines_of(finding.bench)), page_table(finding.bench)
        return box("You are the scheduler", finding.case.label, says, *shown)
    head, *rows = answer_rows(finding)
    cells = ("".join([element("th", "cell", escape(row[0]), scope="row"),
                      *(element("td", "cell", escape(text)) for text in row[1:])]) for row in rows)
    says = element("p", "says", escape(finder_headline(finding)))
    answers = table("All answers", head, (f"<tr>{row}</tr>" for row in cells))
    return box("Race finder", finding.case.label, says, answers)
