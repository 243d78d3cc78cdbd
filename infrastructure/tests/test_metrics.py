"""Alarms and dashboards look at metrics that exist and are measured."""

import json
import re
import unittest

from source import INFRASTRUCTURE, ROOT, load, metric_names, metrics_measured, metrics_sent, resources, rust

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


class Metrics(unittest.TestCase):
    """Of CloudWatch and of Prometheus."""

    def setUp(self):
        self.metrics = [m for name in TEMPLATES for m in metrics_of(load(INFRASTRUCTURE / name))]
        self.metrics += metrics_of_dashboard()
        self.ours = [(name, dimensions) for namespace, name, dimensions in self.metrics if namespace == "Efflux"]

    def test_ours_exist_and_are_measured(self):
        self.assertGreater(len(self.ours), 20)
        for name, _ in self.ours:
            self.assertIn(name, metric_names().values())
            self.assertIn(name, metrics_measured(), "it has a name and is never measured")

    def test_ours_carry_the_dimensions_that_are_published(self):
        for name, dimensions in self.ours:
            label = metrics_sent()[name]
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
        board = json.loads((ROOT / "docker/monitoring/dashboards/efflux.json").read_text(encoding="utf-8"))
        expressions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
        self.assertGreater(len(expressions), 10)
        for expression in expressions:
            names = set(re.findall(r"\b(?:efflux_\w+|[A-Z][a-z]+[A-Z]\w+)\b", expression))
            self.assertTrue(names, expression)
            for name in names:
                self.assertIn(name.removesuffix("_count").removesuffix("_sum"), metrics_measured(), expression)


if __name__ == "__main__":
    unittest.main()
