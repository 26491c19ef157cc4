"""Serves moto on a loopback port of the kernel's choosing, for as long as its starter lives.

usage: server.py ADDRESS_FILE, with standard input a pipe whose other end the starter holds.
"""

import os
import sys
import threading


def exit_with_starter():
    # Nothing is ever written to this pipe. The read ends when the starter closes it or, however the starter
    # dies, when the kernel does.
    sys.stdin.buffer.read()
    os._exit(0)


def list_capacity_providers():
    """Mends moto 5.2.5, which fails when ECS is asked for all capacity providers rather than for named ones."""
    from moto.ecs.models import EC2ContainerServiceBackend as Ecs

    describe_named = Ecs.describe_capacity_providers

    def describe(backend, names):
        return describe_named(backend, list(backend.capacity_providers) if names is None else names)

    Ecs.describe_capacity_providers = describe


def miss_capacity_providers():
    """Lets moto 5.2.5, which breaks off, say that a capacity provider which is to be deleted is not there."""
    from moto.ecs.exceptions import EcsClientException
    from moto.ecs.models import EC2ContainerServiceBackend as Ecs

    delete_present = Ecs.delete_capacity_provider

    def delete(backend, name_or_arn):
        if backend._get_provider(name_or_arn) is None:
            message = "The specified capacity provider does not exist. Specify a valid name or ARN and try again."
            raise EcsClientException(message)
        return delete_present(backend, name_or_arn)

    Ecs.delete_capacity_provider = delete


def miss_roles_of_instance_profiles():
    """Lets moto 5.2.5, which breaks off, say that a role which is to be taken out of a profile is not in it."""
    from moto.iam.exceptions import NotFoundException
    from moto.iam.models import IAMBackend as Iam

    remove_present = Iam.remove_role_from_instance_profile

    def remove(backend, profile_name, role_name):
        roles = backend.get_instance_profile(profile_name).roles
        if all(role.name != role_name for role in roles):
            message = f"Role {role_name} in instance profile {profile_name} cannot be found."
            raise NotFoundException(message)
        return remove_present(backend, profile_name, role_name)

    Iam.remove_role_from_instance_profile = remove


def start_instance_refreshes():
    """Lets moto 5.2.5, which does not know instance refreshes, begin one. Its instances know no template anyway."""
    from moto.autoscaling.responses import AutoScalingResponse
    from moto.core.responses import ActionResult
    from moto.moto_api._internal import mock_random

    def start(response):
        response.autoscaling_backend.describe_auto_scaling_groups([response._get_param("AutoScalingGroupName")])
        return ActionResult({"InstanceRefreshId": str(mock_random.uuid4())})

    AutoScalingResponse.start_instance_refresh = start


def retag_launch_templates():
    """Lets moto 5.2.5 tell the tags that a launch template has now, not only those it was made with."""
    from moto.ec2.models.launch_templates import LaunchTemplate

    LaunchTemplate.tags = property(LaunchTemplate.get_tags, lambda template, made_with: None)


def keep_changed_subnet_groups():
    """Mends moto 5.2.5, which forgets a DB subnet group when it is changed."""
    from moto.rds.models import RDSBackend as Rds

    modify = Rds.modify_db_subnet_group

    def modify_and_keep(backend, subnet_name, description, subnets):
        group = modify(backend, subnet_name, description, subnets)
        backend.subnet_groups[subnet_name] = group
        return group

    Rds.modify_db_subnet_group = modify_and_keep


def take_every_call_for_one_over_tls():
    """Mends moto 5.2.5, for which a refusal of what comes without TLS is a refusal of everything."""
    from moto.iam.access_control import IAMPolicyStatement, PermissionResult

    judge = IAMPolicyStatement.is_action_permitted
    without_tls = {"Bool": {"aws:SecureTransport": "false"}}

    def judge_as_over_tls(statement, *what, **more):
        if statement._statement.get("Condition") == without_tls:
            return PermissionResult.NEUTRAL
        return judge(statement, *what, **more)

    IAMPolicyStatement.is_action_permitted = judge_as_over_tls


def name_versioning_configurations():
    """Mends moto 5.2.5, whose answer about the versions of a bucket has a root of another name than S3's."""
    from moto.s3.responses import S3Response

    def tell(response):
        status = response.backend.get_bucket_versioning(response.bucket_name)
        status = f"<Status>{status}</Status>" if status else ""
        namespace = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
        return 200, {}, f"<VersioningConfiguration {namespace}>{status}</VersioningConfiguration>"

    S3Response.get_bucket_versioning = tell


def push_to(registry, token):
    """Sends those who push images to a registry that is run beside moto 5.2.5, which has none, and tells what is there."""
    import base64
    import hashlib
    import urllib.error
    import urllib.request
    from datetime import datetime, timedelta, timezone

    from moto.core.responses import ActionResult
    from moto.ecr.models import ECRBackend as Ecr
    from moto.ecr.responses import ECRResponse

    login = base64.b64encode(f"AWS:{token}".encode()).decode()

    def authorize(response):
        expires = datetime.now(timezone.utc) + timedelta(hours=12)
        given = {"authorizationToken": login, "expiresAt": expires, "proxyEndpoint": registry}
        return ActionResult({"authorizationData": [given]})

    def manifest(repository, tag):
        accepted = "application/vnd.oci.image.manifest.v1+json"
        headers = {"Authorization": f"Basic {login}", "Accept": accepted}
        request = urllib.request.Request(f"{registry}/v2/{repository}/manifests/{tag}", headers=headers)
        # No proxy stands between two programs of one machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request) as answer:
            return answer.read()

    def put(backend, repository, tag):
        text = manifest(repository, tag)
        # moto would make up a digest of its own.
        digest = f"sha256:{hashlib.sha256(text).hexdigest()}"
        backend.put_image(repository, text.decode(), tag, digest=digest)

    describe_known = Ecr.describe_images

    def describe(backend, repository_name, registry_id=None, image_ids=None):
        known = backend._get_repository(repository_name, registry_id).images
        for tag in filter(None, (image.get("imageTag") for image in image_ids or [])):
            if not any(tag in image.image_tags for image in known):
                try:
                    put(backend, repository_name, tag)
                except urllib.error.HTTPError as error:
                    if error.code != 404:
                        raise
        return describe_known(backend, repository_name, registry_id, image_ids)

    ECRResponse.get_authorization_token = authorize
    Ecr.describe_images = describe


def main(address_file):
    threading.Thread(target=exit_with_starter, daemon=True).start()

    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server

    keep_changed_subnet_groups()
    list_capacity_providers()
    name_versioning_configurations()
    miss_capacity_providers()
    miss_roles_of_instance_profiles()
    retag_launch_templates()
    start_instance_refreshes()
    take_every_call_for_one_over_tls()
    if "WPSTACK_REGISTRY" in os.environ:
        push_to(os.environ["WPSTACK_REGISTRY"], os.environ["WPSTACK_REGISTRY_TOKEN"])

    # Port 0: the kernel picks a free one and it is bound at once, so no other server can be mistaken for this one.
    server = make_server(
        "127.0.0.1",
        0,
        DomainDispatcherApplication(create_backend_app),
        threaded=True,
        request_handler=MotoRequestHandler,
    )
    os.environ["MOTO_PORT"] = str(server.server_port)
    with open(address_file + ".part", "w") as part:
        part.write(f"127.0.0.1:{server.server_port}")
    os.rename(address_file + ".part", address_file)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
