"""What a test changes on a secured cluster: secure_broker.py FILE create TOPIC… | allow USER KIND NAME RIGHT,… | forbid USER

FILE holds an administrator's librdkafka properties, a `name=value` a line. KIND: topic, group, or txn (a prefix).
"""
import sys

from confluent_kafka.admin import (
    AclBinding, AclBindingFilter, AclOperation, AclPermissionType, AdminClient, NewTopic, ResourcePatternType, ResourceType)

KINDS = {"topic": (ResourceType.TOPIC, ResourcePatternType.LITERAL), "group": (ResourceType.GROUP, ResourcePatternType.LITERAL),
         "txn": (ResourceType.TRANSACTIONAL_ID, ResourcePatternType.PREFIXED)}


def main(path, verb, *words):
    with open(path, encoding="utf-8") as file:
        admin = AdminClient(dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line))
    if verb == "create":
        for future in admin.create_topics([NewTopic(
                name, 1, 1, config={"cleanup.policy": "compact" if name.endswith(("changelog", "outbox")) else "delete"})
                for name in words]).values():
            future.result()
    elif verb == "allow":
        user, kind, name, rights = words
        resource, pattern = KINDS[kind]
        for future in admin.create_acls([
                AclBinding(resource, name, pattern, f"User:{user}", "*", AclOperation[right], AclPermissionType.ALLOW)
                for right in rights.split(",")]).values():
            future.result()
    else:
        for future in admin.delete_acls([AclBindingFilter(
                ResourceType.ANY, None, ResourcePatternType.ANY, f"User:{words[0]}", None, AclOperation.ANY,
                AclPermissionType.ANY)]).values():
            future.result()


main(*sys.argv[1:])
