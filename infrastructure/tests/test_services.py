"""The services get the settings and rights that they need, and are rolled back when they fail."""

import re
import unittest

from source import INFRASTRUCTURE, aws_calls, load, resources, rust, sdk_methods, settings

LETTERS = {"filter-svc": "F", "reporter-svc": "R", "optimizer-svc": "O", "efflux": "FRO"}
# Read by the AWS SDK, by the system, or only to name metrics; not settings of Efflux.
FOREIGN = {"TMPDIR", "AWS_REGION"}


def actions(statement):
    """The actions of a statement, as a list."""
    return [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]


def exports(resource):
    """Names of the exports of the data stack in a resource of a policy; `*` is itself."""
    if resource == "*":
        return {"*"}
    return set(re.findall(r"\$\{DataStack\}-(\w+)Arn", str(resource)))


class Services(unittest.TestCase):
    """Of services.yaml."""

    def setUp(self):
        self.template = load(INFRASTRUCTURE / "services.yaml")
        self.tasks = {
            task["ContainerDefinitions"][0]["Name"]: task
            for task in resources(self.template, "AWS::ECS::TaskDefinition").values()
        }
        self.assertEqual(self.tasks.keys(), LETTERS.keys())

    def granted(self, service):
        """(action, resource) pairs that a service's role allows."""
        role = self.template["Resources"][self.tasks[service]["TaskRoleArn"]["Fn::GetAtt"][0]]["Properties"]
        self.assertNotIn("ManagedPolicyArns", role)
        return {
            (action, resource)
            for policy in role["Policies"]
            for statement in policy["PolicyDocument"]["Statement"]
            for action in actions(statement)
            for target in (statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]])
            for resource in exports(target)
        }

    def test_each_role_allows_what_its_service_calls_and_nothing_else(self):
        for service in LETTERS:
            called = {(action, resource) for who, action, resource, _ in aws_calls() if who == service}
            self.assertEqual(self.granted(service), called, service)

    def test_no_role_allows_whole_families(self):
        for role in resources(self.template, "AWS::IAM::Role").values():
            for policy in role["Policies"]:
                for statement in policy["PolicyDocument"]["Statement"]:
                    self.assertFalse([a for a in actions(statement) if "*" in a])
                    if statement["Resource"] == "*":
                        self.assertIn(actions(statement), (["ecr:GetAuthorizationToken"], ["cloudwatch:PutMetricData"]))

    def test_the_list_of_calls_is_the_code_s(self):
        ours = {path: text for path, text in rust().items() if path.startswith("crates/adapter-aws/src/")}
        # It makes resources on emulators; no service has a role for that.
        del ours["crates/adapter-aws/src/provision.rs"]
        code = "\n".join(ours.values())
        in_code = {method for method in sdk_methods() if re.search(rf"\.{method}\(\)", code)}
        self.assertEqual(in_code, {method for _, _, _, methods in aws_calls() for method in methods.split(",")})

    def test_each_service_has_every_address_and_no_unknown_setting(self):
        for service, task in self.tasks.items():
            (container,) = task["ContainerDefinitions"]
            given = {entry["Name"] for entry in container["Environment"] + container["Secrets"]} - FOREIGN
            self.assertLessEqual(given, settings().keys(), service)
            for name, (readers, address) in settings().items():
                if address and set(readers) & set(LETTERS[service]):
                    self.assertIn(name, given, service)
                if name in given:
                    self.assertTrue(set(readers) & set(LETTERS[service]), f"{service} does not read {name}")

    def test_secrets_are_no_plain_values(self):
        for service, task in self.tasks.items():
            (container,) = task["ContainerDefinitions"]
            plain = {entry["Name"] for entry in container["Environment"]}
            self.assertFalse(plain & {"MONGODB_URI", "CLICKHOUSE_URL", "DATABASE_URL", "META_APP_SECRET"}, service)

    def test_nothing_runs_as_root_or_writes_to_its_image(self):
        for service, task in self.tasks.items():
            (container,) = task["ContainerDefinitions"]
            self.assertTrue(container["ReadonlyRootFilesystem"], service)
            self.assertEqual(container["User"], "10001:10001")
            self.assertEqual(container["LinuxParameters"]["Capabilities"], {"Drop": ["ALL"]})
            self.assertGreater(container["StopTimeout"], 25)

    def test_a_failing_deployment_is_rolled_back_by_breaker_and_alarm(self):
        alarms = load(INFRASTRUCTURE / "watching.yaml")["Outputs"]
        services = resources(self.template, "AWS::ECS::Service")
        self.assertEqual(len(services), 2)
        for name, service in services.items():
            deployment = service["DeploymentConfiguration"]
            self.assertEqual(deployment["DeploymentCircuitBreaker"], {"Enable": True, "Rollback": True}, name)
            self.assertTrue(deployment["Alarms"]["Enable"] and deployment["Alarms"]["Rollback"])
            for alarm in deployment["Alarms"]["AlarmNames"]:
                self.assertIn(alarm["Fn::ImportValue"]["Fn::Sub"].removeprefix("${WatchingStack}-"), alarms)
            self.assertNotIn("DesiredCount", service, "a deployment would undo what scaling has set")

    def test_streams_have_the_names_that_saved_queries_know(self):
        prefixes = {
            service: task["ContainerDefinitions"][0]["LogConfiguration"]["Options"]["awslogs-stream-prefix"]
            for service, task in self.tasks.items()
        }
        self.assertEqual(
            prefixes,
            {
                "filter-svc": "trigger-conversion-reports-queue",
                "reporter-svc": "report-conversions-queue",
                "optimizer-svc": "optimization",
                "efflux": "server",
            },
        )


if __name__ == "__main__":
    unittest.main()
