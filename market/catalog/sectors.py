"""The catalogue's taxonomy: the priority fields named by the exchange's founding documents.

Fifteen are those of 鲁政发〔2016〕25号 三(三) and 四; credit, geography, environment, finance, energy and
meteorology come from the others. Values stand in stored listings: add, never rename.
"""

from collections.abc import Mapping
from enum import StrEnum

from market.i18n import in_language


class Sector(StrEnum):
    """A field that a listing belongs to."""

    GOVERNMENT = "government"
    QUALITY = "quality-supervision"
    FOOD_DRUG = "food-drug-safety"
    HOUSING = "housing-construction"
    PUBLIC_SECURITY = "public-security"
    HEALTH = "health"
    EMPLOYMENT = "employment-social-security"
    EDUCATION = "education"
    TRANSPORT = "transport"
    TOURISM = "tourism"
    CIVIL_AFFAIRS = "civil-affairs"
    COMMERCE = "commerce"
    MARINE = "marine"
    INDUSTRY = "industry"
    AGRICULTURE = "agriculture"
    CREDIT = "credit"
    GEOGRAPHY = "geography"
    ENVIRONMENT = "environment"
    FINANCE = "finance"
    ENERGY = "energy"
    METEOROLOGY = "meteorology"


NAMES: Mapping[Sector, Mapping[str, str]] = {
    Sector.GOVERNMENT: {"zh": "政务服务", "en": "Government"},
    Sector.QUALITY: {"zh": "质量监督", "en": "Quality supervision"},
    Sector.FOOD_DRUG: {"zh": "食品药品安全", "en": "Food and drug safety"},
    Sector.HOUSING: {"zh": "住房城乡建设", "en": "Housing and construction"},
    Sector.PUBLIC_SECURITY: {"zh": "公共安全", "en": "Public security"},
    Sector.HEALTH: {"zh": "医疗健康", "en": "Health"},
    Sector.EMPLOYMENT: {"zh": "就业和社会保障", "en": "Employment and social security"},
    Sector.EDUCATION: {"zh": "教育", "en": "Education"},
    Sector.TRANSPORT: {"zh": "交通运输", "en": "Transport"},
    Sector.TOURISM: {"zh": "文化旅游", "en": "Tourism"},
    Sector.CIVIL_AFFAIRS: {"zh": "民政", "en": "Civil affairs"},
    Sector.COMMERCE: {"zh": "商贸流通", "en": "Commerce"},
    Sector.MARINE: {"zh": "海洋", "en": "Marine"},
    Sector.INDUSTRY: {"zh": "工业", "en": "Industry"},
    Sector.AGRICULTURE: {"zh": "农业", "en": "Agriculture"},
    Sector.CREDIT: {"zh": "信用", "en": "Credit"},
    Sector.GEOGRAPHY: {"zh": "地理信息", "en": "Geography"},
    Sector.ENVIRONMENT: {"zh": "生态环境", "en": "Environment"},
    Sector.FINANCE: {"zh": "金融", "en": "Finance"},
    Sector.ENERGY: {"zh": "能源", "en": "Energy"},
    Sector.METEOROLOGY: {"zh": "气象", "en": "Meteorology"},
}
"""What each sector is called, by language."""


def name(sector: Sector) -> str:
    """Return a sector's name in the reader's language."""
    return in_language(NAMES[sector])
