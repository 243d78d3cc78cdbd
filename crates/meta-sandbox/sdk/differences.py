"""Each difference between what Meta's Python SDK sends of a person and what Efflux sends, and the page that decides it.

The test fails for a difference that is not here, and for one that is here and was not met.
"""

CUSTOMER = (
    "https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/customer-information-parameters"
    " (read 2026-11-23)"
)
STANDARD = "https://developers.facebook.com/docs/meta-pixel/reference (read 2026-11-23)"

DIFFERENCES = {
    ("currency", "any"): f"Both are taken; the page's codes are those of ISO 4217, upper case: {STANDARD}",
    ("external_id", "any"): f"Hashing is recommended; the SDK sends it in clear: {CUSTOMER}",
    ("ph", "national"): f"The country code is mandatory; the SDK leaves it out: {CUSTOMER}",
    ("ph", "with dots"): f"Symbols are removed, and the country code is mandatory; the SDK refuses dots: {CUSTOMER}",
    ("ph", "national with 0"): f"Leading zeros are removed, and the country code is mandatory: {CUSTOMER}",
    ("ph", "international with (0)"): (
        f"The number with its country code has no zero of the national form; the SDK keeps it: {CUSTOMER}"
    ),
    ("fn", "hyphen"): f"No punctuation; the SDK keeps it: {CUSTOMER}",
    ("fn", "two words"): (
        "The page does not say what becomes of blanks; Meta's Parameter Builder removes them:"
        " https://developers.facebook.com/docs/marketing-api/conversions-api/parameter-builder-library (read 2026-11-23)"
    ),
    ("ln", "apostrophe"): f"No punctuation; the SDK keeps it: {CUSTOMER}",
    ("ln", "particles"): "As for two words of a first name",
    ("db", "with dashes"): f"YYYYMMDD; the SDK changes nothing: {CUSTOMER}",
    ("db", "with slashes"): f"YYYYMMDD; the SDK changes nothing: {CUSTOMER}",
    ("ct", "apostrophe"): f"No punctuation and no special characters; the SDK keeps the apostrophe: {CUSTOMER}",
    ("st", "name"): f"The 2-letter code of a state; the SDK keeps the name: {CUSTOMER}",
    ("zp", "with dash"): f"No dash; the SDK drops what follows it, as it does for American codes: {CUSTOMER}",
    ("country", "name"): f"The code of ISO 3166-1; the SDK refuses names: {CUSTOMER}",
}
