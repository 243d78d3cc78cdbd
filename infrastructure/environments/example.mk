# What one environment has of its own; copy to environments/ENVIRONMENT.mk. No secrets: those go in by `make secrets`.
BUCKET_PREFIX = example-com-efflux
VPC_ID = vpc-00000000000000000
SUBNET_IDS = subnet-00000000000000001,subnet-00000000000000002
ALARM_EMAIL = on-call@example.com
# What is not said here has the default that its template gives: stack name, then Parameter=Value pairs.
OVERRIDES_data = PersonalDataDays=30
OVERRIDES_watching =
OVERRIDES_services = Spot=false
OVERRIDES_scaling = TimeZone=Europe/Berlin
# Only with a pipeline.
CONNECTION_ARN =
REPOSITORY =
