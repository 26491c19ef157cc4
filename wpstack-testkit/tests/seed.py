"""Makes one resource of every type that the inventory lists, tagged with the stack `blog`."""

import json
import os

import boto3

REGION = os.environ["AWS_REGION"]
TAGS = [{"Key": "wpstack:stack", "Value": "blog"}]
LOWER_TAGS = [{"key": "wpstack:stack", "value": "blog"}]


def specification(*types):
    return {"TagSpecifications": [{"ResourceType": each, "Tags": TAGS} for each in types]}


ec2 = boto3.client("ec2")
vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", **specification("vpc"))["Vpc"]["VpcId"]
ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
subnets = [
    ec2.create_subnet(
        VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=REGION + zone, **specification("subnet")
    )["Subnet"]["SubnetId"]
    for number, zone in enumerate("ab")
]
gateway = ec2.create_internet_gateway(**specification("internet-gateway"))["InternetGateway"]["InternetGatewayId"]
ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
ec2.create_route_table(VpcId=vpc, **specification("route-table"))
group = ec2.create_security_group(
    GroupName="web", Description="web", VpcId=vpc, **specification("security-group")
)["GroupId"]
ec2.authorize_security_group_ingress(
    GroupId=group,
    IpPermissions=[{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    **specification("security-group-rule"),
)

iam = boto3.client("iam")
policy = {"Version": "2012-10-17", "Statement": []}
iam.create_role(RoleName="host", AssumeRolePolicyDocument=json.dumps(policy), Tags=TAGS)
statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
iam.put_role_policy(RoleName="host", PolicyName="inline", PolicyDocument=document)
iam.create_instance_profile(InstanceProfileName="host", Tags=TAGS)

template = ec2.create_launch_template(
    LaunchTemplateName="host",
    LaunchTemplateData={
        "ImageId": "resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id",
        "InstanceType": "t3.small",
    },
    **specification("launch-template"),
)["LaunchTemplate"]["LaunchTemplateId"]
autoscaling = boto3.client("autoscaling")
autoscaling.create_auto_scaling_group(
    AutoScalingGroupName="hosts",
    MinSize=2,
    MaxSize=2,
    VPCZoneIdentifier=",".join(subnets),
    LaunchTemplate={"LaunchTemplateId": template, "Version": "$Latest"},
    Tags=[{**TAGS[0], "PropagateAtLaunch": True}],
)
hosts = autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]["AutoScalingGroupARN"]

boto3.client("ecr").create_repository(repositoryName="wordpress", tags=TAGS)
boto3.client("logs").create_log_group(logGroupName="/wordpress", tags={"wpstack:stack": "blog"})
boto3.client("secretsmanager").create_secret(Name="salts", SecretString="pepper", Tags=TAGS)

ecs = boto3.client("ecs")
ecs.create_capacity_provider(
    name="hosts", autoScalingGroupProvider={"autoScalingGroupArn": hosts}, tags=LOWER_TAGS
)
ecs.create_cluster(clusterName="blog", tags=LOWER_TAGS)
task = ecs.register_task_definition(
    family="blog",
    containerDefinitions=[{"name": "wordpress", "image": "wordpress", "memory": 256}],
    tags=LOWER_TAGS,
)["taskDefinition"]["taskDefinitionArn"]
ecs.create_service(cluster="blog", serviceName="blog", taskDefinition=task, desiredCount=2, tags=LOWER_TAGS)

elbv2 = boto3.client("elbv2")
balancer = elbv2.create_load_balancer(Name="blog", Subnets=subnets, Tags=TAGS)["LoadBalancers"][0]["LoadBalancerArn"]
targets = elbv2.create_target_group(Name="blog", Protocol="HTTP", Port=80, VpcId=vpc, Tags=TAGS)
elbv2.create_listener(
    LoadBalancerArn=balancer,
    Protocol="HTTP",
    Port=80,
    DefaultActions=[{"Type": "forward", "TargetGroupArn": targets["TargetGroups"][0]["TargetGroupArn"]}],
    Tags=TAGS,
)

rds = boto3.client("rds")
rds.create_db_subnet_group(
    DBSubnetGroupName="blog", DBSubnetGroupDescription="blog", SubnetIds=subnets, Tags=TAGS
)
rds.create_db_parameter_group(
    DBParameterGroupName="blog", DBParameterGroupFamily="mysql8.4", Description="blog", Tags=TAGS
)
rds.modify_db_parameter_group(
    DBParameterGroupName="blog",
    Parameters=[{"ParameterName": "max_connections", "ParameterValue": "42", "ApplyMethod": "immediate"}],
)
rds.create_db_instance(
    DBInstanceIdentifier="blog",
    DBInstanceClass="db.t4g.small",
    Engine="mysql",
    AllocatedStorage=20,
    MasterUsername="wordpress",
    MasterUserPassword="not-a-secret",
    DBSubnetGroupName="blog",
    Tags=TAGS,
)
rds.create_db_snapshot(DBInstanceIdentifier="blog", DBSnapshotIdentifier="blog", Tags=TAGS)
