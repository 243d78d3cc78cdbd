"""The operator's commands from the README, in its order, on an emulator of AWS."""

import subprocess
import time
import unittest

from emulator import Checkout, Emulator

SECRETS = {"mongodb-uri": "mongodb://ledger/efflux", "clickhouse-url": "http://analytics:8123", "database-url": "postgres://accounts/x", "meta-app-secret": "hush", "notify-url": "https://hooks.example.com/x", "notify-secret": "quiet"}
STACKS = ("data", "watching", "services", "scaling")
DEADLINE_S = 120


class Commands(unittest.TestCase):
    """One deployment, from the first to the last command."""

    def setUp(self):
        self.emulator = Emulator()
        self.addCleanup(self.emulator.close)
        self.checkout = Checkout(self.emulator)
        self.addCleanup(self.checkout.close)
        subnets = self.emulator.client("ec2").describe_subnets()["Subnets"][:2]
        self.network = {"VPC_ID": subnets[0]["VpcId"], "SUBNET_IDS": ",".join(subnet["SubnetId"] for subnet in subnets)}

    def stacks(self):
        """Name -> stack of everything that is deployed."""
        return {stack["StackName"]: stack for stack in self.emulator.client("cloudformation").describe_stacks()["Stacks"]}

    def outputs(self, stack):
        """Name -> value of a stack's outputs."""
        return {output["OutputKey"]: output["OutputValue"] for output in self.stacks()[stack]["Outputs"]}

    def images(self):
        """Program -> image, of the task definitions in force."""
        ecs, found = self.emulator.client("ecs"), {}
        for arn in ecs.list_task_definitions()["taskDefinitionArns"]:
            (container,) = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]["containerDefinitions"]
            found[container["name"]] = container["image"]
        return found

    def test_from_the_first_deployment_to_the_last_command(self):
        self.checkout.environment("staging", BUCKET_PREFIX="example-org", **self.network, OVERRIDES_services="LogGroupName=/efflux/staging")
        self.first_makes_everything()
        self.diff_tells_and_changes_nothing()
        self.a_roll_out_changes_one_service_and_deploy_keeps_it()
        self.the_operators_tool_runs_as_a_task()
        self.the_pipeline_gets_the_topic()
        self.destroy_needs_a_confirmation()

    def first_makes_everything(self):
        self.checkout.make("first", "STACK_NAME=cr", "ENVIRONMENT=staging", "TAG=one", answers="\n".join(SECRETS.values()) + "\n")
        for name in STACKS:
            self.assertIn(self.stacks()[f"cr-{name}"]["StackStatus"], ("CREATE_COMPLETE", "UPDATE_COMPLETE"), name)
        secrets = self.emulator.client("secretsmanager")
        for name, value in SECRETS.items():
            self.assertEqual(secrets.get_secret_value(SecretId=f"/efflux/cr-data/{name}")["SecretString"], value)
        repositories = self.emulator.client("ecr").describe_repositories()["repositories"]
        pushed = [line.removeprefix("push ") for line in self.checkout.docker_calls() if line.startswith("push ")]
        self.assertEqual(sorted(pushed), sorted(f"{repository['repositoryUri']}:one" for repository in repositories))
        self.assertEqual(sorted(pushed), sorted(self.images().values()))
        self.assertEqual(self.outputs("cr-services")["LogGroupName"], "/efflux/staging")

    def diff_tells_and_changes_nothing(self):
        printed = self.checkout.make("diff", "STACK_NAME=cr", "ENVIRONMENT=staging")
        self.assertEqual(printed.count("nothing to change"), len(STACKS), printed)
        printed = self.checkout.make("diff-data", "STACK_NAME=cr", "ENVIRONMENT=staging", "OVERRIDES_data=PersonalDataDays=60")
        self.assertIn("InterpretedEventsBucket", printed)
        self.assertNotIn("TriggerQueue", printed)
        self.assertIn("nothing to change", self.checkout.make("diff-data", "STACK_NAME=cr", "ENVIRONMENT=staging"))

    def a_roll_out_changes_one_service_and_deploy_keeps_it(self):
        before = self.images()
        self.checkout.make("roll-out", "STACK_NAME=cr", "ENVIRONMENT=staging", "SERVICE=reporter-svc", "TAG=two")
        expected = {**before, "reporter-svc": before["reporter-svc"].replace(":one", ":two")}
        self.assertEqual(self.images(), expected)
        ecs, cluster = self.emulator.client("ecs"), self.outputs("cr-services")["ClusterName"]
        (service,) = ecs.describe_services(cluster=cluster, services=["reporter-svc"])["services"]
        self.assertTrue(service["taskDefinition"].endswith(":2"), service["taskDefinition"])
        self.checkout.make("deploy", "STACK_NAME=cr", "ENVIRONMENT=staging", "TAG=three")
        self.assertEqual(self.images(), expected)

    def the_operators_tool_runs_as_a_task(self):
        ecs, logs, outputs = self.emulator.client("ecs"), self.emulator.client("logs"), self.outputs("cr-services")
        with subprocess.Popen(
            **self.checkout.command("operator", "STACK_NAME=cr", "COMMAND=dlq list --json"), stdout=subprocess.PIPE
        ) as operator:
            deadline = time.monotonic() + DEADLINE_S
            while not (tasks := ecs.list_tasks(cluster=outputs["ClusterName"])["taskArns"]) and time.monotonic() < deadline:
                self.assertIsNone(operator.poll(), "it ended before it started a task")
                # The command needs the emulator and the cores, too.
                time.sleep(0.2)
            (task,) = ecs.describe_tasks(cluster=outputs["ClusterName"], tasks=tasks)["tasks"]
            self.assertEqual(task["overrides"]["containerOverrides"][0]["command"], ["dlq", "list", "--json"])
            # The emulator starts no containers, so the test writes their log.
            stream = {"logGroupName": outputs["LogGroupName"], "logStreamName": "server/efflux/" + task["taskArn"].rpartition("/")[2]}
            logs.create_log_stream(**stream)
            now_ms = int(time.time() * 1000)
            logs.put_log_events(**stream, logEvents=[{"timestamp": now_ms, "message": line} for line in ("two\tcolumns", "end")])
            ecs.stop_task(cluster=outputs["ClusterName"], task=task["taskArn"])
            printed, _ = operator.communicate(timeout=DEADLINE_S)
        self.assertEqual((operator.returncode, printed), (0, "two\tcolumns\nend\n"))

    def the_pipeline_gets_the_topic(self):
        arn = "arn:aws:codestar-connections:us-east-1:123456789012:connection/x"
        self.checkout.make("delivery", "STACK_NAME=cr", "ENVIRONMENT=staging", f"CONNECTION_ARN={arn}", "REPOSITORY=example/efflux")
        given = {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in self.stacks()["cr-delivery"]["Parameters"]}
        self.assertEqual(given["TopicArn"], self.outputs("cr-watching")["TopicArn"])

    def destroy_needs_a_confirmation(self):
        self.checkout.make("destroy", "STACK_NAME=cr", "ENVIRONMENT=staging", "CONFIRM=other", fails=True)
        self.assertIn("cr-services", self.stacks())
        self.checkout.make("destroy", "STACK_NAME=cr", "ENVIRONMENT=staging", "CONFIRM=cr")
        self.assertEqual(self.stacks(), {})
        buckets = [bucket["Name"] for bucket in self.emulator.client("s3").list_buckets()["Buckets"]]
        self.assertLess({"example-org-interpreted-events", "example-org-report-conversions"}, set(buckets))
        self.assertEqual(len(self.emulator.client("secretsmanager").list_secrets()["SecretList"]), len(SECRETS))

    def test_production_is_protected(self):
        self.checkout.environment("production", BUCKET_PREFIX="example-org", **self.network)
        self.checkout.make("deploy", "FIRST=yes", "STACK_NAME=cr", "ENVIRONMENT=production", "TAG=one")
        self.assertEqual([stack["EnableTerminationProtection"] for stack in self.stacks().values()], [True] * len(STACKS))
        printed = self.checkout.make("destroy", "STACK_NAME=cr", "ENVIRONMENT=production", "CONFIRM=cr", fails=True)
        self.assertIn("production is protected", printed)
        # Not under another name either: AWS itself refuses.
        self.checkout.environment("staging", BUCKET_PREFIX="example-org", **self.network)
        printed = self.checkout.make("destroy", "STACK_NAME=cr", "ENVIRONMENT=staging", "CONFIRM=cr", fails=True)
        self.assertIn("TerminationProtection is enabled", printed)
        self.assertEqual(len(self.stacks()), len(STACKS))

    def test_missing_arguments_are_named(self):
        for target in ("deploy", "diff", "first", "destroy", "push", "secrets", "roll-out", "delivery"):
            self.assertRegex(self.checkout.make(target, fails=True), "STACK_NAME=", target)
        self.assertIn("copy environments/example.mk", self.checkout.make("deploy", "STACK_NAME=cr", "ENVIRONMENT=none", fails=True))
        self.assertIn("STACK_NAME", self.checkout.make("operator", "COMMAND=dlq list", fails=True))
        self.assertIn("usage", self.checkout.make("operator", "STACK_NAME=cr", fails=True))
        self.assertEqual(self.stacks(), {})


if __name__ == "__main__":
    unittest.main()
