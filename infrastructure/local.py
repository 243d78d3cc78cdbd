"""Deploys the templates to an AWS emulator, and makes the resources that it leaves out.

usage: AWS_ENDPOINT_URL=http://127.0.0.1:5000 python3 local.py --stack-name efflux-local

Prints the settings that point the services at what was made, one NAME=value a line.
"""

import argparse
import os
import sys
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

HERE = Path(__file__).resolve().parent

# The emulator accepts these and ignores them; Platform=emulator leaves out the rest.
DROPPED = {
    "AWS::SQS::QueuePolicy",
    "AWS::S3::BucketPolicy",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
}


def client(service):
    """A client of the emulator; credentials are required, and any will do."""
    return boto3.client(
        service,
        endpoint_url=os.environ["AWS_ENDPOINT_URL"],
        region_name=os.environ.get("AWS_REGION", "us-east-1"),
        aws_access_key_id=os.environ.get("AWS_ACCESS_KEY_ID", "test"),
        aws_secret_access_key=os.environ.get("AWS_SECRET_ACCESS_KEY", "test"),
    )


def deploy(cloudformation, stack, template, parameters):
    """Creates or updates a stack and returns its outputs."""
    arguments = {
        "StackName": stack,
        "TemplateBody": (HERE / template).read_text(),
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        "Capabilities": ["CAPABILITY_IAM"],
    }
    try:
        cloudformation.describe_stacks(StackName=stack)
        cloudformation.update_stack(**arguments)
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        cloudformation.create_stack(**arguments)
    made = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    if not made["StackStatus"].endswith("_COMPLETE") or "ROLLBACK" in made["StackStatus"]:
        sys.exit(f"{stack}: {made['StackStatus']} {made.get('StackStatusReason', '')}")
    return {output["OutputKey"]: output["OutputValue"] for output in made.get("Outputs", [])}


def notify(s3, bucket, queue_arn, stated):
    """Applies the notification that the template states for a bucket."""
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={
            "QueueConfigurations": [
                {
                    "QueueArn": queue_arn,
                    "Events": [stated["Event"]],
                    "Filter": {
                        "Key": {
                            "FilterRules": [
                                {"Name": rule["Name"], "Value": rule["Value"]}
                                for rule in stated["Filter"]["S3Key"]["Rules"]
                            ]
                        }
                    },
                }
            ]
        },
    )


def stated_notification(template, bucket):
    """The notification that a template states for a bucket."""
    from templates import load

    configuration = load(HERE / template)["Resources"][bucket]["Properties"]["NotificationConfiguration"]
    (stated,) = configuration["QueueConfigurations"]
    return stated


def main():
    """Deploys everything that the emulator supports."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--stack-name", required=True)
    name = arguments.parse_args().stack_name
    cloudformation, s3 = client("cloudformation"), client("s3")
    data = deploy(
        cloudformation, f"{name}-data", "data.yaml",
        {"Environment": "local", "Platform": "emulator", "BucketPrefix": name},
    )
    for bucket, queue in (("InterpretedEvents", "Trigger"), ("ReportConversions", "Report")):
        notify(s3, data[f"{bucket}BucketName"], data[f"{queue}QueueArn"], stated_notification("data.yaml", f"{bucket}Bucket"))
    sqs, ec2 = client("sqs"), client("ec2")
    for output in ("TriggerQueue", "TriggerDeadLetterQueue", "ReportQueue", "ReportDeadLetterQueue"):
        # The stack returns AWS's own address; the emulator's queues have the emulator's.
        data[f"{output}Url"] = sqs.get_queue_url(QueueName=data[f"{output}Name"])["QueueUrl"]
    deploy(cloudformation, f"{name}-watching", "watching.yaml", {"Environment": "local", "DataStack": f"{name}-data"})
    subnets = ec2.describe_subnets()["Subnets"][:2]
    images = {f"{service}Image": f"efflux/{service.lower()}" for service in ("Filter", "Reporter", "Optimizer", "Efflux")}
    deploy(
        cloudformation, f"{name}-services", "services.yaml",
        {
            "Environment": "local", "DataStack": f"{name}-data", "WatchingStack": f"{name}-watching",
            "VpcId": subnets[0]["VpcId"], "SubnetIds": ",".join(subnet["SubnetId"] for subnet in subnets), **images,
        },
    )
    deploy(
        cloudformation, f"{name}-scaling", "scaling.yaml",
        {"DataStack": f"{name}-data", "ServicesStack": f"{name}-services"},
    )
    for setting, output in (
        ("TRIGGER_CONVERSION_REPORTS_QUEUE_URL", "TriggerQueueUrl"),
        ("TRIGGER_DLQ_URL", "TriggerDeadLetterQueueUrl"),
        ("REPORT_CONVERSIONS_QUEUE_URL", "ReportQueueUrl"),
        ("REPORT_DLQ_URL", "ReportDeadLetterQueueUrl"),
        ("INTERPRETED_EVENTS_BUCKET", "InterpretedEventsBucketName"),
        ("REPORT_CONVERSIONS_BUCKET", "ReportConversionsBucketName"),
        ("SUBSCRIPTIONS_TABLE", "SubscriptionsTableName"),
    ):
        print(f"{setting}={data[output]}")


if __name__ == "__main__":
    main()
