"""A report in the W3C Data Quality Vocabulary (https://www.w3.org/TR/vocab-dqv/) as JSON-LD.

Each figure is a ``dqv:QualityMeasurement`` of a metric in a dimension, computed on the file or on one of its columns;
what measured is told in PROV. The terms stand in the document: it is read without asking anybody for a context. What
could not be assessed has no measurement.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from market.inspection.grading import INDICATORS

CONTEXT: Final = {
    "dqv": "http://www.w3.org/ns/dqv#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "qilu": "urn:qilu:inspection:",
}

DIMENSIONS: Final = {
    "01": "conformity",
    "02": "completeness",
    "03": "accuracy",
    "04": "consistency",
    "05": "timeliness",
    "06": "accessibility",
}
"""Dimensions by the first two figures of an indicator."""
_DIGITS: Final = 9


@dataclass(frozen=True)
class Measuring:
    """What stands beside a report.

    Attributes:
        address: of the page about the inspection.
        digest: of the report.
        at: when it was measured.
        engine: versions of what measured.
        language: of the words, as a language tag.
    """

    address: str
    digest: str
    at: datetime
    engine: Mapping[str, str]
    language: str


def document(report: Mapping[str, Any], measuring: Measuring) -> dict[str, Any]:
    """Return the report as JSON-LD.

    Args:
        report: as it is stored.
        measuring: what stands beside it.
    """
    file = f"{measuring.address}#file"
    figures = [figure for figure in report["quality"] if "numerator" in figure]
    columns = column_ids(report, file)
    return {
        "@context": CONTEXT,
        "@graph": [
            _file(report, file, len(figures)),
            *(
                measurement(
                    figure, _measured(file, place), columns.get(figure["column"], file), f"{file}-measuring"
                )
                for place, figure in enumerate(figures)
            ),
            *(metric(code, measuring.language) for code in sorted({figure["code"] for figure in figures})),
            *(
                {"@id": address, "dcterms:title": name, "dcterms:isPartOf": {"@id": file}}
                for name, address in columns.items()
            ),
            *_provenance(report, measuring, file),
        ],
    }


def _file(report: Mapping[str, Any], file: str, figures: int) -> dict[str, Any]:
    checksum = {
        "@type": "spdx:Checksum",
        "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
        "spdx:checksumValue": {"@type": "xsd:hexBinary", "@value": report["file"]["digest"]},
    }
    return {
        "@id": file,
        "@type": "dcat:Distribution",
        "dcat:byteSize": {"@type": "xsd:nonNegativeInteger", "@value": str(report["file"]["size"])},
        "dcat:mediaType": report["file"]["media_type"],
        "spdx:checksum": checksum,
        "qilu:contentDigest": report["content_digest"],
        "qilu:contentRule": report["content_rule"],
        "qilu:rows": report["rows"],
        "dqv:hasQualityMeasurement": [{"@id": _measured(file, place)} for place in range(figures)],
    }


def column_ids(report: Mapping[str, Any], file: str) -> dict[str, str]:
    """Return what each column is called in the graph, by its name."""
    return {column["name"]: f"{file}-column-{place}" for place, column in enumerate(report["columns"])}


def measurement(figure: Mapping[str, Any], own: str, on: str, activity: str) -> dict[str, Any]:
    """Return a figure as a measurement.

    Args:
        figure: with a numerator.
        own: what the measurement is called in the graph.
        on: the file or column it was computed on.
        activity: the measuring that it came of.
    """
    share = 10**_DIGITS * figure["numerator"] // figure["denominator"]
    return {
        "@id": own,
        "@type": "dqv:QualityMeasurement",
        "dqv:isMeasurementOf": {"@id": f"qilu:{figure['code']}"},
        "dqv:computedOn": {"@id": on},
        "dqv:value": {
            "@type": "xsd:decimal",
            "@value": f"{share // 10**_DIGITS}.{share % 10**_DIGITS:0{_DIGITS}d}",
        },
        "qilu:numerator": figure["numerator"],
        "qilu:denominator": figure["denominator"],
        "qilu:method": figure["method"],
        "qilu:assertedBy": figure["by"],
        "prov:wasGeneratedBy": {"@id": activity},
    }


def metric(code: str, language: str) -> dict[str, Any]:
    """Return what an indicator measures, in words of a language."""
    dimension = DIMENSIONS[code[:2]]
    return {
        "@id": f"qilu:{code}",
        "@type": "dqv:Metric",
        "skos:notation": code,
        "skos:definition": {"@language": language, "@value": str(INDICATORS[code])},
        "dqv:expectedDataType": {"@id": "xsd:decimal"},
        "dqv:inDimension": {
            "@id": f"qilu:{dimension}",
            "@type": "dqv:Dimension",
            "skos:prefLabel": {"@language": "en", "@value": dimension},
        },
    }


def _provenance(report: Mapping[str, Any], measuring: Measuring, file: str) -> list[dict[str, Any]]:
    """Return the act of measuring, the report that came of it, and the libraries that did it."""
    activity, engine = f"{file}-measuring", f"{file}-engine"
    moment = {"@type": "xsd:dateTime", "@value": measuring.at.isoformat()}
    return [
        {
            "@id": activity,
            "@type": "prov:Activity",
            "prov:used": {"@id": file},
            "prov:endedAtTime": moment,
            "prov:wasAssociatedWith": {"@id": engine},
        },
        {
            "@id": measuring.address,
            "@type": ["dqv:QualityMetadata", "prov:Entity"],
            "prov:wasGeneratedBy": {"@id": activity},
            "prov:generatedAtTime": moment,
            "qilu:reportDigest": measuring.digest,
        },
        {
            "@id": engine,
            "@type": "prov:SoftwareAgent",
            "dcterms:title": report["method"],
            "qilu:version": [f"{name} {version}" for name, version in sorted(measuring.engine.items())],
        },
    ]


def _measured(file: str, place: int) -> str:
    return f"{file}-measurement-{place}"
