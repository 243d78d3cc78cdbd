"""Change sets, of which moto applies the resources and forgets outputs, exports and parameters; and stacks that are protected."""

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import Change, ChangeSet, CloudFormationBackend, Stack
from moto.cloudformation.parsing import get_references_from_template
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult

# An update makes a new one of these with another name, so that what refers to it changes too.
RENAMED_BY_UPDATE = {"AWS::ECS::TaskDefinition"}


def apply():
    """Replaces moto's functions."""
    backend = CloudFormationBackend
    backend.create_change_set = with_written_parameters(backend.create_change_set)
    backend.execute_change_set = execute
    Stack.has_parameters = has_parameters
    ChangeSet.diff = diff
    backend.delete_stack = unless_protected(backend.delete_stack)
    CloudFormationResponse.create_change_set = without_refusal(CloudFormationResponse.create_change_set)
    CloudFormationResponse.update_termination_protection = update_termination_protection


def written(value):
    """A parameter as a caller writes it, which moto parses in place."""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def parameters_of(stack):
    """All parameters of a stack, given or by default."""
    return {name: written(value) for name, value in stack.resource_map.resolved_parameters.items()}


def has_parameters(self, others):
    """Whether a stack has these already."""
    return parameters_of(self).items() >= others.items()


def with_written_parameters(create_change_set):
    """Takes previous values, of which moto remembers the parsed ones."""

    def create(self, **asked):
        asked["parameters"] = {name: written(value) for name, value in asked["parameters"].items()}
        return create_change_set(self, **asked)

    return create


def without_refusal(create_change_set):
    """Makes a change set without changes, which moto refuses to make."""

    def create(self):
        self._validate_different_update = lambda *_: None
        return create_change_set(self)

    return create


def diff(self):
    """What a change set will do, counting what refers to a changed parameter."""
    old, new = self.stack.resource_map, self.template_dict["Resources"]
    names = changed(self.stack, self.template_dict, self.parameters)
    types = {**{name: old._resource_json_map[name]["Type"] for name in names["Remove"]},
             **{name: resource["Type"] for name, resource in new.items()}}
    return [Change(action, name, types[name]) for action, resources in names.items() for name in resources]


def changed(stack, template, parameters):
    """Names of resources by what happens to them."""
    resources = stack.resource_map
    resources.input_parameters = parameters_of(stack)
    names, new = resources.build_resource_diff(template, parameters), template["Resources"]
    renamed = {name for name in names["Modify"] if new[name]["Type"] in RENAMED_BY_UPDATE}
    kept = [name for name in resources._resource_json_map if name in new and name not in names["Modify"]]
    names["Modify"] += [name for name in kept if renamed & set(get_references_from_template(new[name]))]
    return names


def execute(self, change_set_name, stack_name=None):
    """Applies a change set to a stack."""
    change_set = self.describe_change_set(change_set_name)
    if change_set.execution_status != "AVAILABLE":
        raise ValidationError(stack_name, message=f"ChangeSet [{change_set_name}] cannot be executed in its current status")
    stack = created(self, change_set) if change_set.change_set_type == "CREATE" else updated(self, change_set)
    change_set.execution_status = "EXECUTE_COMPLETE"
    for name in [export.name for export in self.exports.values() if export.exporting_stack_id == stack.stack_id]:
        del self.exports[name]
    self.exports.update((export.name, export) for export in stack.exports)


def created(backend, change_set):
    """Makes the stack that so far was only a name."""
    stack = Stack(
        stack_id=change_set.stack_id,
        name=change_set.stack_name,
        template=change_set.template,
        parameters=change_set.parameters,
        account_id=backend.account_id,
        region_name=backend.region_name,
        notification_arns=change_set.notification_arns,
        tags=change_set.tags,
        role_arn=change_set.role_arn,
        cross_stack_resources=backend.exports,
    )
    backend.stacks[change_set.stack_id] = stack
    stack._add_stack_event("CREATE_IN_PROGRESS", resource_status_reason="User Initiated")
    stack.create_resources()
    return stack


def updated(backend, change_set):
    """Changes an existing stack."""
    stack = backend.stacks[change_set.stack_id]
    names = changed(stack, change_set.template_dict, change_set.parameters)
    stack.resource_map.build_resource_diff = lambda *_: names
    try:
        stack.update(change_set.template, change_set.role_arn, change_set.parameters, change_set.tags)
    finally:
        del stack.resource_map.build_resource_diff
    return stack


def update_termination_protection(self):
    """Switches the protection of a stack on or off."""
    stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
    stack.enable_termination_protection = self._get_bool_param("EnableTerminationProtection", False)
    return ActionResult({"StackId": stack.stack_id})


def unless_protected(delete_stack):
    """Refuses to delete a protected stack."""

    def delete(self, name_or_stack_id):
        for stack in self.stacks.values():
            if name_or_stack_id in (stack.name, stack.stack_id) and stack.enable_termination_protection:
                raise ValidationError(stack.name, message=f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled")
        return delete_stack(self, name_or_stack_id)

    return delete
