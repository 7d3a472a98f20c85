"""One body for each operation that takes one; a test sends them through the schemas."""

from collections.abc import Mapping
from typing import Any, Final

_REASON = "Reviewed on 2026-11-22: the documents are complete."
_NUMBER = "K7Q2M8X4TB9"
_DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_PEM = "-----BEGIN {0}-----\nMIIBCTCBrwIBADAA\n-----END {0}-----\n"
_ASSET = "018f6a2e-5d0b-7c3a-9a52-3f6c1d2e4b70"

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "createToken": {
        "email": "li.na@example.org",
        "password": "correct horse battery staple",
        "label": "nightly import",
        "scopes": ["read", "contracts:write", "delivery:read"],
        "days": 30,
    },
    "beginAuthenticatorApp": {"email": "li.na@example.org", "password": "correct horse battery staple"},
    "confirmAuthenticatorApp": {
        "email": "li.na@example.org",
        "password": "correct horse battery staple",
        "code": "287082",
    },
    "applyAsOrganisation": {
        "name_zh": "泉城气象数据有限公司",
        "name_en": "Spring City Weather Data Ltd.",
        "credit_code": "91999999MA00000018",
        "established_on": "2024-03-01",
        "person": "李娜",
        "email": "li.na@example.org",
        "phone": "0531-5550100",
        "password": "correct horse battery staple",
        "roles": ["buyer"],
    },
    "decideOrganisation": {"decision": "verify", "reason": _REASON},
    "accreditOrganisation": {"accreditation": "give", "reason": _REASON},
    "erasePerson": {"confirm": "li.na@example.org", "ground": "asked"},
    "inviteMember": {"email": "wang.wei@example.org", "roles": ["buyer"]},
    "acceptInvitation": {"name": "王伟", "password": "correct horse battery staple"},
    "changeMemberRoles": {"roles": ["buyer"]},
    "setApprovalRule": {"asks": "from", "amount": 10_000_000, "currency": "CNY"},
    "printBlankForm": {"values": {"price.model": "fixed", "term.days": 365, "use.training": "none"}},
    "requestCertificate": {"csr": _PEM.format("CERTIFICATE REQUEST"), "device": "signing laptop"},
    "registerCertificate": {
        "certificates": [_PEM.format("CERTIFICATE"), _PEM.format("CERTIFICATE")],
        "device": "smart card of the legal department",
        "challenge": "qilu-key-possession-v1.018f6a2e-5d0b-7c3a-9a52-3f6c1d2e4b70.1796000000.5ca1ab1e.c0ffee",
        "signature": "MEUCIQDrZ2xpYw==",
    },
    "revokeCertificate": {"reason": "lost"},
    "endAgreement": {"ground": "grave", "reason": "The data were passed on to others on 2026-11-20."},
    "suspendAgreement": {"cause": "misuse", "reason": "The data were passed on to others on 2026-11-20."},
    "stateDeletion": {
        "deleted_on": "2026-11-22",
        "copies": "Two copies on the analysis server, one in the nightly backup.",
        "method": "Overwritten once; the backup ran out.",
    },
    "draftAsset": {
        "title": "济南逐日气象（清洗后）",
        "source": "Cleaned from public-domain station records.",
        "rights": ["hold", "process", "operate"],
    },
    "reviewAsset": {"decision": "approve", "reason": _REASON},
    "correctFinding": {"column": "手机号", "class": "none", "reason": _REASON},
    "declareAsset": {
        "columns": [{"name": "手机号", "type": "text", "personal": "mobile"}],
        "key": ["手机号"],
    },
    "cleanAsset": {
        "version": 1,
        "operations": [
            {"operation": "trim", "columns": None},
            {"operation": "drop_duplicates"},
            {"operation": "mask", "column": "手机号", "class": "mobile"},
        ],
    },
    "appealAsset": {"reason": _REASON},
    "releaseAsset": {"decision": "release", "reason": _REASON},
    "reviseAsset": {"changes": "补充 2026 年 8 月的数据"},
    "reviewUpdate": {"decision": "approve", "reason": _REASON},
    "decideAsset": {"reason": _REASON},
    "draftListing": {
        "asset": _ASSET,
        "title": "济南逐日气象（清洗后）",
        "summary": "Daily temperature, precipitation and wind, cleaned and checked.",
        "sector": "meteorology",
        "benefit": "commercial",
        "price": 128000,
        "currency": "CNY",
        "term_days": 365,
        "purposes": ["internal-analysis"],
        "permitted": ["reproduce", "derive"],
        "prohibited": ["sell"],
        "quality": [{"indicator": "completeness", "operator": "gteq", "value": "0.95", "field": None}],
    },
    "suspendListing": {"reason": _REASON},
    "restoreListing": {"reason": _REASON},
    "requestContract": {"listing": _NUMBER},
    "prepareSignature": {"document_digest": _DIGEST, "key": _DIGEST},
    "offerContract": {
        "base": _DIGEST,
        "changes": {"term.days": 180, "price.amount": {"amount": 96_000, "currency": "CNY"}},
        "comment": "半年期，价格相应调整。",
    },
    "proposeAmendment": {
        "base": _DIGEST,
        "changes": {"term.days": 730, "delivery.downloads": 40},
        "comment": "再用一年。",
    },
    "acceptContract": {"terms_digest": _DIGEST},
    "remarkOnContract": {
        "on_digest": _DIGEST,
        "clause": "use",
        "comment": "We also need the data for research.",
        "changes": {"use.purposes": ["internal-analysis", "research"]},
    },
    "signContract": {"document_digest": _DIGEST},
    "approveContract": {"document_digest": _DIGEST},
    "disapproveContract": {"document_digest": _DIGEST, "reason": "The price is above what we agreed on."},
    "draftStandingOffer": {"listing": _NUMBER, "days": 30, "most": 100},
    "prepareOfferSignature": {"document_digest": _DIGEST, "key": _DIGEST},
    "signStandingOffer": {"document_digest": _DIGEST},
    "declineContract": {"reason": "We no longer offer these data."},
    "rejectDelivery": {"reason": "Column wind is empty from line 200 on."},
    "cancelTrade": {"reason": "We do not need the data any more."},
    "ruleOnDispute": {"outcome": "divide", "amount": 42_000, "reason": "A third of the rows is missing."},
    "orderRedress": {"amount": 28_000, "reason": "The data of March were those of April."},
}
"""By operation."""
