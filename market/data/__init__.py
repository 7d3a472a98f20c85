"""Real data that the demo trades and the tests measure; ``README.md`` beside this says where it comes from.

The cleaning of the weather file is written down here, so that anybody can repeat it: that is what makes
it a product, and what its provider states as its source.
"""

import csv
import io
from datetime import datetime
from decimal import Decimal
from importlib.resources import files

_WEATHER_HEADER = ("date", "precipitation_mm", "temp_max_c", "temp_min_c", "wind_m_s", "weather")
_WEATHER_WORDS = {"drizzle", "fog", "rain", "snow", "sun"}


def divisions() -> bytes:
    """Return the administrative divisions of China as published (CSV, 6,726 rows)."""
    return (files(__package__) / "china-divisions-2020.csv").read_bytes()


def weather() -> bytes:
    """Return the daily weather of Seattle 2012 to 2015 as published (CSV, 1,461 rows)."""
    return (files(__package__) / "seattle-weather.csv").read_bytes()


def cleaned_weather() -> bytes:
    """Return the cleaned product made of the weather records (CSV, UTF-8, LF).

    The cleaning: units in the header; dates as ``YYYY-MM-DD``; one decimal place everywhere; the word for
    the weather one of five; a day once; in the order of the days. A record that does not fit stops it.

    Raises:
        ValueError: a record is malformed or contradicts another one of the same day.
    """
    days: dict[str, tuple[str, ...]] = {}
    for row in csv.DictReader(io.StringIO(weather().decode("utf-8")), strict=True):
        day = datetime.strptime(row["date"], "%Y/%m/%d").date().isoformat()  # noqa: DTZ007 - a calendar day
        figures = [row["precipitation"], row["temp_max"], row["temp_min"], row["wind"]]
        record = (day, *(str(Decimal(figure).quantize(Decimal("0.1"))) for figure in figures), row["weather"])
        if row["weather"] not in _WEATHER_WORDS or Decimal(record[2]) < Decimal(record[3]):
            raise ValueError(f"weather record of {day} is malformed")
        if days.setdefault(day, record) != record:
            raise ValueError(f"two different weather records of {day}")
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_WEATHER_HEADER)
    writer.writerows(days[day] for day in sorted(days))
    return text.getvalue().encode("utf-8")
