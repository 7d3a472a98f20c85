"""Looks after an exchange from the command line: what is wrong, and what to do about it.

What is wrong with the settings alone is listed in :mod:`market.refusals`, which the start reads too.
"""

from collections.abc import Iterator

from market import refusals
from market.config import Settings
from market.doctor import checkups, database, log, machine, people, restoring, witnesses
from market.doctor.database import schema_faults
from market.doctor.finding import Finding
from market.doctor.log import checkup, ledger_faults

__all__ = ["Finding", "checkup", "examine", "ledger_faults", "schema_faults"]


def examine(settings: Settings, port: int | None = None) -> Iterator[Finding]:
    """Yield what was found, one subject after another; leaves out what a fault makes impossible to look at.

    Args:
        settings: what the exchange was told.
        port: where it shall listen; not looked at when None.
    """
    faults = list(refusals.faults(settings))
    for fault in faults:
        yield Finding(fault.setting, False, fault.text)
    if not faults:
        money = "test money" if settings.test_money else "real money"
        yield Finding("settings", True, f"complete; {money}; {settings.base_url}")
    yield from machine.examine(settings, port)
    wrong = {fault.setting for fault in faults}
    if wrong & {"DATABASE_URL", "DATABASE_OWNER_URL"}:
        return
    well = True
    for finding in database.examine(settings):
        well = well and (finding.well or finding.subject == "jobs")
        yield finding
    if well and not any(fault.stops for fault in faults):
        yield from log.examine(settings)
        yield from restoring.examine(settings)
        yield from checkups.examine(settings)
        yield from people.examine(settings)
        yield from witnesses.examine(settings)
