# The settings of one environment; copy to environments/ENVIRONMENT.mk. No secrets: `make secrets` asks for those.
BUCKET_PREFIX = example-com-efflux
VPC_ID = vpc-00000000000000000
SUBNET_IDS = subnet-00000000000000001,subnet-00000000000000002
ALARM_EMAIL = on-call@example.com
# Other parameters have the defaults of their templates: stack name, then Parameter=Value pairs.
OVERRIDES_data = PersonalDataDays=30
OVERRIDES_watching =
OVERRIDES_services = Spot=false
OVERRIDES_scaling = TimeZone=Europe/Berlin
# Only with a pipeline.
CONNECTION_ARN =
REPOSITORY =
