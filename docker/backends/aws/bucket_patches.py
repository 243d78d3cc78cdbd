"""Answers two questions about buckets as S3 does. moto names the root of the answer after the call, which the SDK for Rust refuses."""

from moto.s3.responses import S3Response

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


def apply():
    """Replaces moto's functions."""
    S3Response.get_bucket_versioning = get_bucket_versioning
    S3Response.get_bucket_notification = also_without_rules(S3Response.get_bucket_notification)


def answer(root, content=""):
    """An answer with this root."""
    return 200, {"Content-Type": "application/xml"}, f'<{root} xmlns="{NAMESPACE}">{content}</{root}>'


def get_bucket_versioning(self):
    """A bucket whose versions were never switched on has no status."""
    status = self.backend.get_bucket_versioning(self.bucket_name)
    return answer("VersioningConfiguration", f"<Status>{status}</Status>" if status else "")


def also_without_rules(get_bucket_notification):
    """A bucket that announces nothing."""

    def get(self):
        if not self.backend.get_bucket_notification_configuration(self.bucket_name):
            return answer("NotificationConfiguration")
        return get_bucket_notification(self)

    return get
