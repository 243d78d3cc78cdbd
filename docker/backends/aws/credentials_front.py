"""Refuses some access keys the way AWS does. moto accepts all; tests use these ids to get a refusal."""

import json
import re

import cbor2

ACCESS_KEY = re.compile(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/")

# Access key id -> (code of the JSON services, code of S3, code of CloudWatch, message)
REFUSED = {
    "AKIAUNKNOWN": (
        "UnrecognizedClientException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "The security token included in the request is invalid.",
    ),
    "ASIAEXPIRED": (
        "ExpiredTokenException",
        "ExpiredToken",
        "ExpiredToken",
        "The security token included in the request is expired",
    ),
    "AKIADENIED": (
        "AccessDeniedException",
        "AccessDenied",
        "AccessDenied",
        "User is not authorized to perform this action",
    ),
}


class Front:
    """Passes on requests that are not refused."""

    def __init__(self, application):
        self.application = application

    def __call__(self, environ, start_response):
        credential = ACCESS_KEY.search(environ.get("HTTP_AUTHORIZATION", ""))
        if not credential or credential[1] not in REFUSED:
            return self.application(environ, start_response)
        content_type, body = refusal(credential[2], *REFUSED[credential[1]])
        headers = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
        if content_type == "application/cbor":
            headers.append(("smithy-protocol", "rpc-v2-cbor"))
        start_response("403 Forbidden", headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]


def refusal(service, json_code, s3_code, cloudwatch_code, message):
    """Content type and body of a refusal in the protocol of a service."""
    if service == "s3":
        xml = f"<Error><Code>{s3_code}</Code><Message>{message}</Message></Error>"
        return "application/xml", xml.encode()
    if service == "monitoring":
        return "application/cbor", cbor2.dumps({"__type": cloudwatch_code, "message": message})
    return "application/x-amz-json-1.0", json.dumps({"__type": json_code, "message": message}).encode()
