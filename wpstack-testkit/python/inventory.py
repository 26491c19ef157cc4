"""Prints, as JSON, what an account holds of the types that a WordPress stack is made of.

usage: inventory.py ENDPOINT REGION, with credentials in the usual environment variables.

It is written against boto3, so that what wpstack believes it has built is judged by a client that shares no code
with it. What AWS itself puts into an empty account is left out: the default VPC and all in it, FARGATE capacity
providers, default parameter groups, service-linked roles,
automated snapshots.
"""

import json
import sys

import boto3
from botocore.config import Config

ENDPOINT, REGION = sys.argv[1:]


def client(service):
    return boto3.client(
        service,
        endpoint_url=ENDPOINT,
        region_name=REGION,
        config=Config(retries={"total_max_attempts": 1}),
    )


def pages(service, operation, key, **arguments):
    for page in service.get_paginator(operation).paginate(**arguments):
        yield from page[key]


def tags_of(pairs):
    """Tags as AWS lists them, in any of its spellings, as a dictionary."""
    return {pair.get("Key", pair.get("key")): pair.get("Value", pair.get("value")) for pair in pairs or []}


def item(identifier, tags, attributes):
    attributes.pop("ResponseMetadata", None)
    return {"id": identifier, "tags": tags, "attributes": attributes}


def batches(things, size):
    things = list(things)
    for start in range(0, len(things), size):
        yield things[start : start + size]


def ec2():
    service = client("ec2")
    vpcs = list(pages(service, "describe_vpcs", "Vpcs"))
    default = {vpc["VpcId"] for vpc in vpcs if vpc["IsDefault"]}

    def outside_default(operation, key, identifier, **arguments):
        found = pages(service, operation, key, **arguments)
        return [
            item(each[identifier], tags_of(each.get("Tags")), each)
            for each in found
            if each.get("VpcId") not in default
        ]

    for vpc in vpcs:
        for attribute in ("enableDnsSupport", "enableDnsHostnames"):
            answer = service.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute=attribute)
            name = attribute[0].upper() + attribute[1:]
            vpc[name] = answer[name]["Value"]
    gateways = outside_default("describe_internet_gateways", "InternetGateways", "InternetGatewayId")
    groups = outside_default("describe_security_groups", "SecurityGroups", "GroupId")
    known = {group["id"] for group in groups}
    rules = pages(service, "describe_security_group_rules", "SecurityGroupRules")
    instances = [
        instance
        for reservation in pages(service, "describe_instances", "Reservations")
        for instance in reservation["Instances"]
        if instance["State"]["Name"] != "terminated"
    ]
    templates = []
    for template in pages(service, "describe_launch_templates", "LaunchTemplates"):
        versions = service.describe_launch_template_versions(
            LaunchTemplateId=template["LaunchTemplateId"], Versions=["$Latest"]
        )
        template["LatestVersion"] = versions["LaunchTemplateVersions"][0]
        templates.append(item(template["LaunchTemplateId"], tags_of(template.get("Tags")), template))
    return {
        "ec2.vpc": [
            item(vpc["VpcId"], tags_of(vpc.get("Tags")), vpc) for vpc in vpcs if vpc["VpcId"] not in default
        ],
        "ec2.subnet": outside_default("describe_subnets", "Subnets", "SubnetId"),
        "ec2.internet-gateway": [
            gateway
            for gateway in gateways
            if not any(to["VpcId"] in default for to in gateway["attributes"].get("Attachments", []))
        ],
        "ec2.route-table": outside_default("describe_route_tables", "RouteTables", "RouteTableId"),
        "ec2.security-group": groups,
        "ec2.security-group-rule": [
            item(rule["SecurityGroupRuleId"], tags_of(rule.get("Tags")), rule)
            for rule in rules
            if rule["GroupId"] in known
        ],
        "ec2.launch-template": templates,
        "ec2.instance": [item(each["InstanceId"], tags_of(each.get("Tags")), each) for each in instances],
    }


def autoscaling():
    service = client("autoscaling")
    groups = pages(service, "describe_auto_scaling_groups", "AutoScalingGroups")
    return {
        "autoscaling.group": [item(each["AutoScalingGroupName"], tags_of(each.get("Tags")), each) for each in groups]
    }


def iam():
    service = client("iam")
    roles = []
    for role in pages(service, "list_roles", "Roles"):
        name = role["RoleName"]
        if role["Path"].startswith("/aws-service-role/"):
            continue
        role["AttachedPolicies"] = list(
            pages(service, "list_attached_role_policies", "AttachedPolicies", RoleName=name)
        )
        role["InlinePolicies"] = {
            policy: service.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for policy in pages(service, "list_role_policies", "PolicyNames", RoleName=name)
        }
        tags = service.list_role_tags(RoleName=name)["Tags"]
        roles.append(item(name, tags_of(tags), role))
    profiles = []
    for profile in pages(service, "list_instance_profiles", "InstanceProfiles"):
        name = profile["InstanceProfileName"]
        profile = service.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
        profiles.append(item(name, tags_of(profile.get("Tags")), profile))
    return {"iam.role": roles, "iam.instance-profile": profiles}


def ecr():
    service = client("ecr")
    repositories = []
    for repository in pages(service, "describe_repositories", "repositories"):
        name = repository["repositoryName"]
        repository["images"] = list(pages(service, "list_images", "imageIds", repositoryName=name))
        tags = service.list_tags_for_resource(resourceArn=repository["repositoryArn"])["tags"]
        repositories.append(item(name, tags_of(tags), repository))
    return {"ecr.repository": repositories}


def ecs():
    service = client("ecs")
    clusters, services, tasks = [], [], []
    for batch in batches(pages(service, "list_clusters", "clusterArns"), 100):
        found = service.describe_clusters(clusters=batch, include=["TAGS", "SETTINGS", "CONFIGURATIONS"])
        clusters += [each for each in found["clusters"] if each["status"] == "ACTIVE"]
    for cluster in clusters:
        arns = pages(service, "list_services", "serviceArns", cluster=cluster["clusterArn"])
        for batch in batches(arns, 10):
            found = service.describe_services(cluster=cluster["clusterArn"], services=batch, include=["TAGS"])
            services += [each for each in found["services"] if each["status"] != "INACTIVE"]
    for arn in pages(service, "list_task_definitions", "taskDefinitionArns", status="ACTIVE"):
        found = service.describe_task_definition(taskDefinition=arn, include=["TAGS"])
        tasks.append(item(arn, tags_of(found.get("tags")), found["taskDefinition"]))
    providers = service.describe_capacity_providers(include=["TAGS"])["capacityProviders"]
    return {
        "ecs.cluster": [item(each["clusterName"], tags_of(each.get("tags")), each) for each in clusters],
        "ecs.service": [item(each["serviceName"], tags_of(each.get("tags")), each) for each in services],
        "ecs.task-definition": tasks,
        "ecs.capacity-provider": [
            item(each["name"], tags_of(each.get("tags")), each)
            for each in providers
            if not each["name"].startswith("FARGATE") and each["status"] != "INACTIVE"
        ],
    }


def logs():
    service = client("logs")
    groups = []
    for group in pages(service, "describe_log_groups", "logGroups"):
        tags = service.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"]
        groups.append(item(group["logGroupName"], tags, group))
    return {"logs.log-group": groups}


def elbv2():
    service = client("elbv2")

    def tagged(things, arn):
        things = list(things)
        tags = {}
        for batch in batches((each[arn] for each in things), 20):
            for described in service.describe_tags(ResourceArns=batch)["TagDescriptions"]:
                tags[described["ResourceArn"]] = tags_of(described["Tags"])
        return [item(each[arn], tags.get(each[arn], {}), each) for each in things]

    balancers = tagged(pages(service, "describe_load_balancers", "LoadBalancers"), "LoadBalancerArn")
    for balancer in balancers:
        found = service.describe_load_balancer_attributes(LoadBalancerArn=balancer["id"])
        balancer["attributes"]["Attributes"] = tags_of(found["Attributes"])
    targets = tagged(pages(service, "describe_target_groups", "TargetGroups"), "TargetGroupArn")
    for target in targets:
        found = service.describe_target_group_attributes(TargetGroupArn=target["id"])
        target["attributes"]["Attributes"] = tags_of(found["Attributes"])
    listeners = [
        listener
        for balancer in balancers
        for listener in pages(service, "describe_listeners", "Listeners", LoadBalancerArn=balancer["id"])
    ]
    return {
        "elbv2.load-balancer": balancers,
        "elbv2.target-group": targets,
        "elbv2.listener": tagged(listeners, "ListenerArn"),
    }


def rds():
    service = client("rds")

    def listed(operation, key, identifier, arn, **arguments):
        found = []
        for each in pages(service, operation, key, **arguments):
            if each[identifier].startswith("default."):
                continue
            tags = service.list_tags_for_resource(ResourceName=each[arn])["TagList"]
            found.append(item(each[identifier], tags_of(tags), each))
        return found

    groups = listed(
        "describe_db_parameter_groups", "DBParameterGroups", "DBParameterGroupName", "DBParameterGroupArn"
    )
    for group in groups:
        parameters = pages(
            service, "describe_db_parameters", "Parameters", DBParameterGroupName=group["id"], Source="user"
        )
        group["attributes"]["Parameters"] = {
            each["ParameterName"]: each.get("ParameterValue") for each in parameters
        }
    return {
        "rds.instance": listed("describe_db_instances", "DBInstances", "DBInstanceIdentifier", "DBInstanceArn"),
        "rds.subnet-group": listed(
            "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName", "DBSubnetGroupArn"
        ),
        "rds.parameter-group": groups,
        # Automated snapshots are the database's own, and go with it.
        "rds.snapshot": listed(
            "describe_db_snapshots",
            "DBSnapshots",
            "DBSnapshotIdentifier",
            "DBSnapshotArn",
            SnapshotType="manual",
        ),
    }


def secretsmanager():
    service = client("secretsmanager")
    secrets = pages(service, "list_secrets", "SecretList")
    return {
        "secretsmanager.secret": [
            item(each["Name"], tags_of(each.get("Tags")), each) for each in secrets if not each.get("DeletedDate")
        ]
    }


def main():
    held = {}
    for list_service in (ec2, autoscaling, iam, ecr, ecs, logs, elbv2, rds, secretsmanager):
        held.update(list_service())
    json.dump(held, sys.stdout, default=str)


if __name__ == "__main__":
    main()
