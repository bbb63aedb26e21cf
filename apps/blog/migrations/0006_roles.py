"""Who does what at /cms/: Author, Editor and Moderator, and the workflow that leads from one to the other.

Wagtail comes with groups "Editors" and "Moderators" and a workflow "Moderators approval". They are kept under
our names, with everybody who is in them. What somebody added to a role by hand is never taken away.
"""

from typing import Any

from django.contrib.auth.management import create_permissions
from django.db import migrations

LABELS = (
    "wagtailcore",
    "wagtailimages",
    "wagtaildocs",
    "wagtailredirects",
    "blog",
    "plant_identification",
)
WAS = {"Editor": "Editors", "Moderator": "Moderators"}
WORKFLOW, WORKFLOW_WAS = "Moderation", "Moderators approval"

_SUBJECTS = [
    f"blog.{verb}_{model}"
    for model in ("blogcategory", "blogseries", "blogauthor")
    for verb in ("view", "add", "change", "delete")
]
_REDIRECTS = [f"wagtailredirects.{verb}_redirect" for verb in ("view", "add", "change", "delete")]
_ENCYCLOPEDIA = [
    "plant_identification.view_plantspecies",
    "plant_identification.change_plantspecies",
    *(
        f"plant_identification.{verb}_{model}"
        for model in ("speciesfact", "toxicitystatement", "speciespicture")
        for verb in ("view", "add", "change", "delete")
    ),
    "plant_identification.view_factsource",
]
_READS = ["wagtailadmin.access_admin", "plant_identification.view_plantspecies"]

# What is granted everywhere, on all pages, and on all pictures and documents.
ROLES: dict[str, dict[str, list[str]]] = {
    "Author": {
        "everywhere": _READS,
        "pages": ["add_page"],  # and with it to change one's own
        "files": ["add_image", "choose_image", "add_document", "choose_document"],
    },
    "Editor": {
        "everywhere": [*_READS, *_SUBJECTS, *_REDIRECTS, *_ENCYCLOPEDIA],
        "pages": ["add_page", "change_page", "lock_page"],
        "files": [
            f"{verb}_{kind}" for kind in ("image", "document") for verb in ("add", "change", "choose")
        ],
    },
    "Moderator": {
        "everywhere": [*_READS, *_REDIRECTS],
        "pages": [
            "add_page",
            "change_page",
            "publish_page",
            "lock_page",
            "unlock_page",
            "bulk_delete_page",
        ],
        "files": [
            f"{verb}_{kind}"
            for kind in ("image", "document")
            for verb in ("add", "change", "choose", "delete")
        ],
    },
}


def give_roles(apps: Any, schema_editor: Any) -> None:
    _make_permissions(apps)
    for name, grants in ROLES.items():
        group = _take_over_group(apps, name)
        group.permissions.add(*_permissions(apps, grants["everywhere"]))
        _grant_pages(apps, group, grants["pages"])
        _grant_files(apps, group, grants["files"])
    _take_over_workflow(apps)


def take_roles(apps: Any, schema_editor: Any) -> None:
    """Back to Wagtail's names and grants. Who is in the groups stays in them; authors have no group any more."""
    Group = apps.get_model("auth", "Group")
    Group.objects.filter(name="Author").delete()
    for name, was in WAS.items():
        group = Group.objects.filter(name=name).first()
        if group is None or Group.objects.filter(name=was).exists():
            continue
        ours = [each for each in ROLES[name]["everywhere"] if each != "wagtailadmin.access_admin"]
        group.permissions.remove(*_permissions(apps, ours))
        group.name = was
        group.save()
    _rename_workflow(apps, WORKFLOW, WORKFLOW_WAS)


def _make_permissions(apps: Any) -> None:
    """Django makes them after all migrations, and that is too late for the first of all runs."""
    for label in LABELS:
        config = apps.get_app_config(label)
        if not getattr(config, "models_module", None):
            config.models_module = True  # a migration's own picture of an app has none, and would be skipped
        create_permissions(config, apps=apps, verbosity=0)


def _permissions(apps: Any, names: list[str]) -> list[Any]:
    Permission = apps.get_model("auth", "Permission")
    split = [name.split(".") for name in names]
    found = Permission.objects.filter(codename__in=[codename for _, codename in split])
    known = {(each.content_type.app_label, each.codename): each for each in found}
    return [known[label, codename] for label, codename in split]


def _take_over_group(apps: Any, name: str) -> Any:
    Group = apps.get_model("auth", "Group")
    if not Group.objects.filter(name=name).exists():
        Group.objects.filter(name=WAS.get(name)).update(name=name)
    return Group.objects.get_or_create(name=name)[0]


def _grant_pages(apps: Any, group: Any, codenames: list[str]) -> None:
    root = apps.get_model("wagtailcore", "Page").objects.filter(depth=1).first()
    if root is None:  # a database that somebody emptied
        return
    grants = apps.get_model("wagtailcore", "GroupPagePermission").objects
    for permission in _permissions(apps, [f"wagtailcore.{codename}" for codename in codenames]):
        grants.get_or_create(group=group, page=root, permission=permission)


def _grant_files(apps: Any, group: Any, codenames: list[str]) -> None:
    root = apps.get_model("wagtailcore", "Collection").objects.filter(depth=1).first()
    if root is None:
        return
    grants = apps.get_model("wagtailcore", "GroupCollectionPermission").objects
    labels = {"image": "wagtailimages", "document": "wagtaildocs"}
    named = [f"{labels[codename.partition('_')[2]]}.{codename}" for codename in codenames]
    for permission in _permissions(apps, named):
        grants.get_or_create(group=group, collection=root, permission=permission)


def _take_over_workflow(apps: Any) -> None:
    _rename_workflow(apps, WORKFLOW_WAS, WORKFLOW)
    Workflow = apps.get_model("wagtailcore", "Workflow")
    WorkflowPage = apps.get_model("wagtailcore", "WorkflowPage")
    root = apps.get_model("wagtailcore", "Page").objects.filter(depth=1).first()
    if root is None or WorkflowPage.objects.filter(page=root, workflow__active=True).exists():
        return
    workflow = Workflow.objects.filter(name=WORKFLOW, active=True).first()
    if workflow is None:
        workflow = Workflow.objects.create(name=WORKFLOW)
        apps.get_model("wagtailcore", "WorkflowTask").objects.create(
            workflow=workflow, task_id=_make_task(apps).pk, sort_order=0
        )
    WorkflowPage.objects.update_or_create(page=root, defaults={"workflow": workflow})


def _make_task(apps: Any) -> Any:
    GroupApprovalTask = apps.get_model("wagtailcore", "GroupApprovalTask")
    ContentType = apps.get_model("contenttypes", "ContentType")
    kind, _ = ContentType.objects.get_or_create(app_label="wagtailcore", model="groupapprovaltask")
    task = GroupApprovalTask.objects.create(name=WORKFLOW, content_type=kind)
    task.groups.add(apps.get_model("auth", "Group").objects.get(name="Moderator"))
    return task


def _rename_workflow(apps: Any, was: str, name: str) -> None:
    for model in ("Workflow", "Task"):
        apps.get_model("wagtailcore", model).objects.filter(name=was).update(name=name)


class Migration(migrations.Migration):
    dependencies = [
        ("blog", "0005_previews"),
        ("plant_identification", "0006_encyclopedia"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("wagtailcore", "0097_baselogentry_uuid_action_timestamp_indexes"),
        ("wagtailadmin", "0003_admin_managed"),
        ("wagtailimages", "0027_image_description"),
        ("wagtaildocs", "0014_alter_document_file_size"),
        ("wagtailredirects", "0008_add_verbose_name_plural"),
    ]

    operations = [migrations.RunPython(give_roles, take_roles)]
