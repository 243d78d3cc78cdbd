#!/usr/bin/env bash
# Runs the operator's tool as a task beside the services, waits for its end, prints what it printed and ends as it did.
# usage: STACK_NAME=conversion-reporting operator.sh dlq list
set -euo pipefail
aws=${AWS:-aws}
services=${STACK_NAME:?say which deployment: STACK_NAME=...}-services
[[ $# -gt 0 ]] || { echo "usage: STACK_NAME=... $0 COMMAND..., for example: dlq list" >&2; exit 64; }

output() {
    $aws cloudformation describe-stacks --stack-name "$services" --output text \
        --query "Stacks[0].Outputs[?OutputKey=='$1'].OutputValue"
}

command=$(printf '%s\n' "$@" | python3 -c 'import json, sys; print(json.dumps(sys.stdin.read().splitlines()))')
cluster=$(output ClusterName)
task=$($aws ecs run-task --cluster "$cluster" --launch-type FARGATE --task-definition "$(output EffluxTaskDefinition)" \
    --network-configuration "awsvpcConfiguration={subnets=[$(output SubnetIds)],securityGroups=[$(output SecurityGroup)],assignPublicIp=$(output PublicIp)}" \
    --overrides "{\"containerOverrides\": [{\"name\": \"efflux\", \"command\": $command}]}" \
    --query 'tasks[0].taskArn' --output text)
echo "task ${task##*/}" >&2
$aws ecs wait tasks-stopped --cluster "$cluster" --tasks "$task"
$aws logs get-log-events --log-group-name "$(output LogGroupName)" --log-stream-name "server/efflux/${task##*/}" \
    --start-from-head --query 'events[].message' --output text | tr '\t' '\n'
exit "$($aws ecs describe-tasks --cluster "$cluster" --tasks "$task" --query 'tasks[0].containers[0].exitCode' --output text)"
