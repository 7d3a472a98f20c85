"""Every stable code a problem may carry, with its status and what it means: one list, kept complete by a test.

Programs branch on the code, never on the sentence. A code is never given another meaning; codes without a
status stand in answers that succeed (the inspection of a file that could not be measured).
"""

from collections.abc import Mapping
from typing import Final

from flask_babel import LazyString

from market.i18n import lazy
from market.payment_codes import OF_PAYMENTS
from market.trade_codes import OF_TRADES

CODES: Final[Mapping[str, tuple[int | None, LazyString]]] = {
    # the request itself
    "request.malformed": (400, lazy("The request could not be read. Check it and send it again.")),
    "form.expired": (400, lazy("This form is too old. Go back, reload it and send it again.")),
    "form.foreign": (400, lazy("This form came from another site. Open the page here and try again.")),
    "host.unknown": (
        400,
        lazy("The exchange does not answer at this host name. Use the address you were given."),
    ),
    "request.forbidden": (403, lazy("This is not allowed.")),
    "page.not_found": (
        404,
        lazy("There is nothing at this address. Check it, or start from the home page."),
    ),
    "method.not_allowed": (405, lazy("This address does not take that kind of request.")),
    "answer.not_acceptable": (406, lazy("This is not available in the format asked for.")),
    "request.too_slow": (408, lazy("The request came in too slowly. Send it again.")),
    "request.conflict": (
        409,
        lazy("Somebody else was faster. Look at the current state and decide again."),
    ),
    "request.no_length": (411, lazy("State the length of the request (Content-Length).")),
    "request.precondition": (
        412,
        lazy("The object has changed since. Look at the current state and decide again."),
    ),
    "upload.too_large": (413, lazy("This is too large. Send less.")),
    "address.too_long": (414, lazy("The address is too long.")),
    "request.media_type": (415, lazy("Send this as JSON, or files as multipart/form-data.")),
    "range.not_satisfiable": (416, lazy("The file has no such range of bytes.")),
    "input.invalid": (422, lazy("Some fields cannot be accepted. Correct them and send again.")),
    "cursor.invalid": (422, lazy("This is not a cursor of this list; begin with the first page.")),
    "idempotency.key_malformed": (422, lazy("An Idempotency-Key has 1 to 255 visible ASCII characters.")),
    "idempotency.key_reused": (409, lazy("This Idempotency-Key was used with other input; take a new one.")),
    "step.already_taken": (409, lazy("This step was already taken, by someone else or with other input.")),
    "object.frozen": (409, lazy("The last steps of this were lost; it is frozen. Ask the operator.")),
    "request.precondition_required": (428, lazy("Name the version that you saw (If-Match).")),
    "request.too_many": (429, lazy("Too many attempts. Wait a little and try again.")),
    "server.failed": (
        500,
        lazy("Something failed on our side; nothing was left half done. Try again."),
    ),
    "server.not_implemented": (501, lazy("The exchange cannot do this.")),
    "server.unavailable": (
        503,
        lazy("Something that we depend on does not answer. Nothing was changed; try again later."),
    ),
    "storage.full": (
        503,
        lazy(
            "There is no storage space left on our side, and nothing was kept. "
            "Try again when the operator has made room."
        ),
    ),
    # who asks
    "session.required": (401, lazy("Sign in and try again.")),
    "session.not_found": (404, lazy("There is no such session.")),
    "sign_in.wrong": (401, lazy("The address and the password do not match.")),
    "sign_in.locked": (429, lazy("Too many failed attempts. Wait a quarter of an hour.")),
    "second_factor.required": (
        401,
        lazy("This account has a second factor. Send a code of the authenticator app, or a recovery code."),
    ),
    "second_factor.wrong": (401, lazy("This code is wrong or was used before. Wait for the next one.")),
    "second_factor.wrong_code": (
        422,
        lazy("This code is not right. Wait for the next one, and check the clock of your device."),
    ),
    "second_factor.locked": (429, lazy("Too many failed attempts. Wait a quarter of an hour.")),
    "second_factor.not_enrolled": (
        409,
        lazy("Your role needs a second factor. Sign in on the pages and set one up first."),
    ),
    "second_factor.enrolled": (
        409,
        lazy("This account has a second factor already. Sign in on the pages to change it."),
    ),
    "second_factor.not_begun": (404, lazy("No authenticator app is being set up. Begin again.")),
    "second_factor.not_found": (404, lazy("There is no such second factor.")),
    "second_factor.not_fresh": (409, lazy("Give your second factor again, then repeat this.")),
    "second_factor.needed": (
        409,
        lazy("Your role needs a second factor. Add another one before you remove this one."),
    ),
    "passkey.refused": (422, lazy("The passkey's answer was not accepted. Try again.")),
    "passkey.known": (409, lazy("This passkey is enrolled already.")),
    "passkey.not_found": (404, lazy("You have no such passkey.")),
    "passkey.too_many": (409, lazy("You have as many passkeys as anybody may have. Remove one first.")),
    "step_up.refused": (422, lazy("What the passkey signed does not fit this. Sign again.")),
    "token.second_factor_missing": (
        403,
        lazy("This token was made without a second factor, which your role needs. Make a new one."),
    ),
    "token.required": (401, lazy("Send a token: Authorization: Bearer qilu_…")),
    "token.invalid": (401, lazy("This token is not valid, or no longer. Make a new one.")),
    "token.not_found": (404, lazy("There is no such token.")),
    "token.scope_missing": (403, lazy("This token does not allow this; `scope` names what it lacks.")),
    "role.missing": (
        403,
        lazy("Your role does not include this. Ask an administrator of your organisation."),
    ),
    "relation.wrong": (403, lazy("Your organisation's part in this matter does not allow it.")),
    "password.weak": (422, lazy("The password is too short or too common. Choose a longer one.")),
    "user.known": (409, lazy("Somebody signs in with this address already. Sign in, or use another one.")),
    "role.invalid": (422, lazy("These roles cannot be given here. Choose from those listed.")),
    "member.not_found": (404, lazy("There is no such member in your organisation.")),
    "member.last_administrator": (
        409,
        lazy("This is the last administrator. Make somebody else one first."),
    ),
    "role.own": (403, lazy("Nobody may give themselves a staff role. Ask another administrator.")),
    "text.not_found": (404, lazy("There is no such model text or version.")),
    "text.no_form": (404, lazy("This version of a model text is too old to be filled here.")),
    "text.blank_refused": (422, lazy("A blank cannot be filled so; `fields` names each.")),
    "text.busy": (503, lazy("Too many forms are being set in type; try again in a minute.")),
    "text.not_set": (503, lazy("The form could not be set in type; try again later.")),
    "form.locked": (429, lazy("Too many blank forms from one network address; wait as `Retry-After` says.")),
    "application.locked": (
        429,
        lazy("Too many applications came from your network address. Wait a quarter of an hour."),
    ),
    "invitation.locked": (
        429,
        lazy("Too many invitation links were tried from your network address. Wait a quarter of an hour."),
    ),
    "reset.locked": (429, lazy("Too many emails were asked for. Wait a quarter of an hour.")),
    "reset.not_found": (404, lazy("This link is unknown, used or too old. Ask for a new one.")),
    "mail.unavailable": (503, lazy("The mail server did not accept the email. Try again later.")),
    "member.self": (409, lazy("You cannot remove yourself. Ask another administrator.")),
    "invitation.not_found": (404, lazy("This invitation is unknown, used or too old. Ask for a new one.")),
    # erasing a person
    "person.not_found": (404, lazy("There is no such person.")),
    "person.not_confirmed": (422, lazy("This is not the person's address. Type it as it is shown.")),
    "person.obligations": (409, lazy("There are open obligations. Erase the person when they have ended.")),
    "person.last_administrator": (
        409,
        lazy(
            "This is the last administrator of an organisation that may still act. Let somebody else become one, "
            "or suspend or refuse the organisation first."
        ),
    ),
    # changing the log's key
    "rotation.not_begun": (409, lazy("No rotation is under way; begin one first.")),
    "rotation.not_signed": (
        409,
        lazy(
            "The new key has not signed a checkpoint yet; it does with the next entry, such as that of `qilu drill`."
        ),
    ),
    "rotation.overlap": (409, lazy("Both keys sign until the overlap is over (rule R7.5).")),
    "rotation.not_covered": (
        409,
        lazy(
            "No checkpoint covers the new key's entry yet. See that the exchange publishes, then try again."
        ),
    ),
    # books against the payment platform
    "reconciliation.not_found": (404, lazy("There is no such report.")),
    "reconciliation.window": (
        422,
        lazy("Choose at most 31 days that have begun, the first one first."),
    ),
    "reconciliation.wrong_state": (409, lazy("The report is not at the point where this could happen.")),
    "reconciliation.same_person": (
        403,
        lazy("There are differences: somebody else than who asked for the report signs it off."),
    ),
    "reconciliation.reason_missing": (
        422,
        lazy("There are differences: say what was found out about them."),
    ),
    "database.busy": (503, lazy("The database is still being read.")),
    # organisations
    "organisation.not_found": (404, lazy("There is no such organisation.")),
    "organisation.not_verified": (
        403,
        lazy("Your organisation is not verified. Wait for the operator's decision, or ask the operator."),
    ),
    "organisation.not_accredited": (
        403,
        lazy("Your organisation is not accredited to inspect others' data. Ask the operator."),
    ),
    "organisation.known": (
        409,
        lazy(
            "An organisation with this credit code has joined already. Ask its administrator to invite you."
        ),
    ),
    "organisation.established_later": (422, lazy("The date of establishment is in the future.")),
    "organisation.wrong_state": (
        409,
        lazy("The organisation is in another state. Look at it again before you decide."),
    ),
    "credit_code.form": (422, lazy("A credit code has 18 digits and capital letters.")),
    "credit_code.check": (
        422,
        lazy("The check character of the credit code is wrong; look for a typing mistake."),
    ),
    "exchange.founded": (
        409,
        lazy("This exchange has an operator already. Invite further people instead."),
    ),
    "exchange.not_founded": (409, lazy("This exchange has no operator yet.")),
    # assets and their files
    "asset.not_found": (404, lazy("There is no such asset.")),
    "report.busy": (503, lazy("Other reports are being set in type; try again in a minute.")),
    "report.not_set": (503, lazy("The report could not be set in type; try again later.")),
    "report.not_stamped": (503, lazy("No authority stamped the report just now; try again later.")),
    "asset.not_inspected": (
        409,
        lazy(
            "The exchange has not measured this file; wait until it has, or upload one that can be measured."
        ),
    ),
    "asset.not_registered": (
        409,
        lazy("Only an asset whose registration is in force can be listed or traded."),
    ),
    "asset.duplicate": (409, lazy("The same data are registered already.")),
    "asset.stopped": (
        409,
        lazy("What was found in the file stops the registration; `stops` names each reason."),
    ),
    "asset.not_stopped": (409, lazy("Nothing that was found stops this registration.")),
    "asset.not_appealed": (409, lazy("Its provider did not ask for a decision.")),
    "update.none": (409, lazy("No newer file of this asset was uploaded.")),
    "update.unchanged": (409, lazy("This is the file that is on offer.")),
    "update.wrong_state": (409, lazy("The newer file is in another state; `state` names it.")),
    "attestation.malformed": (422, lazy("This is no file of a signed inspection.")),
    "attestation.wrong_purpose": (422, lazy("What was signed is not a statement about an inspection.")),
    "attestation.report_unknown": (
        422,
        lazy("The report has another form than the reports that this exchange reads."),
    ),
    "attestation.digest_mismatch": (422, lazy("The report is not the one that was signed.")),
    "attestation.signature_invalid": (
        422,
        lazy("The signature does not belong to the statement and its certificate."),
    ),
    "attestation.certificate_foreign": (
        422,
        lazy("The key's certificate was not issued by this exchange to your own organisation."),
    ),
    "attestation.other_file": (409, lazy("Another file was measured than the registered one.")),
    "attestation.other_columns": (422, lazy("The report names other columns than the file has.")),
    "declaration.invalid": (
        422,
        lazy("The declaration cannot be taken; `fields` names each fault by its path."),
    ),
    "finding.no_column": (409, lazy("The file has no column of this name.")),
    "finding.unchanged": (409, lazy("The column counts as that already.")),
    "asset.wrong_state": (409, lazy("The registration is in another state; `state` names it.")),
    "file.missing": (422, lazy("Choose a file.")),
    "file.wrong_name": (422, lazy("The file's name has none of the endings that are accepted.")),
    "file.too_large": (413, lazy("The file is larger than the rule book allows.")),
    "file.empty": (422, lazy("The file is empty.")),
    "file.no_rows": (None, lazy("The file has a header but no rows.")),
    "file.no_header": (
        None,
        lazy("The first line must name the columns: each name once, and no name empty, a date or a figure."),
    ),
    "file.wrong_type": (None, lazy("The bytes are not of the type that the file's name says.")),
    "file.undecodable": (None, lazy("The text is neither UTF-8 nor GB18030; save the file as UTF-8.")),
    "file.ragged": (None, lazy("A line has more or fewer cells than the header.")),
    "file.line_too_long": (None, lazy("A line is too long, or a quotation mark is never closed.")),
    "file.broken_csv": (None, lazy("A line cannot be read as CSV; look at its quotation marks.")),
    "file.broken_parquet": (None, lazy("The Parquet file is damaged or forged.")),
    "file.unsupported_type": (
        None,
        lazy("Only flat columns of numbers, text, dates and bytes can be measured."),
    ),
    "file.broken_json": (
        None,
        lazy("A line of the file is not one JSON object in which each key stands once."),
    ),
    "file.broken_workbook": (None, lazy("The workbook is damaged or locked.")),
    "file.late_column": (None, lazy("A key first appears after the first 1,000 lines.")),
    "file.expands": (None, lazy("Unpacked, the file is larger than is measured; split it.")),
    "file.broken_packing": (None, lazy("The compressed file is damaged or cut off; pack it again.")),
    "cleaning.invalid": (422, lazy("The recipe cannot be followed; correct what is named.")),
    "cleaning.under_way": (409, lazy("A recipe is being followed; wait until that has ended.")),
    "recipe.overtaken": (
        None,
        lazy("The file was handed in or replaced before the recipe was followed; nothing was changed."),
    ),
    "recipe.unchanged": (None, lazy("The recipe changes nothing in this file.")),
    "recipe.too_large": (None, lazy("The cleaned file is larger than an upload may be.")),
    "recipe.unknown_column": (
        None,
        lazy("An operation of the recipe names a column that the file does not have."),
    ),
    "recipe.repeated_name": (None, lazy("The recipe gives two columns one name.")),
    "recipe.no_columns": (None, lazy("The recipe leaves no column; keep at least one.")),
    "recipe.no_rows": (None, lazy("The recipe leaves no row; look at what it drops.")),
    "recipe.unread": (
        None,
        lazy("A cell cannot be read as the recipe asks, and the recipe says to stop there."),
    ),
    "file.too_wide": (None, lazy("The table has more columns than are measured.")),
    "inspection.memory": (
        None,
        lazy("Measuring the file needs more memory or disk than allowed; split the file."),
    ),
    "inspection.timeout": (None, lazy("Measuring the file takes longer than allowed; split the file.")),
    "inspection.crashed": (None, lazy("The file made the measuring process crash; it is damaged or forged.")),
    # listings
    "listing.not_found": (404, lazy("There is no such listing.")),
    "listing.not_listed": (409, lazy("This listing is not on offer now.")),
    "listing.sold": (
        409,
        lazy("This listing is sold once, and another contract over it was signed. Look for another listing."),
    ),
    "listing.invalid": (422, lazy("Some fields cannot be accepted. Correct them and send again.")),
    "listing.benefit_priced": (
        403,
        lazy("A public-benefit listing with a price states its cost (older rule books: is free of charge)."),
    ),
    "listing.above_cost": (403, lazy("A public-benefit listing asks for no more than its stated cost.")),
    "listing.benefit_commercial": (
        403,
        lazy("A public-benefit listing permits no commercial use; that is listed apart."),
    ),
    "listing.promise_not_held": (
        422,
        lazy("What is promised does not hold against what the exchange measured. Promise less."),
    ),
    "listing.changed": (409, lazy("The listing has just changed. Look at it and ask again.")),
    "listing.newest": (409, lazy("The listing offers the newest approved file already.")),
    "listing.offered": (409, lazy("A standing offer over this listing is open and names the older file.")),
    "listing.wrong_state": (409, lazy("The listing is in another state; `state` names it.")),
    "rules.not_found": (404, lazy("There is no such version of the rule book.")),
    "waiver.not_eligible": (409, lazy("The startup waiver does not apply here; `why` says why.")),
    "waiver.kept": (422, lazy("These terms take away what goes with the startup waiver.")),
    "waiver.not_computed": (422, lazy("Only the exchange applies the startup waiver, with the request.")),
    "waiver.over": (409, lazy("The startup waiver's last day is past; `last_day` names it.")),
    **OF_TRADES,
    **OF_PAYMENTS,
}
"""Status and meaning by code."""
