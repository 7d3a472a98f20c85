"""Words for roles, scopes and decisions, in the reader's language."""

from market.actor import Role, Scope
from market.i18n import lazy
from market.participants.states import Decision

ROLE_NAMES = {
    Role.ADMIN: lazy("administrator"),
    Role.PROVIDER: lazy("provider"),
    Role.BUYER: lazy("buyer"),
    Role.APPROVER: lazy("approver"),
    Role.ASSESSOR: lazy("assessor"),
    Role.OPERATOR: lazy("operator"),
    Role.REVIEWER: lazy("reviewer"),
    Role.AUDITOR: lazy("auditor"),
}
ROLE_DUTIES = {
    Role.ADMIN: lazy("administrator: invites and removes colleagues"),
    Role.PROVIDER: lazy("provider: registers, lists and sells data"),
    Role.BUYER: lazy("buyer: asks for contracts, pays and accepts"),
    Role.APPROVER: lazy("approver: approves, as the second person, what a colleague signs"),
    Role.ASSESSOR: lazy("assessor: inspects others' data and signs what was measured"),
    Role.OPERATOR: lazy("operator: decides about organisations and disputes"),
    Role.REVIEWER: lazy("reviewer: reviews registrations"),
    Role.AUDITOR: lazy("auditor: reads every entry with its proof"),
}
SCOPE_NAMES = {
    Scope.READ: lazy("look at everything you may see"),
    Scope.MEMBERS: lazy("invite and remove colleagues, end tokens"),
    Scope.ASSETS: lazy("register assets"),
    Scope.LISTINGS: lazy("list assets"),
    Scope.CONTRACTS: lazy("ask for and sign contracts"),
    Scope.PAYMENTS: lazy("begin to pay"),
    Scope.DELIVERY: lazy("fetch bought files"),
    Scope.TRADES: lazy("accept, reject and cancel trades"),
    Scope.OPERATE: lazy("decide for the operator"),
}
DECISION_LABELS = {
    Decision.VERIFY: lazy("Verify"),
    Decision.REFUSE: lazy("Refuse"),
    Decision.SUSPEND: lazy("Suspend"),
    Decision.RESTORE: lazy("Restore"),
}
