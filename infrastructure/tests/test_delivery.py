"""The pipeline can roll out images, and cannot make an administrator."""

import re
import unittest

from source import INFRASTRUCTURE, actions, load, resources, statements

BOUNDARY = {"Fn::ImportValue": {"Fn::Sub": "${StackName}-data-TaskBoundaryArn"}}
# What changes who may do what.
WRITES = re.compile(r"iam:(?!Get|List|PassRole)")


class Delivery(unittest.TestCase):
    """Of delivery.yaml."""

    def setUp(self):
        self.template = load(INFRASTRUCTURE / "delivery.yaml")
        self.roles = resources(self.template, "AWS::IAM::Role")
        self.projects = resources(self.template, "AWS::CodeBuild::Project")
        (self.pipeline,) = resources(self.template, "AWS::CodePipeline::Pipeline").values()

    def test_rights_are_changed_only_below_the_boundary(self):
        changing = [s for role in self.roles.values() for s in statements(role) if any(WRITES.match(a) for a in actions(s))]
        self.assertEqual([actions(s) for s in changing], [["iam:PutRolePolicy"]])
        for statement in changing:
            self.assertEqual(statement["Condition"], {"StringEquals": {"iam:PermissionsBoundary": BOUNDARY}})

    def test_each_role_is_passed_to_named_services_only(self):
        for name, role in self.roles.items():
            for statement in statements(role):
                self.assertFalse([a for a in actions(statement) if "*" in a], name)
                if "iam:PassRole" in actions(statement):
                    self.assertEqual(actions(statement), ["iam:PassRole"], name)
                    self.assertEqual(list(statement["Condition"]["StringEquals"]), ["iam:PassedToService"], name)
                    self.assertNotEqual(statement["Resource"], "*")

    def test_code_that_has_not_been_tested_runs_without_rights(self):
        role = self.roles[self.projects["Test"]["ServiceRole"]["Fn::GetAtt"][0]]
        allowed = {action for statement in statements(role) for action in actions(statement)}
        self.assertEqual(allowed, {"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "s3:GetObject"})

    def test_what_is_downloaded_is_pinned_and_checked(self):
        for name, project in self.projects.items():
            spec = str(project["Source"]["BuildSpec"])
            self.assertNotRegex(spec, r"curl[^\n]*\|\s*(ba)?sh", name)
            if "curl" in spec:
                self.assertRegex(spec, r"RUSTUP_VERSION: \d+\.\d+\.\d+\n")
                self.assertRegex(spec, r"RUSTUP_SHA256: [0-9a-f]{64}\n")
                self.assertLess(spec.index("sha256sum --check"), spec.index("/tmp/rustup-init -y"))

    def test_artifacts_are_private_and_travel_encrypted(self):
        ((name, bucket),) = resources(self.template, "AWS::S3::Bucket").items()
        self.assertEqual(set(bucket["PublicAccessBlockConfiguration"].values()), {True})
        self.assertEqual(bucket["OwnershipControls"], {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]})
        (policy,) = resources(self.template, "AWS::S3::BucketPolicy").values()
        (statement,) = policy["PolicyDocument"]["Statement"]
        self.assertEqual((policy["Bucket"], statement["Effect"], statement["Principal"]), ({"Ref": name}, "Deny", "*"))
        self.assertEqual(statement["Action"], "s3:*")
        self.assertEqual(statement["Condition"], {"Bool": {"aws:SecureTransport": "false"}})

    def test_production_is_rolled_out_after_a_person_agreed(self):
        stages = self.pipeline["Stages"]
        (at,) = [index for index, stage in enumerate(stages) if "Fn::If" in stage]
        condition, approval, otherwise = stages[at]["Fn::If"]
        self.assertEqual((condition, otherwise), ("Production", {"Ref": "AWS::NoValue"}))
        self.assertEqual([a["ActionTypeId"]["Provider"] for a in approval["Actions"]], ["Manual"])
        self.assertEqual([stage["Name"] for stage in stages[at + 1 :]], ["RollOut"])


if __name__ == "__main__":
    unittest.main()
