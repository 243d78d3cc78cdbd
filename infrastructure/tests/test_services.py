"""The services get the settings and rights that they need, and are rolled back when they fail."""

import re
import unittest

from source import INFRASTRUCTURE, actions, aws_calls, load, resources, rust, sdk_methods, settings, statements

LETTERS = {"filter-svc": "F", "reporter-svc": "R", "optimizer-svc": "O", "efflux": "FRO"}
# Read by the AWS SDK, by the system, or only to name metrics; not settings of Efflux.
FOREIGN = {"TMPDIR", "AWS_REGION"}
# What a method of the port of queues asks of SQS, and of which queue.
QUEUE_CALLS = {
    "receive": {("sqs:ReceiveMessage", "Queue")},
    "acknowledge": {("sqs:DeleteMessage", "Queue")},
    "extend": {("sqs:ChangeMessageVisibility", "Queue")},
    "release": {("sqs:ChangeMessageVisibility", "Queue")},
    # A healthy message is replaced by a fresh copy before its receives run out.
    "send": {("sqs:SendMessage", "Queue")},
    "dead_letter": {("sqs:ChangeMessageVisibility", "Queue"), ("sqs:SendMessage", "DeadLetterQueue"), ("sqs:DeleteMessage", "Queue")},
}


def secrets(container):
    """What a container is given by reference, whatever the parameters are."""
    return [entry["Fn::If"][1] if "Fn::If" in entry else entry for entry in container["Secrets"]]


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
            for statement in statements(role)
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
            for statement in statements(role):
                self.assertFalse([a for a in actions(statement) if "*" in a])
                if statement["Resource"] == "*":
                    self.assertIn(actions(statement), (["ecr:GetAuthorizationToken"], ["cloudwatch:PutMetricData"]))

    def test_each_role_has_a_boundary_that_allows_what_roles_do_and_nothing_else(self):
        data = load(INFRASTRUCTURE / "data.yaml")
        (boundary,) = resources(data, "AWS::IAM::ManagedPolicy").values()
        allowed = {action for s in boundary["PolicyDocument"]["Statement"] for action in actions(s) if s["Effect"] == "Allow"}
        used = set()
        for name, role in resources(self.template, "AWS::IAM::Role").items():
            self.assertEqual(role["PermissionsBoundary"], {"Fn::ImportValue": {"Fn::Sub": "${DataStack}-TaskBoundaryArn"}}, name)
            used |= {action for statement in statements(role) for action in actions(statement)}
        self.assertIn("TaskBoundaryArn", data["Outputs"])
        self.assertEqual(allowed, used)
        for statement in boundary["PolicyDocument"]["Statement"]:
            if "iam:PassRole" in actions(statement):
                self.assertEqual(statement["Condition"]["StringEquals"], {"iam:PassedToService": "ecs-tasks.amazonaws.com"})

    def test_secrets_that_need_not_be_there_are_given_to_those_that_read_them_once_they_are_wanted(self):
        for service, task in self.tasks.items():
            (container,) = task["ContainerDefinitions"]
            wanted = [entry["Fn::If"] for entry in container["Secrets"] if "Fn::If" in entry]
            app_secret = ["META_APP_SECRET"] * ("R" in LETTERS[service])
            notices = ["NOTIFY_URL", "NOTIFY_SECRET"] * (LETTERS[service] != "O")
            self.assertEqual([w[1]["Name"] for w in wanted], app_secret + notices, service)
            for condition, entry, otherwise in wanted:
                expected = "WithAppSecret" if entry["Name"] == "META_APP_SECRET" else "WithNotices"
                self.assertEqual((condition, otherwise), (expected, {"Ref": "AWS::NoValue"}))

    def test_plain_text_is_refused_unless_an_operator_allows_it(self):
        self.assertEqual(self.template["Parameters"]["AllowPlaintext"]["Default"], "false")
        for service, task in self.tasks.items():
            (container,) = task["ContainerDefinitions"]
            self.assertIn({"Name": "ALLOW_PLAINTEXT", "Value": {"Ref": "AllowPlaintext"}}, container["Environment"], service)

    def test_the_list_of_calls_is_the_code_s(self):
        ours = {path: text for path, text in rust().items() if path.startswith("crates/adapter-aws/src/")}
        # It makes resources on emulators; no service has a role for that.
        del ours["crates/adapter-aws/src/provision.rs"]
        code = "\n".join(ours.values())
        in_code = {method for method in sdk_methods() if re.search(rf"\.{method}\(\)", code)}
        self.assertEqual(in_code, {method for _, _, _, methods in aws_calls() for method in methods.split(",")})

    def test_each_worker_may_do_what_its_queue_is_asked_for(self):
        code = "\n".join(text for path, text in rust().items() if path.startswith("crates/pipeline/src/"))
        asked = set(re.findall(r"\bself\.queue\s*\.(\w+)\(", code))
        self.assertLessEqual({"receive", "acknowledge", "extend", "release", "send", "dead_letter"}, asked)
        self.assertLessEqual(asked, QUEUE_CALLS.keys())
        for service, queue in (("filter-svc", "Trigger"), ("reporter-svc", "Report")):
            needed = {(action, f"{queue}{which}") for method in asked for action, which in QUEUE_CALLS[method]}
            self.assertLessEqual(needed, self.granted(service), service)

    def test_each_service_has_every_address_and_no_unknown_setting(self):
        for service, task in self.tasks.items():
            (container,) = task["ContainerDefinitions"]
            given = {entry["Name"] for entry in container["Environment"] + secrets(container)} - FOREIGN
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
            self.assertFalse(plain & {"MONGODB_URI", "CLICKHOUSE_URL", "DATABASE_URL", "META_APP_SECRET", "NOTIFY_URL", "NOTIFY_SECRET"}, service)

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
