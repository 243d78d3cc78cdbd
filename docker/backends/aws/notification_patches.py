"""Adds what S3 writes into its notifications and moto leaves out: versions, sequencers, identities; and keeps slashes unencoded."""

import itertools
from urllib.parse import quote_plus

from moto.s3 import notifications

# Rises with each event, as S3's does with each event of a key.
SEQUENCE = itertools.count(1)


def apply():
    """Replaces moto's function."""
    notifications._get_s3_event = completed(notifications._get_s3_event)


def completed(event_of):
    """Adds to moto's event."""

    def event(event_name, bucket, key, notification_id):
        body = event_of(event_name, bucket, key, notification_id)
        for record in body["Records"]:
            record["userIdentity"] = {"principalId": "AWS:EMULATOR"}
            about = record["s3"]["object"]
            about["key"] = quote_plus(key.name, safe="/")
            about["sequencer"] = f"{next(SEQUENCE):016X}"
            if bucket.is_versioned:
                about["versionId"] = key.version_id
        return body

    return event
