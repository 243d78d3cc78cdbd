#!/usr/bin/env bash
# Runs the operator's tool as a task in the services' cluster, waits for its end, prints its output and exits with its code.
# usage: STACK_NAME=conversion-reporting operator.sh dlq list
set -euo pipefail
aws=${AWS:-aws}
services=${STACK_NAME:?say which deployment: STACK_NAME=...}-services
[[ $# -gt 0 ]] || { echo "usage: STACK_NAME=... $0 COMMAND..., for example: dlq list" >&2; exit 64; }

output() {
    $aws cloudformation describe-stacks --stack-name "$services" --output text \
        --query "Stacks[0].Outputs[?OutputKey=='$1'].OutputValue"
}

of_task() {
    $aws ecs describe-tasks --cluster "$cluster" --tasks "$task" --output text --query "$1"
}

command=$(printf '%s\n' "$@" | python3 -c 'import json, sys; print(json.dumps(sys.stdin.read().splitlines()))')
cluster=$(output ClusterName)
task=$($aws ecs run-task --cluster "$cluster" --launch-type FARGATE --task-definition "$(output EffluxTaskDefinition)" \
    --network-configuration "awsvpcConfiguration={subnets=[$(output SubnetIds)],securityGroups=[$(output SecurityGroup)],assignPublicIp=$(output PublicIp)}" \
    --overrides "{\"containerOverrides\": [{\"name\": \"efflux\", \"command\": $command}]}" \
    --query 'tasks[0].taskArn' --output text)
echo "task ${task##*/}" >&2
# Not `ecs wait`, which times out after ten minutes.
while true; do
    read -r status exit_code reason < <(of_task "tasks[0].[lastStatus,containers[0].exitCode,stoppedReason]")
    [[ $status != STOPPED ]] || break
    sleep 3
done
if [[ $exit_code == None ]]; then
    echo "the task did not start: $reason" >&2
    exit 70
fi
$aws logs get-log-events --log-group-name "$(output LogGroupName)" --log-stream-name "server/efflux/${task##*/}" \
    --start-from-head --query 'events[].[message]' --output text
exit "$exit_code"
