"""Code lists that a declaration can name: divisions of China, currencies, countries, yes and no.

Sources: the divisions as in ``market/data``; ISO 4217 (currencies in use, without funds and metals);
ISO 3166-1 alpha-2 (assigned codes).
"""

import csv
import io
from functools import cache

from market import data
from market.i18n import lazy

_CURRENCIES = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP "
    "CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG "
    "HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL "
    "MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR "
    "RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD "
    "TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
)
_COUNTRIES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY "
    "BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK "
    "FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR "
    "IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK "
    "ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM "
    "PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF "
    "TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"
)

LABELS = {
    "list:cn-divisions": lazy("codes of China's divisions"),
    "list:iso-4217": lazy("currencies (ISO 4217)"),
    "list:iso-3166-alpha-2": lazy("countries (ISO 3166-1, two letters)"),
    "list:yes-no": lazy("yes or no, in the usual spellings"),
}
"""What each list is called."""
NAMES = tuple(LABELS)


@cache
def codes(name: str) -> frozenset[str]:
    """Return the codes of a list.

    Raises:
        KeyError: there is no such list.
    """
    match name:
        case "list:cn-divisions":
            rows = csv.reader(io.StringIO(data.divisions().decode("utf-8-sig")))
            next(rows)
            return frozenset(row[0] for row in rows)
        case "list:iso-4217":
            return frozenset(_CURRENCIES.split())
        case "list:iso-3166-alpha-2":
            return frozenset(_COUNTRIES.split())
        case "list:yes-no":
            return frozenset({"yes", "no", "Y", "N", "true", "false", "1", "0", "是", "否"})
    raise KeyError(name)
