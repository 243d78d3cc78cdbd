"""Facts from the code, for tests that compare them with the templates."""

import re
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
INFRASTRUCTURE = ROOT / "infrastructure"
sys.path.insert(0, str(INFRASTRUCTURE))

import botocore.session  # noqa: E402
from botocore import xform_name  # noqa: E402
from templates import load, resources  # noqa: E402

__all__ = ["INFRASTRUCTURE", "ROOT", "actions", "aws_calls", "load", "metrics", "metrics_measured", "metrics_sent", "resources", "rust", "sdk_methods", "settings", "statements"]


def actions(statement):
    """The actions of a statement, as a list."""
    return [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]


def statements(role):
    """All statements of a role's own policies."""
    return [statement for policy in role["Policies"] for statement in policy["PolicyDocument"]["Statement"]]


@cache
def rust():
    """All code that ships, without its unit tests, by path."""
    files = [*ROOT.glob("crates/*/src/**/*.rs"), *ROOT.glob("services/*/src/**/*.rs")]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8").split("#[cfg(test)]")[0] for path in files}


class Metric(NamedTuple):
    """A row of the table of metrics."""

    constant: str
    kind: str
    name: str
    labels: list
    cloudwatch: str | None
    dimension: str | None


def metric_rows():
    """The metrics: constant, kind, name, labels, name at CloudWatch if it goes there, label that becomes a dimension."""
    text = rust()["crates/ports/src/metric/name.rs"]
    row = r'^ +(\w+) = (\w+) "(\w+)" \[([^]]*)\](, cloudwatch(?: as "(\w+)")?(?: by "(\w+)")?)?;$'
    for constant, kind, name, labels, sent, there, dimension in re.findall(row, text, re.MULTILINE):
        yield Metric(constant, kind, name, re.findall(r'"(\w+)"', labels), (there or name) if sent else None, dimension or None)


@cache
def metrics():
    """Every metric by its name."""
    return {metric.name: metric for metric in metric_rows()}


@cache
def metrics_measured():
    """Names of the metrics that some code outside of `ports` measures."""
    code = "\n".join(text for path, text in rust().items() if not path.startswith("crates/ports/"))
    return {metric.name for metric in metric_rows() if re.search(rf"\bname::{metric.constant}\b", code)}


@cache
def metrics_sent():
    """Name at CloudWatch -> metric, of every metric that goes there."""
    return {metric.cloudwatch: metric for metric in metric_rows() if metric.cloudwatch}


@cache
def settings():
    """Setting -> letters of the services that read it (F, R, O) and whether it is an address that AWS deployments must set."""
    letters = {"ALL": "FRO"}
    row = r'^ +\w+: [\w<>]+ =\s+"(\w+)"[^,]*,\s*"[^"]*",\s*([FRO |]+|ALL),\s*(\w+)\('
    found = {}
    for path, text in rust().items():
        if path.startswith("crates/settings/src/"):
            for name, who, reader in re.findall(row, text, re.MULTILINE):
                who = re.sub(r"[ |]", "", who)
                found[name] = (letters.get(who, who), reader in {"address", "given_address", "secret_address"})
    return found


@cache
def aws_calls():
    """(program, action, resource, SDK methods) of each line of the list beside the adapter."""
    lines = (ROOT / "crates/adapter-aws/calls.tsv").read_text(encoding="utf-8").splitlines()
    return {tuple(line.split("\t")) for line in lines if line and not line.startswith("#")}


@cache
def sdk_methods():
    """Every operation of the AWS services that Efflux uses, as a method of their SDKs."""
    session = botocore.session.get_session()
    services = ("sqs", "s3", "dynamodb", "cloudwatch")
    return {xform_name(name) for service in services for name in session.get_service_model(service).operation_names}
