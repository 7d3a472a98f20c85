"""What each fault of a declaration means, as a sentence that says what to do."""

from market.i18n import lazy
from market.inspection.declared.faults import Fault

MESSAGES = {
    "declared.size": lazy("The document is longer than %(most)s characters; leave out what is not needed."),
    "declared.encoding": lazy("The document is not in UTF-8; save it as UTF-8."),
    "declared.json": lazy("This is not JSON; look for a missing comma, quotation mark or bracket."),
    "declared.yaml": lazy("This is not YAML that can be read; write it without aliases and tags."),
    "declared.shape": lazy("This is not of the form that is expected here."),
    "declared.unknown": lazy("%(name)s is not known here; remove it."),
    "declared.no_columns": lazy("Declare at least one column."),
    "declared.many": lazy("There are too many; at most %(most)s are taken."),
    "declared.name": lazy("Write the column's name as in the file, without blanks around it."),
    "declared.name_twice": lazy("A column is declared twice; declare each once."),
    "declared.unseen": lazy("Remove characters that cannot be seen, such as control characters."),
    "declared.long": lazy("The text is too long; at most %(most)s characters are taken."),
    "declared.type": lazy("Choose a type from the list."),
    "declared.bound": lazy("Write a value of the column's type; only numbers and dates have bounds."),
    "declared.pattern": lazy(
        "Write a simple pattern: no look-around, no back references, and at most 256 repetitions in all."
    ),
    "declared.longest": lazy("Write a whole number from 1 to 1000000."),
    "declared.list": lazy("There is no code list of this name; choose one that is offered."),
    "declared.blank": lazy(
        "An allowed value cannot be blank; an empty cell is allowed where cells may be empty."
    ),
    "declared.allowed": lazy("Give between 1 and %(most)s allowed values."),
    "declared.key": lazy("Name declared columns as the key, each once."),
    "declared.rule_code": lazy("Choose what the rule stands for from the list."),
    "declared.personal": lazy("Choose a class of personal data from the list."),
    "declared.period_column": lazy("Choose a declared column of dates or of dates and times."),
    "declared.every_days": lazy("Write a whole number of days from 1 to 36600."),
    "declared.one_table": lazy("The document must describe exactly one table."),
    "declared.odcs_version": lazy("Only data contracts of the Open Data Contract Standard 3 are read."),
    "declared.not_taken": lazy("This is not taken over."),
    "rule.long": lazy("Write a rule of 1 to %(most)s characters."),
    "rule.sign": lazy("A rule cannot be read from here on: %(near)s. Remove comments and unusual signs."),
    "rule.word": lazy("%(word)s is not a word of rules; column names stand in double quotes."),
    "rule.syntax": lazy("The rule cannot be read; look at its brackets, quotation marks and operators."),
    "rule.part": lazy("A rule cannot use this (%(part)s); see the list of what rules can say."),
    "rule.column": lazy("There is no declared column %(name)s."),
    "rule.kinds": lazy("These do not go together: %(left)s and %(right)s."),
    "rule.moment": lazy(
        "%(value)s is no date; write 2026-01-31, and 2026-01-31 08:00:00 for a date and time."
    ),
    "rule.pattern": lazy("Write the pattern as plain text in single quotes, and keep it simple."),
    "rule.deep": lazy("The rule is too long or too deeply nested; write several rules."),
    "rule.no_condition": lazy("The rule must be something that is true or false of a row."),
    "rule.constant": lazy("The rule must ask something about a column."),
}
"""Every fault, with its sentence."""


def explain(fault: Fault) -> str:
    """Return the sentence for a fault in the reader's language."""
    return str(MESSAGES[fault.code]) % fault.facts
