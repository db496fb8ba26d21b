"""Every code and word that reaches a page has its sentence."""

import re

from mifeng.rules import session, tender
from mifeng.rules.errors import Reason
from mifeng.rules.lifecycle import states
from mifeng.rules.reasons import REASONS
from mifeng.web.shell import texts, words
from mifeng.web.shell.templatetags.shell import LOOKS

TABLES = (tender.LOT, tender.DOCUMENT, session.SESSION, session.REQUEST, session.BOOKING)


def test_reasons_and_texts_are_the_same_list() -> None:
    assert set(texts.REASON_TEXTS) == set(REASONS)


def test_second_lines_hold_nothing_but_named_facts() -> None:
    for code, text in texts.REASON_TEXTS.items():
        names = re.findall(r"%\((\w+)\)s", str(text.more))
        assert str(text.more).count("%") == len(names), code
        assert words.reason_more(Reason(code, dict.fromkeys(names, "1"))).count("%") == 0, code


def test_every_step_and_state_of_the_tables_has_a_title() -> None:
    assert {name for table in TABLES for name in table} <= set(texts.STEP_TITLES)
    assert {name for table in TABLES for name in states(table)} <= set(texts.STATE_WORDS)
    assert {word.look for word in texts.STATE_WORDS.values()} <= set(LOOKS)


def test_every_role_of_the_tables_has_a_title() -> None:
    assert {role for table in TABLES for row in table.values() for role in row.by} <= set(texts.ROLE_TITLES)


def test_every_clause_of_a_reason_can_be_cited() -> None:
    unread = {code for code, source in REASONS.items() if words.clause(source).title == source}

    assert unread == set()
