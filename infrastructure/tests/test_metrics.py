"""Alarms and dashboards look at metrics that exist and are measured."""

import json
import re
import unittest

from source import INFRASTRUCTURE, ROOT, load, metrics, metrics_measured, metrics_sent, resources, rust

MONITORING = ROOT / "docker/monitoring"
TEMPLATES = ["watching.yaml", "scaling.yaml"]


def find(value, wanted):
    """Every dictionary below `value` that `wanted` accepts."""
    if isinstance(value, dict):
        if wanted(value):
            yield value
        for below in value.values():
            yield from find(below, wanted)
    elif isinstance(value, list):
        for below in value:
            yield from find(below, wanted)


def metrics_of(template):
    """(namespace, name, {dimension: value}) of every metric that a template's alarms and policies look at."""
    for metric in find(template, lambda d: "MetricName" in d and "Namespace" in d):
        dimensions = {d["Name"]: d["Value"] for d in metric.get("Dimensions", [])}
        yield metric["Namespace"], metric["MetricName"], dimensions


def metrics_of_dashboard():
    """The same of the dashboard."""
    (dashboard,) = resources(load(INFRASTRUCTURE / "watching.yaml"), "AWS::CloudWatch::Dashboard").values()
    for widget in json.loads(dashboard["DashboardBody"]["Fn::Sub"][0])["widgets"]:
        for namespace, name, *pairs in widget["properties"]["metrics"]:
            yield namespace, name, dict(zip(pairs[::2], pairs[1::2], strict=True))


def rules():
    """The rules of Prometheus."""
    return [rule for group in load(MONITORING / "alerts/efflux.yaml")["groups"] for rule in group["rules"]]


class Metrics(unittest.TestCase):
    """Of CloudWatch and of Prometheus."""

    def setUp(self):
        self.metrics = [m for name in TEMPLATES for m in metrics_of(load(INFRASTRUCTURE / name))]
        self.metrics += metrics_of_dashboard()
        self.ours = [(name, dimensions) for namespace, name, dimensions in self.metrics if namespace == "Efflux"]

    def test_ours_exist_and_are_measured(self):
        self.assertGreater(len(self.ours), 20)
        for name, _ in self.ours:
            self.assertIn(name, metrics_sent())
            self.assertIn(metrics_sent()[name].name, metrics_measured(), "it has a name and is never measured")

    def test_ours_carry_the_dimensions_that_are_published(self):
        for name, dimensions in self.ours:
            label = metrics_sent()[name].dimension
            self.assertEqual(dimensions.keys(), {"Service", "Environment"} | ({label} if label else set()), name)
            self.assertIn(dimensions["Service"], {"filter-svc", "reporter-svc", "optimizer-svc"})

    def test_labels_and_their_values_exist_in_the_code(self):
        code = "\n".join(rust().values())
        for name, dimensions in self.ours:
            for label, value in dimensions.items():
                if label not in ("Service", "Environment"):
                    self.assertIn(f'("{label}", ', code, name)
                    self.assertIn(f'"{value}"', code, name)

    def test_every_alarm_of_a_queue_names_a_queue_of_the_data_stack(self):
        exports = load(INFRASTRUCTURE / "data.yaml")["Outputs"]
        queues = [d["QueueName"] for namespace, _, d in self.metrics if namespace == "AWS/SQS" and isinstance(d["QueueName"], dict)]
        self.assertGreater(len(queues), 4)
        for queue in queues:
            name = queue["Fn::ImportValue"]["Fn::Sub"].removeprefix("${DataStack}-")
            self.assertIn(name, exports)

    def test_every_alarm_has_a_runbook(self):
        alarms = resources(load(INFRASTRUCTURE / "watching.yaml"), "AWS::CloudWatch::Alarm")
        self.assertGreater(len(alarms), 8)
        for name, alarm in alarms.items():
            runbook = re.search(r"See runbooks/([\w-]+\.md)\.", alarm["AlarmDescription"])
            self.assertIsNotNone(runbook, name)
            self.assertTrue((INFRASTRUCTURE / "runbooks" / runbook[1]).is_file(), runbook[1])

    def test_grafana_shows_metrics_that_exist(self):
        board = json.loads((MONITORING / "dashboards/efflux.json").read_text(encoding="utf-8"))
        expressions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
        self.assertGreater(len(expressions), 10)
        for expression in expressions:
            self.assert_known(expression)

    def test_rules_look_at_metrics_that_exist_and_have_a_runbook(self):
        recorded = {rule["record"] for rule in rules() if "record" in rule}
        for rule in rules():
            self.assert_known(rule["expr"], recorded)
            if "alert" in rule:
                self.assertIn(rule["labels"]["severity"], {"page", "ticket"}, rule["alert"])
                runbook = rule["annotations"]["runbook"]
                self.assertTrue((ROOT / runbook).is_file(), runbook)

    def test_every_alert_is_seen_to_fire_and_to_be_quiet(self):
        fired, quiet = set(), set()
        for case in (case for test in load(MONITORING / "alerts/test.yaml")["tests"] for case in test["alert_rule_test"]):
            (fired if case.get("exp_alerts") else quiet).add(case["alertname"])
        alerts = {rule["alert"] for rule in rules() if "alert" in rule}
        self.assertGreater(len(alerts), 10)
        self.assertEqual((fired, quiet), (alerts, alerts))

    def test_what_is_unknown_is_found(self):
        for unknown in [
            "rate(efflux_no_such_total[5m])",
            'efflux_rows_total{pixel="1"}',
            "sum by (campaign) (efflux_rows_total)",
            'efflux_rows_total{currency="USD"}',
            "rate(no_such_total[5m])",
        ]:
            with self.assertRaises(AssertionError, msg=unknown):
                self.assert_known(unknown)
        self.assert_known('sum by (currency, reason) (efflux_unreported_revenue{pixel="1"})')

    def assert_known(self, expression, recorded=frozenset()):
        """Each metric of a PromQL expression exists, is measured, and has the labels that the expression names."""
        names = set(re.findall(r"\befflux_\w+(?::\w+)*\b", expression)) - recorded
        # `up` is Prometheus' own.
        self.assertTrue(names or expression.startswith("up{") or any(name in expression for name in recorded), expression)
        labels = {"le", "service", "instance", "job", "severity"}
        for name in names:
            base = re.sub(r"_(?:bucket|count|sum)$", "", name)
            self.assertIn(base, metrics(), expression)
            self.assertIn(base, metrics_measured(), expression)
            labels.update(metrics()[base].labels)
            if metrics()[base].kind in ("money", "money_gauge"):
                labels.add("currency")
        used = re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", expression)
        for listed in re.findall(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)", expression):
            used += [label.strip() for label in listed.split(",") if label.strip()]
        for label in used if names else []:
            self.assertIn(label, labels, expression)


if __name__ == "__main__":
    unittest.main()
