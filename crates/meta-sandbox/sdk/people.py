"""Generated people: each field in one of the ways in which people write it."""

from dataclasses import dataclass, field

from facebook_business.adobjects.serverside.gender import Gender

EMAIL = {
    "plain": "jane.doe{n}@example.com",
    "upper case and blanks": "  Jane.Doe{n}@Example.COM ",
    "tag": "j.d+tag{n}@gmail.com",
    "not an address": "jane{n}@localhost",
}
PHONE = {
    "US": {
        "international": "+1 650-555-{n:04}",
        "digits": "1650555{n:04}",
        "national": "(650) 555-{n:04}",
        "with dots": "650.555.{n:04}",
    },
    "GB": {
        "international": "+44 20 7946 {n:04}",
        "with 00": "0044 20 7946 {n:04}",
        "national with 0": "020 7946 {n:04}",
        "international with (0)": "+44 (0)20 7946 {n:04}",
    },
    "BR": {"international": "+55 11 5555 {n:04}"},
}
FIRST_NAME = {"plain": "Mary", "upper case": "JOHN", "accent": "Val\u00e9ry", "other script": "\uc815", "hyphen": "Jean-Luc", "two words": "Mary Ann"}
LAST_NAME = {"plain": "Smith", "apostrophe": "O'Brien", "particles": "de la Cruz"}
BIRTH = {"digits": "19970216", "with dashes": "1997-02-16", "with slashes": "2/16/1997"}
GENDER = {"letter": ("f", Gender.FEMALE), "word": ("Male", Gender.MALE)}
CITY = {"plain": "Paris", "two words": "New York", "dots": "St. Louis", "accent": "S\u00e3o Paulo", "apostrophe": "Coeur d'Alene"}
STATE = {
    "US": {"code": "CA", "dotted code": "N.Y.", "name": "California"},
    "GB": {"name elsewhere": "Greater London"},
    "BR": {"code elsewhere": "SP"},
}
POSTCODE = {
    "US": {"five digits": "94035", "nine digits": "94035-1234"},
    "GB": {"with blank": "M1 1AE"},
    "BR": {"with dash": "01310-100"},
}
COUNTRY = {
    "US": {"code": "US", "name": "United States"},
    "GB": {"code": "gb", "name": "United Kingdom"},
    "BR": {"code": "BR", "name": "Brazil"},
}


@dataclass
class Person:
    number: int
    clicked_at: int
    # The row as a feed writes it, and the arguments of the SDK's UserData.
    row: dict
    user: dict
    # How each field is written, by Meta's name of it.
    kinds: dict = field(default_factory=dict)


def person(chance, number, now):
    home = chance.choice(["US", "GB", "BR"])
    clicked_at = now - 3600 - number
    kinds, row, user = {}, {}, {}

    def put(key, argument, ways, column=None):
        kind = chance.choice(sorted(ways))
        value = ways[kind]
        value, argument_value = value if isinstance(value, tuple) else (value, value)
        if "{n" in value:
            value = argument_value = value.format(n=number)
        kinds[key], row[column or key], user[argument] = kind, value, argument_value

    put("em", "email", EMAIL)
    put("ph", "phone", PHONE[home])
    put("fn", "first_name", FIRST_NAME)
    put("ln", "last_name", LAST_NAME)
    # A date such as 2/16/1997 can be read in one way alone, wherever it was written.
    put("db", "date_of_birth", BIRTH)
    put("ge", "gender", GENDER)
    put("ct", "city", CITY, "city")
    put("st", "state", STATE[home], "region")
    put("zp", "zip_code", POSTCODE[home])
    put("country", "country_code", COUNTRY[home], "country_code")
    cookie = f"fb.1.{clicked_at * 1000}.IwAR{number:04}_a-B"
    same = {
        "external_id": (f"customer-{number}", "external_id"),
        "ip": (f"203.0.113.{number % 254 + 1}", "client_ip_address"),
        "user_agent": ("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "client_user_agent"),
        "fbc": (cookie, "fbc"),
        "fbp": (f"fb.1.{clicked_at * 1000}.{1_000_000_000 + number}", "fbp"),
    }
    for column, (value, argument) in same.items():
        row[column], user[argument] = value, value
    row |= {
        "session_id": f"session-{number}",
        "keyword_clicked": "keyword",
        "network": "tonic",
        "campaign_id": "120210000000100000",
        "traffic_source": "facebook",
        "click_timestamp": clicked_at,
        "ts_click_id": f"IwAR{number:04}_a-B",
        "event_source_url": f"https://shop.example/p?item={number}",
        "order_id": str(number),
        "conversions": 1,
        "revenue": (number % 977 + 1) / 100,
    }
    return Person(number, clicked_at, row, user, kinds)
