"""Task definitions of stacks, of which moto keeps little and misspells what an update gives; and tasks of Fargate, which share their memory."""

from moto.core.utils import pascal_to_camelcase, remap_nested_keys
from moto.ecs.models import EC2ContainerServiceBackend, TaskDefinition, ecs_backends

KEPT = {
    "Family": "family",
    "Cpu": "cpu",
    "Memory": "memory",
    "NetworkMode": "network_mode",
    "RequiresCompatibilities": "requires_compatibilities",
    "TaskRoleArn": "task_role_arn",
    "ExecutionRoleArn": "execution_role_arn",
}


def apply():
    """Replaces moto's functions."""
    TaskDefinition.create_from_cloudformation_json = classmethod(create)
    TaskDefinition.update_from_cloudformation_json = classmethod(update)
    backend = EC2ContainerServiceBackend
    backend._calculate_task_resource_requirements = staticmethod(by_task(backend._calculate_task_resource_requirements))


def create(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
    """Registers a revision."""
    properties = cloudformation_json["Properties"]
    return ecs_backends[account_id][region_name].register_task_definition(
        container_definitions=remap_nested_keys(properties["ContainerDefinitions"], pascal_to_camelcase),
        volumes=remap_nested_keys(properties.get("Volumes", []), pascal_to_camelcase),
        **{ours: properties[name] for name, ours in KEPT.items() if name in properties},
    )


def update(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name):
    """Registers another revision and retires the one before."""
    ecs_backends[account_id][region_name].deregister_task_definition(original_resource.arn)
    return create(cls, new_resource_name, cloudformation_json, account_id, region_name)


def by_task(by_container):
    """Reads what a task needs from the task, where its containers do not say."""

    def requirements(task_definition):
        if all("memory" in container for container in task_definition.container_definitions):
            return by_container(task_definition)
        return {"CPU": int(task_definition.cpu), "MEMORY": int(task_definition.memory), "PORTS": [], "PORTS_UDP": []}

    return requirements
