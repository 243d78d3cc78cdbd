"""The properties of the data stack."""

import unittest

from source import INFRASTRUCTURE, load, resources

DAY = 24 * 60 * 60


class Data(unittest.TestCase):
    """Buckets, queues, table."""

    def setUp(self):
        self.template = load(INFRASTRUCTURE / "data.yaml")
        self.queues = resources(self.template, "AWS::SQS::Queue")

    def test_files_are_encrypted_private_and_forgotten(self):
        for name, bucket in resources(self.template, "AWS::S3::Bucket").items():
            self.assertEqual(set(bucket["PublicAccessBlockConfiguration"].values()), {True}, name)
            (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
            self.assertIn(rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"], ("AES256", "aws:kms"))
            (rule,) = bucket["LifecycleConfiguration"]["Rules"]
            self.assertEqual((rule["Status"], rule["ExpirationInDays"]), ("Enabled", {"Ref": "PersonalDataDays"}))
        self.assertGreaterEqual(self.template["Parameters"]["PersonalDataDays"]["MinValue"], 8)

    def test_each_bucket_tells_its_own_queue_which_lets_it_and_nobody_else(self):
        buckets = resources(self.template, "AWS::S3::Bucket")
        policies = {p["Queues"][0]["Ref"]: p for p in resources(self.template, "AWS::SQS::QueuePolicy").values()}
        self.assertEqual(len(buckets), 2)
        for name, bucket in buckets.items():
            (notification,) = bucket["NotificationConfiguration"]["QueueConfigurations"]
            queue = notification["Queue"]["Fn::GetAtt"][0]
            allowed = [s for s in policies[queue]["PolicyDocument"]["Statement"] if s["Effect"] == "Allow"]
            (statement,) = allowed
            self.assertEqual(statement["Action"], "sqs:SendMessage")
            self.assertEqual(statement["Principal"], {"Service": "s3.amazonaws.com"})
            arn = statement["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::Sub"]
            self.assertEqual(arn, "arn:${AWS::Partition}:s3:::" + bucket["BucketName"]["Fn::Sub"])
            self.assertEqual(self.template["Resources"][name]["DependsOn"], f"{queue}Policy")

    def test_a_queue_gives_up_after_the_services_did_whatever_is_chosen(self):
        ours, queues = (self.template["Parameters"][name] for name in ("MaxReceives", "RedriveReceives"))
        self.assertGreater(queues["MinValue"], ours["MaxValue"])
        for bounds in (ours, queues):
            self.assertTrue(bounds["MinValue"] <= bounds["Default"] <= bounds["MaxValue"])
        self.assertLessEqual(queues["MaxValue"], 1000, "SQS takes no more")

    def test_a_dead_letter_that_keeps_its_age_stays_for_days(self):
        working = {name: queue for name, queue in self.queues.items() if "RedrivePolicy" in queue}
        self.assertEqual(len(working), 2)
        for queue in working.values():
            self.assertEqual(queue["VisibilityTimeout"], {"Ref": "QueueVisibilitySeconds"})
            dead = self.queues[queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]]
            self.assertEqual(dead["MessageRetentionPeriod"], 14 * DAY)
            # Conversions can be reported for 7 days, and a letter has its age from the queue.
            self.assertGreaterEqual(queue["MessageRetentionPeriod"], 7 * DAY)
            self.assertGreaterEqual(dead["MessageRetentionPeriod"] - queue["MessageRetentionPeriod"], 4 * DAY)
            self.assertTrue(dead["SqsManagedSseEnabled"] and queue["SqsManagedSseEnabled"])

    def test_the_tag_of_an_image_stays_with_its_image(self):
        repositories = resources(self.template, "AWS::ECR::Repository")
        self.assertEqual(len(repositories), 4)
        for name, repository in repositories.items():
            self.assertEqual(repository["ImageTagMutability"], "IMMUTABLE", name)
            self.assertTrue(repository["ImageScanningConfiguration"]["ScanOnPush"], name)

    def test_the_table_can_be_brought_back(self):
        (table,) = resources(self.template, "AWS::DynamoDB::Table").values()
        self.assertTrue(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"])
        self.assertEqual(table["KeySchema"], [{"AttributeName": "id", "KeyType": "HASH"}])


if __name__ == "__main__":
    unittest.main()
